"""Pins in handles, and the lock file."""

import json
import subprocess
from pathlib import Path

import pytest
from hub_folders import contents, leftovers, make_model
from hub_server import pack
from test_cli_cache import call, call_json

from hublayer.errors import ConfigError, ContentMismatchError, HandleError, OfflineError
from hublayer.hub import resolve
from hublayer.hub.manifest import measure

OTHER = "sha256:" + "0" * 64


@pytest.fixture(autouse=True)
def working_folder(tmp_path, monkeypatch):
    (tmp_path / "project").mkdir()
    monkeypatch.chdir(tmp_path / "project")
    return tmp_path / "project"


@pytest.fixture
def changed(tmp_path):
    folder = make_model(tmp_path / "changed")
    (folder / "assets" / "vocab.txt").write_text("one\nTWO\n")
    return folder


def test_the_digest_is_what_sha256sum_gives(model_folder):
    (model_folder / "assets" / "é ü.txt").write_text("name")
    (model_folder / "assets" / "back\\slash\nand line").write_text("name")
    command = "find . -type f -printf '%P\\0' | LC_ALL=C sort -z | xargs -0 sha256sum | sha256sum"
    done = subprocess.run(command, shell=True, cwd=model_folder, capture_output=True, text=True, check=True)
    assert measure(model_folder).digest == f"sha256:{done.stdout.split()[0]}"


def test_a_pinned_handle(hub_server, model_folder):
    url = hub_server.add("/team/model/1", model_folder)
    pinned = f"{url}@{measure(model_folder).digest}"
    assert contents(resolve(pinned)) == contents(model_folder)
    assert resolve(pinned) == resolve(url)
    assert len(hub_server.requests) == 1


def test_another_content_is_refused_and_not_kept(hub_server, model_folder, cache):
    url = hub_server.add("/team/model/1", model_folder)
    with pytest.raises(ContentMismatchError, match=f"expected: .*{OTHER}") as caught:
        resolve(f"{url}@{OTHER}")
    assert measure(model_folder).digest in str(caught.value)
    assert leftovers(cache) == []


def test_what_is_in_the_cache_with_another_content_is_refused(hub_server, model_folder, changed):
    url = hub_server.add("/team/model/1", model_folder)
    folder = resolve(url)
    with pytest.raises(ContentMismatchError):
        resolve(f"{url}@{OTHER}")
    assert resolve(url) == folder
    # The host has the pinned content by now, so it is fetched.
    hub_server.add("/team/model/1", changed)
    assert contents(resolve(f"{url}@{measure(changed).digest}")) == contents(changed)


def test_a_content_that_is_there_under_another_handle_is_not_fetched(hub_server, model_folder):
    resolve(hub_server.add("/team/model/1", model_folder))
    requests = len(hub_server.requests)
    pinned = f"https://host.invalid/elsewhere@{measure(model_folder).digest}"
    assert contents(resolve(pinned)) == contents(model_folder)
    assert len(hub_server.requests) == requests


@pytest.mark.parametrize("as_archive", [False, True])
def test_local_models(model_folder, tmp_path, as_archive):
    digest = measure(model_folder).digest
    handle = model_folder
    if as_archive:
        handle = tmp_path / "model.tar.gz"
        handle.write_bytes(pack(model_folder))
    assert contents(resolve(f"{handle}@{digest}")) == contents(model_folder)
    with pytest.raises(ContentMismatchError):
        resolve(f"{handle}@{OTHER}")


