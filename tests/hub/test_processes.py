"""Many processes at once, and processes that are killed."""

import os
import random
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from hub_folders import contents, entry, leftovers, make_model
from hub_server import pack, ranged, reply

from hublayer.hub import resolve

CODE = "from hublayer.hub import resolve; import sys; print('ready', flush=True); print(resolve(sys.argv[1]))"


def start(url: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", CODE, url], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )


def test_sixteen_processes_download_once(hub_server, model_folder, cache):
    data = pack(model_folder)
    asked, go = threading.Event(), threading.Event()

    def slowly(request):
        reply(200, data[:100], content_length=str(len(data)))(request)
        request.wfile.flush()
        asked.set()
        assert go.wait(60)
        request.wfile.write(data[100:])

    url = hub_server.add("/m.tar.gz", slowly)
    processes = [start(url) for _ in range(16)]
    for process in processes:
        assert process.stdout and process.stdout.readline() == "ready\n"
    assert asked.wait(60)
    time.sleep(0.5)  # for the others to reach the lock
    go.set()
    ends = [process.communicate(timeout=60) for process in processes]
    folders = {out.strip() for out, _ in ends}
    assert len(folders) == 1, ends
    assert contents(folders.pop()) == contents(model_folder)
    assert hub_server.count("/m.tar.gz") == 1
    assert [process.returncode for process in processes] == [0] * 16


@pytest.fixture(scope="module")
def large(tmp_path_factory):
    """A model of many files, and some that take a while: its folder, its contents and its archive."""
    folder = make_model(tmp_path_factory.mktemp("large") / "model")
    noise = random.Random(3)
    for number in range(150):
        (folder / "assets" / f"{number:03}").write_bytes(noise.randbytes(2000))
    (folder / "variables" / "variables.data-00000-of-00001").write_bytes(noise.randbytes(6 << 20))
    return folder, contents(folder), pack(folder)


@pytest.mark.parametrize("point", range(10))
def test_killed_while_it_downloads(hub_server, large, cache, point):
    """At a random byte of the download; what had come by then is not asked for again."""
    _, expected, data = large
    at = random.Random(point).randrange(1000, len(data) - 1000)
    killed = threading.Event()

    def deadly(request):
        if killed.is_set():
            return ranged(data)(request)
        reply(200, data[:at], content_length=str(len(data)), etag='"1"')(request)
        request.wfile.flush()
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline and sum(f.stat().st_size for f in cache.glob("partial/*/download")) < at:
            time.sleep(0.002)
        process.send_signal(signal.SIGKILL)
        killed.set()

    url = hub_server.add("/m.tar.gz", deadly)
    process = start(url)
    assert killed.wait(60)
    assert process.wait(30) == -signal.SIGKILL
    finish(url, expected, cache)
    assert hub_server.headers[-1]["range"] == f"bytes={at}-"
    process.communicate()


@pytest.mark.parametrize("point", range(10))
def test_killed_while_it_unpacks(hub_server, large, cache, point):
    """When a random number of files has been unpacked, or while the entry is put in its place."""
    _, expected, data = large
    files = random.Random(point).randrange(1, len(expected))
    url = hub_server.add("/m.tar.gz", ranged(data))
    process = start(url)
    watched = Path(cache, "scratch")
    while process.poll() is None and sum(len(names) for _, _, names in os.walk(watched)) < files:
        pass
    process.send_signal(signal.SIGKILL)
    process.wait(30)
    process.communicate()
    finish(url, expected, cache)


def finish(url: str, expected: dict[str, bytes], cache: Path) -> None:
    """The next call gives the model, does not wait for a lock, and leaves nothing of the killed one."""
    folder = resolve(url)
    assert contents(folder) == expected
    assert leftovers(cache) == entry(folder, cache)
    assert not (cache / "partial").exists()


def test_a_lock_of_a_killed_process_holds_nobody_up(hub_server, model_folder, cache):
    """The lock file of a dead process is there, and the lock is free: no wait can end by its time limit only."""
    url = hub_server.add("/m.tar.gz", model_folder)
    code = f"""if 1:
        import os, signal
        from hublayer.hub.cache import Cache
        cache = Cache.from_environment()
        with cache._lock(cache.entry_name({url!r})), cache.models_lock():
            os.kill(os.getpid(), signal.SIGKILL)
    """
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == -signal.SIGKILL
    assert len(list((cache / "locks").iterdir())) == 2
    assert contents(resolve(url)) == contents(model_folder)


@pytest.mark.parametrize("name", ["with spaces", "größe-名前-🤖", "a'b\"c"])
def test_paths_with_spaces_and_unicode(hub_server, tmp_path, monkeypatch, name):
    model = make_model(tmp_path / name / "model")
    (model / "assets" / "naïve 文.txt").write_text("x")
    monkeypatch.setenv("HUBLAYER_CACHE", str(tmp_path / name / "cache"))
    for path in ("/m.tar.gz", "/m.zip", "/m/1"):
        folder = resolve(hub_server.add(path, model))
        assert folder.startswith(str(tmp_path / name / "cache"))
        assert contents(folder) == contents(model)
    assert resolve(tmp_path / name / "model") == str(model)


FULL_DISK = """
import os, resource, signal, sys
from hublayer.hub import resolve
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, ({limit}, {limit}))
try:
    print(resolve(sys.argv[1]))
except OSError as error:
    print(type(error).__name__, error)
"""


@pytest.mark.parametrize("limit", [50_000, 3_000_000])
def test_a_write_that_fails_leaves_the_cache_as_it_was(hub_server, model_folder, large, cache, limit):
    """By a limit on the size of files, the one way to have the system refuse a write of any user, root too."""
    kept = resolve(hub_server.add("/kept/1", model_folder))
    before = {**contents(cache)}
    url = hub_server.add("/m.tar.gz", large[0])
    command = [sys.executable, "-c", FULL_DISK.format(limit=limit), url]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.stdout.startswith("CacheError The cache folder"), done
    assert {name: data for name, data in contents(cache).items() if not name.endswith(".lock")} == {
        name: data for name, data in before.items() if not name.endswith(".lock")
    }
    assert resolve(hub_server.address + "/kept/1") == kept
    assert contents(resolve(url)) == large[1]


def test_a_shared_cache_is_read_and_never_written(hub_server, model_folder, cache, monkeypatch, tmp_path):
    url = hub_server.add("/team/model/1", model_folder)
    shared = resolve(url)
    before = contents(cache)
    monkeypatch.setenv("HUBLAYER_SHARED_CACHE", os.pathsep.join([str(tmp_path / "none"), str(cache)]))
    monkeypatch.setenv("HUBLAYER_CACHE", str(tmp_path / "own"))
    assert resolve(url) == shared
    assert not (tmp_path / "own").exists()
    other = resolve(hub_server.add("/team/model/2", model_folder))
    assert other.startswith(str(tmp_path / "own"))
    # Half deleted there, it is fetched anew, here.
    (Path(shared) / "saved_model.pb").unlink()
    assert resolve(url) == other
    assert contents(cache) == {n: d for n, d in before.items() if not n.endswith("saved_model.pb")}
