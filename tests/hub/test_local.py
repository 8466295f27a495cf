import os
import socket
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest
from hub_folders import contents, leftovers, make_model
from hub_server import pack

from hublayer.errors import (
    CacheError,
    CorruptArchiveError,
    ModelNotFoundError,
    NotAnArchiveError,
    NotASavedModelError,
    UnsafeArchiveError,
)
from hublayer.hub import resolve


def test_a_folder_is_used_in_place(model_folder, cache):
    assert resolve(str(model_folder)) == str(model_folder)
    assert resolve(model_folder) == str(model_folder)
    assert not cache.exists()


def test_a_relative_path_and_a_home_folder(model_folder, monkeypatch):
    monkeypatch.chdir(model_folder.parent)
    assert resolve("source") == str(model_folder)
    monkeypatch.setenv("HOME", str(model_folder.parent))
    monkeypatch.setenv("USERPROFILE", str(model_folder.parent))
    assert resolve("~/source") == str(model_folder)


def test_a_text_graph_is_enough(model_folder):
    (model_folder / "saved_model.pb").rename(model_folder / "saved_model.pbtxt")
    assert resolve(model_folder) == str(model_folder)


def test_a_path_that_does_not_exist(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ModelNotFoundError) as caught:
        resolve("no/model")
    assert str(tmp_path / "no" / "model") in str(caught.value)
    assert f"cwd:      {tmp_path}" in str(caught.value)


def test_a_url_without_scheme_is_recognised():
    with pytest.raises(ModelNotFoundError, match=r"write https://tfhub.dev/google/nnlm/2"):
        resolve("tfhub.dev/google/nnlm/2")


@pytest.mark.parametrize("depth", ["export", "runs/1"])
def test_a_folder_with_a_model_deeper_down(tmp_path, depth):
    make_model(tmp_path / "runs_root" / depth)
    (tmp_path / "runs_root" / "notes.txt").write_text("")
    with pytest.raises(NotASavedModelError) as caught:
        resolve(tmp_path / "runs_root")
    assert f"found:    {'export/, notes.txt' if depth == 'export' else 'notes.txt, runs/'}" in str(caught.value)
    assert f"holds a SavedModel: {tmp_path / 'runs_root' / depth}" in str(caught.value)


def test_folders_without_a_model(tmp_path):
    for names, message in [
        ([], "an empty folder"),
        (["x.keras"], "load_model"),
        (["tfhub_module.pb"], "missing beside"),
    ]:
        folder = tmp_path / f"folder{len(names)}{names[:1]}"
        folder.mkdir()
        for name in names:
            (folder / name).touch()
        with pytest.raises(NotASavedModelError, match=message):
            resolve(folder)


def test_a_long_listing_is_cut(tmp_path):
    for number in range(40):
        (tmp_path / f"file{number:02}").touch()
    with pytest.raises(NotASavedModelError, match=r"file00, file01, .*file11 and 28 more"):
        resolve(tmp_path)


def test_the_graph_file_itself(model_folder):
    with pytest.raises(NotASavedModelError, match=f"give the folder that holds it: {model_folder}"):
        resolve(model_folder / "saved_model.pb")


def test_a_pipe_is_not_opened(tmp_path):
    os.mkfifo(tmp_path / "model.tar")
    with pytest.raises(NotAnArchiveError, match="neither a folder nor a file"):
        resolve(tmp_path / "model.tar")


def test_a_socket_is_not_opened(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind("model")
        with pytest.raises(NotAnArchiveError, match="neither a folder nor a file"):
            resolve("model")


@pytest.mark.parametrize("suffix", [".tar", ".tar.gz", ".zip"])
def test_an_archive_is_unpacked_into_the_cache_once(tmp_path, model_folder, cache, suffix):
    archive = tmp_path / f"model{suffix}"
    archive.write_bytes(pack(model_folder, suffix))
    folder = resolve(archive)
    assert Path(folder).is_relative_to(cache)
    assert contents(folder) == contents(model_folder)
    before = Path(folder).stat().st_ino
    assert resolve(str(archive)) == folder
    assert Path(folder).stat().st_ino == before


def test_a_changed_archive_is_unpacked_anew(tmp_path, model_folder):
    archive = tmp_path / "model.tar"
    archive.write_bytes(pack(model_folder, ".tar"))
    first = resolve(archive)
    (model_folder / "saved_model.pb").write_bytes(b"\x08\x01 2 graph")  # of the same size
    archive.write_bytes(pack(model_folder, ".tar"))
    second = resolve(archive)
    assert second != first
    assert contents(second) == contents(model_folder)


@pytest.mark.parametrize(
    ("content", "error"),
    [
        (b"", NotAnArchiveError),
        (b"something else", NotAnArchiveError),
        (b"\x1f\x8b\x08 not really", CorruptArchiveError),
        (b"PK\x03\x04 not really", CorruptArchiveError),
    ],
)
def test_files_that_are_no_archives(tmp_path, cache, content, error):
    (tmp_path / "model.tar.gz").write_bytes(content)
    with pytest.raises(error, match=r"model\.tar\.gz"):
        resolve(tmp_path / "model.tar.gz")
    assert leftovers(cache) == []


def test_an_archive_with_a_link(tmp_path, model_folder, cache):
    (model_folder / "link").symlink_to("/etc/passwd")
    (tmp_path / "model.tar.gz").write_bytes(pack(model_folder))
    with pytest.raises(UnsafeArchiveError):
        resolve(tmp_path / "model.tar.gz")
    assert leftovers(cache) == []


@pytest.mark.skipif(os.name == "nt", reason="modes of files are no permissions on Windows")
@pytest.mark.parametrize("what", ["archive", "folder", "parent"])
def test_what_may_not_be_read(model_folder, what):
    # Root may read everything, so the process becomes somebody else where it is root.
    code = """
import os, sys
from hublayer.hub import resolve
import hublayer.hub.archive, hublayer.hub.sources.local
if os.geteuid() == 0:
    os.seteuid(65534)
try:
    resolve(sys.argv[1])
except Exception as error:
    print(type(error).__name__, error)
"""
    with tempfile.TemporaryDirectory() as box:
        Path(box).chmod(0o777)
        path = Path(box, "secret", "model")
        path.parent.mkdir()
        path.write_bytes(pack(model_folder)) if what == "archive" else path.mkdir()
        closed = path.parent if what == "parent" else path
        closed.chmod(0)
        environment = os.environ | {"HUBLAYER_CACHE": f"{box}/cache"}
        done = subprocess.run(
            [sys.executable, "-c", code, str(path)], capture_output=True, text=True, check=True, env=environment
        )
        closed.chmod(0o700)
    assert done.stdout.startswith(f"AccessDeniedError {path} may not be read")


def test_an_unwritable_cache_is_told_with_its_path(tmp_path, model_folder, monkeypatch):
    # Below a file nobody can make a folder, root included.
    (tmp_path / "file").touch()
    monkeypatch.setenv("HUBLAYER_CACHE", str(tmp_path / "file" / "cache"))
    (tmp_path / "model.tar").write_bytes(pack(model_folder, ".tar"))
    with pytest.raises(CacheError) as caught:
        resolve(tmp_path / "model.tar")
    assert str(tmp_path / "file" / "cache") in str(caught.value)
    assert "HUBLAYER_CACHE" in str(caught.value)