class TestLockFile:
    def test_it_pins(self, hub_server, model_folder, changed, working_folder, cache):
        url = hub_server.add("/team/model/1", model_folder)
        digest = measure(model_folder).digest
        assert call("lock", url).stdout == f"{digest}  {url}\n"
        assert json.loads((working_folder / "hublayer.lock").read_text()) == {
            "format": 1,
            "models": {url: {"digest": digest}},
        }
        hub_server.add("/team/model/1", changed)
        call("cache", "rm", url)
        with pytest.raises(ContentMismatchError, match="hublayer lock HANDLE"):
            resolve(url)
        assert leftovers(cache) == []
        call("resolve", url, code=6)

    def test_in_another_folder_it_does_not(self, hub_server, model_folder, monkeypatch, tmp_path):
        url = hub_server.add("/team/model/1", model_folder)
        Path("hublayer.lock").write_text(json.dumps({"format": 1, "models": {url: {"digest": OTHER}}}))
        with pytest.raises(ContentMismatchError):
            resolve(url)
        monkeypatch.chdir(tmp_path)
        resolve(url)

    def test_by_the_environment(self, hub_server, model_folder, monkeypatch, tmp_path):
        url = hub_server.add("/team/model/1", model_folder)
        file = tmp_path / "locks" / "models.json"
        file.parent.mkdir()
        file.write_text(json.dumps({"format": 1, "models": {url: {"digest": OTHER}}}))
        resolve(url)
        monkeypatch.setenv("HUBLAYER_LOCK", str(file))
        with pytest.raises(ContentMismatchError):
            resolve(url)
        file.write_text(json.dumps({"format": 1, "models": {url: {"digest": measure(model_folder).digest}}}))
        assert contents(resolve(url)) == contents(model_folder)
        monkeypatch.setenv("HUBLAYER_LOCK", str(tmp_path / "nowhere"))
        with pytest.raises(ConfigError, match="does not exist"):
            resolve(url)

    def test_spellings_of_a_handle_are_one_entry(self, hub_server, model_folder, working_folder):
        url = hub_server.add("/team/model/1", model_folder)
        call("lock", url + "#usage")
        call("lock", url + "/")
        assert list(json.loads(Path("hublayer.lock").read_text())["models"]) == [url]

    def test_it_holds_no_secret(self, hub_server, model_folder):
        url = hub_server.add("/team/model/1", model_folder)
        call("lock", url + "?key=hidden")
        text = Path("hublayer.lock").read_text()
        assert "hidden" not in text and "key=***#" in text
        resolve(url + "?key=hidden")
        Path("hublayer.lock").write_text(text.replace(measure(model_folder).digest, OTHER))
        with pytest.raises(ContentMismatchError):
            resolve(url + "?key=hidden")
        resolve(url + "?key=other")

    def test_a_pin_that_disagrees(self, hub_server, model_folder):
        url = hub_server.add("/team/model/1", model_folder)
        call("lock", url)
        with pytest.raises(ContentMismatchError, match="correct one of the two"):
            resolve(f"{url}@{OTHER}")

    def test_checking(self, hub_server, model_folder, changed):
        one, other = hub_server.add("/team/model/1", model_folder), hub_server.add("/team/other/1", changed)
        call("lock", one, other)
        assert call("lock").stdout.count("sha256:") == 2
        text = Path("hublayer.lock").read_text()
        Path("hublayer.lock").write_text(text.replace(measure(changed).digest, OTHER))
        result = call("lock", code=6)
        assert f"Error: {other}" in result.stderr and f"Error: {one}" not in result.stderr
        assert len(call_json("lock", code=6)["errors"]) == 1

    def test_updating(self, hub_server, model_folder, changed):
        url = hub_server.add("/team/model/latest", model_folder)
        call("lock", url)
        hub_server.add("/team/model/latest", changed)
        assert call_json("lock", "--update")["models"][url]["digest"] == measure(changed).digest
        assert contents(resolve(url)) == contents(changed)

    def test_offline(self, hub_server, model_folder, monkeypatch):
        url = hub_server.add("/team/model/1", model_folder)
        call("lock", url)
        monkeypatch.setenv("HUBLAYER_OFFLINE", "1")
        assert contents(resolve(url)) == contents(model_folder)
        call("cache", "rm", url)
        with pytest.raises(OfflineError):
            resolve(url)

    @pytest.mark.parametrize(
        "text",
        [
            "",
            "[]",
            "{}",
            '{"format": 2, "models": {}}',
            '{"format": 1, "models": {"a": {"digest": "abc"}}}',
            '{"format": 1, "models": {"a": 1}}',
        ],
    )
    def test_a_malformed_file(self, text):
        Path("hublayer.lock").write_text(text)
        with pytest.raises(ConfigError, match=r"hublayer\.lock cannot be used"):
            resolve("https://host.invalid/m/1")
        assert "cannot be used" in call("lock", code=1).stderr

    def test_nothing_to_check(self):
        assert "hublayer lock HANDLE" in call("lock", code=1).stderr

    def test_local_folders(self, model_folder):
        call("lock", str(model_folder))
        resolve(model_folder)
        (model_folder / "assets" / "vocab.txt").write_text("changed")
        with pytest.raises(ContentMismatchError):
            resolve(model_folder)

    def test_a_failed_lock_writes_nothing(self, hub_server):
        with pytest.raises(HandleError):
            resolve("https://")
        call("lock", hub_server.address + "/gone/1", code=3)
        assert not Path("hublayer.lock").exists()
