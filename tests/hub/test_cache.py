import hashlib
import json
import os
import shutil
import signal
import subprocess
import sys
import textwrap
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import platformdirs
import pytest
from hub_folders import contents, entry, leftovers, make_model
from hub_server import pack, reply

from hublayer.errors import CacheError, NotAnArchiveError
from hublayer.hub import parse, resolve
from hublayer.hub.cache import Cache
from hublayer.hub.sources import Fetched, Workspace


def slowly(data: bytes, asked: threading.Event, go: threading.Event):
    """A handler that sends half, tells that it did, and goes on when told."""

    def handle(request):
        reply(200, data[: len(data) // 2], content_length=str(len(data)))(request)
        request.wfile.flush()
        asked.set()
        assert go.wait(30)
        request.wfile.write(data[len(data) // 2 :])

    return handle


def start(code: str) -> subprocess.Popen:
    return subprocess.Popen([sys.executable, "-c", textwrap.dedent(code)], stdout=subprocess.PIPE, text=True)


def test_where_the_cache_is(monkeypatch, tmp_path):
    monkeypatch.setenv("TFHUB_CACHE_DIR", str(tmp_path / "old"))
    assert Cache.from_environment().root == tmp_path / "cache"
    monkeypatch.setenv("HUBLAYER_CACHE", "")
    assert Cache.from_environment().root == tmp_path / "old"
    monkeypatch.delenv("TFHUB_CACHE_DIR")
    assert Cache.from_environment().root == Path(platformdirs.user_cache_dir("hublayer"))
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HUBLAYER_CACHE", "here")
    assert Cache.from_environment().root == tmp_path / "here"


@pytest.mark.parametrize(
    ("key", "slug"),
    [
        ("https://tfhub.dev/google/nnlm-en-dim128/2", "tfhub.dev-google-nnlm-en-dim128-2"),
        ("https://a.org/m.zip?token=hidden", "a.org-m.zip"),
        ("file:///srv/models/m.zip?size=1&mtime_ns=2", "srv-models-m.zip"),
        ("https://a.org/é/../..", "a.org-..-"),
        ("https://a.org/" + "x" * 300 + "/7", "x" * 58 + "-7"),
    ],
)
def test_names_of_entries(key, slug):
    name = Cache.entry_name(key)
    assert name.rpartition("-")[0] == slug.strip("-.")
    assert len(name.rpartition("-")[2]) == 24
    assert name != Cache.entry_name(key + "x")


def test_an_entry(hub_server, model_folder, cache):
    url = hub_server.add("/team/model/1", model_folder)
    folder = Path(resolve(url + "?key=hidden"))
    assert leftovers(cache) == entry(folder, cache)
    assert sorted(path.name for path in folder.parent.iterdir()) == ["manifest.json", "model"]
    (file,) = (cache / "handles").iterdir()
    record = json.loads(file.read_text("utf-8"))
    assert record["format"] == 2
    assert record["asked"] == record["handle"] == url + "?key=***"
    assert record["url"] == url + "?key=***&tf-hub-format=compressed"
    assert record["digest"] == f"sha256:{folder.parent.name}"
    assert time.strptime(record["time"], "%Y-%m-%dT%H:%M:%SZ")
    manifest = json.loads((folder.parent / "manifest.json").read_text("utf-8"))
    assert manifest["digest"] == record["digest"]
    assert manifest["files"] == {
        name: [len(data), hashlib.sha256(data).hexdigest()] for name, data in contents(model_folder).items()
    }
    assert not any(
        "hidden" in path.name or b"hidden" in path.read_bytes() for path in cache.rglob("*") if path.is_file()
    )


def test_a_hit_needs_no_network(hub_server, model_folder):
    url = hub_server.add("/team/model/1", model_folder)
    folder = resolve(url)
    hub_server.add("/team/model/1", reply(500))
    assert resolve(url) == folder
    assert hub_server.count("/team/model/1") == 1


def damage(entry: Path, how: str) -> None:
    manifest = entry / "manifest.json"
    match how:
        case "file gone":
            (entry / "model" / "variables" / "variables.index").unlink()
        case "file shorter":
            (entry / "model" / "saved_model.pb").write_bytes(b"")
        case "folder gone":
            shutil.rmtree(entry / "model")
        case "manifest gone":
            manifest.unlink()
        case "manifest empty":
            manifest.write_bytes(b"")
        case "manifest of another kind":
            manifest.write_text("[]")
        case "manifest of another version":
            manifest.write_text(json.dumps(json.loads(manifest.read_text()) | {"format": 99}))
        case "a file in its place":
            shutil.rmtree(entry)
            entry.touch()


@pytest.mark.parametrize(
    "how",
    [
        "file gone",
        "file shorter",
        "folder gone",
        "manifest gone",
        "manifest empty",
        "manifest of another kind",
        "manifest of another version",
        "a file in its place",
    ],
)
def test_a_half_deleted_entry_is_fetched_again(hub_server, model_folder, cache, how):
    url = hub_server.add("/team/model/1", model_folder)
    folder = Path(resolve(url))
    damage(folder.parent, how)
    assert resolve(url) == str(folder)
    assert contents(folder) == contents(model_folder)
    assert hub_server.count("/team/model/1") == 2
    assert leftovers(cache) == entry(folder, cache)


def test_a_failed_refetch_leaves_what_was_there(hub_server, model_folder, cache):
    url = hub_server.add("/m.zip", model_folder)
    folder = Path(resolve(url))
    damage(folder.parent, "file gone")
    hub_server.add("/m.zip", b"junk")
    with pytest.raises(NotAnArchiveError):
        resolve(url)
    assert leftovers(cache) == entry(folder, cache)


def test_two_threads_download_once(hub_server, model_folder, cache):
    asked, go = threading.Event(), threading.Event()
    url = hub_server.add("/m.tar", slowly(pack(model_folder, ".tar"), asked, go))
    with ThreadPoolExecutor(4) as pool:
        waiting = [pool.submit(resolve, url) for _ in range(4)]
        assert asked.wait(30)
        time.sleep(0.2)
        go.set()
        assert len({done.result(30) for done in waiting}) == 1
    assert hub_server.count("/m.tar") == 1
    assert len(leftovers(cache)) == 2


def test_two_processes_download_once(hub_server, model_folder):
    asked, go = threading.Event(), threading.Event()
    url = hub_server.add("/m.tar", slowly(pack(model_folder, ".tar"), asked, go))
    code = f"from hublayer.hub import resolve; print('ready', flush=True); print(resolve({url!r}))"
    processes = [start(code) for _ in range(2)]
    assert [process.stdout.readline() for process in processes if process.stdout] == ["ready\n"] * 2
    assert asked.wait(30)
    time.sleep(0.5)  # for the other one to reach the lock
    go.set()
    folders = {process.communicate(timeout=30)[0] for process in processes}
    assert len(folders) == 1 and contents(folders.pop().strip()) == contents(model_folder)
    assert hub_server.count("/m.tar") == 1


def test_a_killed_process_blocks_nobody(hub_server, model_folder, cache):
    asked, go = threading.Event(), threading.Event()
    data = pack(model_folder, ".tar")
    url = hub_server.add("/m.tar", slowly(data, asked, go))
    process = start(f"from hublayer.hub import resolve; resolve({url!r})")
    assert asked.wait(30)
    deadline = time.monotonic() + 30
    while not list(cache.glob("partial/*/download")) and time.monotonic() < deadline:
        time.sleep(0.01)
    process.send_signal(signal.SIGKILL)
    process.communicate(timeout=30)
    go.set()
    assert [name for name in leftovers(cache) if name.startswith("scratch/")]
    hub_server.add("/m.tar", data)
    begun = time.monotonic()
    folder = Path(resolve(url))
    assert time.monotonic() - begun < 5
    assert contents(folder) == contents(model_folder)
    assert leftovers(cache) == entry(folder, cache)


def test_an_interrupt_leaves_nothing(cache):
    def interrupted(workspace: Workspace) -> Fetched:
        (workspace.scratch / "half").write_bytes(b"x")
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        Cache(cache).fill("name", parse("https://a.org/handle"), interrupted)
    assert leftovers(cache) == []


def test_a_full_disk_is_an_error_of_the_cache(cache):
    def full(workspace: Workspace) -> Fetched:
        (workspace.scratch / "half").write_bytes(b"x")
        raise OSError(28, "No space left on device")

    with pytest.raises(CacheError, match=f"{cache} cannot be written: .*No space left.*\n.*handle\n.*HUBLAYER_CACHE"):
        Cache(cache).fill("name", parse("https://a.org/handle"), full)
    assert leftovers(cache) == []


READ_ONLY = """
    import os, sys
    from hublayer.hub import parse, resolve
    import hublayer.hub.sources.hosting

    root = {root!r}
    changes = {{"os.mkdir", "os.rename", "os.remove", "os.rmdir", "os.chmod", "os.link", "os.symlink", "os.truncate"}}

    def read_only(event, arguments):
        # Root may write anywhere whatever the mode says, so a write is refused before it reaches the system.
        paths = [str(argument) for argument in arguments if isinstance(argument, (str, os.PathLike))]
        inside = any(path.startswith(root) for path in paths)
        writes = os.O_WRONLY | os.O_RDWR | os.O_CREAT
        if inside and (event in changes or (event == "open" and arguments[2] & writes)):
            raise PermissionError(13, "Permission denied", paths[0])

    sys.addaudithook(read_only)
    try:
        print(resolve({url!r}))
    except Exception as error:
        print(type(error).__name__)
"""


def test_a_read_only_cache_serves_what_it_holds(hub_server, model_folder, cache):
    url = hub_server.add("/team/model/1", model_folder)
    folder = resolve(url)
    shutil.rmtree(cache / "locks")
    assert start(READ_ONLY.format(root=str(cache), url=url)).communicate(timeout=30)[0].strip() == folder
    missing = hub_server.add("/team/model/2", model_folder)
    assert start(READ_ONLY.format(root=str(cache), url=missing)).communicate(timeout=30)[0].strip() == "CacheError"


def test_a_cache_without_write_permission(hub_server, model_folder, cache):
    if os.name == "nt" or os.geteuid() == 0:
        pytest.skip("the mode of a folder stops neither root nor Windows; the test above refuses writes otherwise")
    url = hub_server.add("/team/model/1", model_folder)
    folder = resolve(url)
    cache.chmod(0o555)
    try:
        assert resolve(url) == folder
        with pytest.raises(CacheError):
            resolve(hub_server.add("/team/model/2", model_folder))
    finally:
        cache.chmod(0o755)


@pytest.mark.parametrize("variable", ["HUBLAYER_CACHE", "TFHUB_CACHE_DIR"])
@pytest.mark.parametrize("form", ["file://{}", "file://localhost{}", "file://{}/", "FILE://{}"])
def test_the_cache_as_a_url(monkeypatch, tmp_path, variable, form):
    monkeypatch.delenv("HUBLAYER_CACHE")
    folder = tmp_path / "with space"
    monkeypatch.setenv(variable, form.format(str(folder).replace(" ", "%20")))
    assert Cache.from_environment().root == folder


@pytest.mark.parametrize("url", ["gs://bucket/cache", "https://a.org/cache", "file://elsewhere/cache", "s3://x"])
def test_a_cache_that_is_no_folder_of_this_machine(monkeypatch, url):
    monkeypatch.delenv("HUBLAYER_CACHE")
    monkeypatch.setenv("TFHUB_CACHE_DIR", url)
    with pytest.raises(CacheError, match="TFHUB_CACHE_DIR names no folder"):
        resolve("https://tfhub.invalid/google/nnlm/2")


def test_shared_caches_are_no_urls(monkeypatch):
    monkeypatch.setenv("HUBLAYER_SHARED_CACHE", "file:///srv/models")
    with pytest.raises(CacheError, match="takes no URLs"):
        resolve("https://tfhub.invalid/google/nnlm/2")


@pytest.fixture
def predecessor(monkeypatch, tmp_path):
    """Makes the folder in which tensorflow_hub would keep a handle."""
    monkeypatch.setenv("TFHUB_CACHE_DIR", str(tmp_path / "tfhub"))

    def make(handle: str) -> Path:
        name = hashlib.sha1(handle.encode()).hexdigest()
        folder = make_model(tmp_path / "tfhub" / name)
        (tmp_path / "tfhub" / f"{name}.descriptor.txt").write_text(f"Module: {handle}\n")
        return folder

    return make


@pytest.mark.parametrize("handle", ["https://tfhub.invalid/google/nnlm/2", "https://tfhub.invalid/google/nnlm/2/"])
@pytest.mark.parametrize("own", [True, False])
def test_the_cache_of_the_predecessor(predecessor, cache, monkeypatch, tmp_path, handle, own):
    if not own:
        monkeypatch.delenv("HUBLAYER_CACHE")
    folder = predecessor(handle)
    before = contents(tmp_path / "tfhub")
    assert resolve(handle) == str(folder)
    assert contents(tmp_path / "tfhub") == before
    assert not cache.exists()


@pytest.mark.parametrize(
    "name", ["saved_model.pb", "variables/variables.index", "variables/variables.data-00000-of-00001"]
)
def test_half_of_the_predecessors_entry_is_not_used(predecessor, hub_server, model_folder, tmp_path, name):
    url = hub_server.add("/team/model/1", model_folder)
    folder = predecessor(url)
    (folder / name).unlink()
    before = contents(tmp_path / "tfhub")
    assert resolve(url) != str(folder)
    assert hub_server.count("/team/model/1") == 1
    assert contents(tmp_path / "tfhub") == before


def test_a_predecessors_model_without_variables(predecessor):
    folder = predecessor("https://tfhub.invalid/m/1")
    shutil.rmtree(folder / "variables")
    assert resolve("https://tfhub.invalid/m/1") == str(folder)


WARM = """
import sys
sockets = []
sys.addaudithook(lambda event, arguments: sockets.append(event) if event.startswith("socket.") else None)
from hublayer.hub import resolve
print(resolve(sys.argv[1]))
clients = {"httpx", "requests", "fsspec", "kagglehub", "huggingface_hub"}
print(sockets, sorted(clients & set(sys.modules)))
"""


@pytest.mark.parametrize("path", ["/team/model/1", "/m.tar.gz"])
def test_a_warm_resolve_opens_no_socket_and_imports_no_client(hub_server, model_folder, path):
    url = hub_server.add(path, model_folder)
    folder = resolve(url)
    done = subprocess.run([sys.executable, "-c", WARM, url], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines() == [folder, "[] []"]
