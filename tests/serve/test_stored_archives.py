"""The tar.gz that is computed: what others read from it, and that every range is a part of the same bytes."""

from __future__ import annotations

import gzip
import io
import os
import shutil
import subprocess
import tarfile
import threading
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from running_hub import make_model

from hublayer.errors import UnsafeArchiveError
from hublayer.serve.archives import Archive, Checksums
from hublayer.serve.model_files import ChangedFileError, list_model_files

FILES = {
    "assets/empty.txt": b"",
    "assets/" + "long" * 40 + ".txt": b"1" * 511,
    "assets/naïve 文.txt": b"2" * 512,
    "variables/variables.data-00000-of-00001": bytes(range(256)) * 5000,
    "variables/variables.index": b"3" * 65535,
    "keras_metadata.pb": b"4" * 65536,
}
SIZES = [0, 1, 511, 512, 513, 65535, 65536, 200_000, 1_200_000]


def archive(folder: Path, checksums: Checksums | None = None) -> Archive:
    return Archive(list_model_files(folder), checksums or Checksums())


def whole(folder: Path) -> bytes:
    return b"".join(archive(folder).stream())


def test_it_is_what_it_says(tmp_path):
    folder = make_model(tmp_path / "model", FILES)
    (folder / "empty").mkdir()
    data = whole(folder)
    assert len(data) == archive(folder).size
    with tarfile.open(fileobj=io.BytesIO(data), mode="r|gz") as tar:  # as tensorflow_hub's client reads it
        read = [(member, member.isfile() and tar.extractfile(member).read()) for member in tar]
    assert [member.name for member, _ in read if member.isdir()] == [".", "./assets", "./empty", "./variables"]
    content = {member.name[2:]: data for member, data in read if member.isfile()}
    assert content == {"saved_model.pb": b"", **FILES}
    assert {(m.mtime, m.uid, m.gid, m.uname, m.gname) for m, _ in read} == {(0, 0, 0, "", "")}
    assert {m.mode for m, _ in read} == {0o755, 0o644}


@pytest.mark.skipif(not shutil.which("tar"), reason="needs the program tar")
def test_tar_unpacks_it(tmp_path):
    folder = make_model(tmp_path / "model", FILES)
    (tmp_path / "there").mkdir()
    subprocess.run(["tar", "xzf", "-", "-C", str(tmp_path / "there")], input=whole(folder), check=True, timeout=60)
    for name, content in FILES.items():
        assert (tmp_path / "there" / name).read_bytes() == content


def test_the_bytes_depend_on_names_and_contents_only(tmp_path):
    one, other = make_model(tmp_path / "one", FILES), make_model(tmp_path / "other", dict(reversed(FILES.items())))
    os.utime(other / "saved_model.pb", (1, 1))
    (other / "saved_model.pb").chmod(0o600)
    assert whole(one) == whole(other)


def test_the_tag_tells_contents_apart(tmp_path):
    folder = make_model(tmp_path / "model", FILES)
    before = archive(folder).etag
    assert archive(folder).etag == before
    (folder / "variables/variables.index").write_bytes(b"5" * 65535)
    assert archive(folder).etag != before


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    data=st.data(), sizes=st.lists(st.sampled_from([0, 1, 511, 512, 513, 65535, 65536, 200_000, 1_200_000]), max_size=4)
)
def test_any_range_is_a_part(tmp_path, data, sizes):
    shutil.rmtree(tmp_path / "model", ignore_errors=True)
    folder = make_model(tmp_path / "model", {f"f{i}": os.urandom(size) for i, size in enumerate(sizes)})
    full = whole(folder)
    assert gzip.decompress(full)[-512:] == bytes(512)
    start = data.draw(st.integers(0, len(full) - 1))
    stop = data.draw(st.integers(start + 1, len(full)))
    assert b"".join(archive(folder).stream(start, stop)) == full[start:stop]
    assert b"".join(archive(folder).stream(len(full) - 3)) == full[-3:]


def test_files_that_tar_of_old_could_not_hold(tmp_path):
    folder = make_model(tmp_path / "model")
    with (folder / "zeros").open("wb") as file:
        file.truncate(9 << 30)  # takes no space
    packed = archive(folder)
    assert packed.size > 9 << 30
    # The end, without the sum in the trailer, needs none of the rest to be read.
    near_end = b"".join(packed.stream(packed.size - 100_000, packed.size - 8))
    assert len(near_end) == 99_992
    inner = io.BytesIO(b"".join(packed.stream(0, 30_000))[15:])
    with tarfile.open(fileobj=inner, mode="r|") as tar:
        assert [member.size for member in (tar.next(), tar.next(), tar.next())][-1] == 9 << 30


def test_a_sum_is_computed_once_for_all_who_wait(tmp_path):
    folder = make_model(tmp_path / "model", FILES)
    checksums, reads = Checksums(), []

    class Counted(Archive):
        def crc32(self) -> int:
            reads.append(1)
            return super().crc32()

    counted = Counted(list_model_files(folder), checksums)
    ends: list[bytes] = []
    threads = [
        threading.Thread(target=lambda: ends.append(b"".join(counted.stream(counted.size - 8)))) for _ in range(20)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert ends == [whole(folder)[-8:]] * 20
    assert len(reads) == 1


def test_a_transfer_from_the_beginning_reads_once(tmp_path):
    folder = make_model(tmp_path / "model", FILES)
    checksums = Checksums()
    list(archive(folder, checksums).stream())

    class Once(Archive):
        def crc32(self) -> int:
            raise AssertionError("the sum was known")

    list(Once(list_model_files(folder), checksums).stream(100))


@pytest.mark.parametrize("change", ["longer", "shorter", "same size", "gone", "link"])
def test_a_file_that_changes_ends_it(tmp_path, change):
    folder = make_model(tmp_path / "model", FILES)
    packed = archive(folder)
    target = folder / "keras_metadata.pb"
    if change in ("gone", "link"):
        target.unlink()
    if change == "link":
        (tmp_path / "secret").write_bytes(b"4" * 65536)
        target.symlink_to(tmp_path / "secret")
    elif change != "gone":
        target.write_bytes({"longer": b"4" * 65537, "shorter": b"4", "same size": b"5" * 65536}[change])
    with pytest.raises(ChangedFileError if change not in ("gone", "link") else OSError):
        list(packed.stream())


def test_what_does_not_belong_to_it(tmp_path):
    folder = make_model(tmp_path / "model", {".env": b"secret", ".git/config": b"secret", "readme.md": b"text"})
    make_model(folder / "2")
    make_model(folder / "deeper" / "inside")
    make_model(folder / "assets" / "inner")
    files = list_model_files(folder)
    assert [file.name for file in files.files] == ["assets/inner/saved_model.pb", "readme.md", "saved_model.pb"]
    assert files.folders == ("assets", "assets/inner", "deeper")


def test_a_link_within_the_model_is_the_file(tmp_path):
    folder = make_model(tmp_path / "model", {"blobs/1": b"weights"})
    (folder / "variables").mkdir()
    (folder / "variables/variables.index").symlink_to("../blobs/1")
    assert b"".join(archive(folder).stream()).count(b"weights") == 2


REFUSED = {
    "a link out": lambda folder: (folder / "x").symlink_to("/etc/passwd"),
    "a relative link out": lambda folder: (folder / "x").symlink_to("../../secret"),
    "a link to a folder": lambda folder: (folder / "x").symlink_to(folder / "variables"),
    "a link to a hidden file": lambda folder: (folder / "x").symlink_to(".env"),
    "a link to nothing": lambda folder: (folder / "x").symlink_to("nothing"),
    "links in a circle": lambda folder: (folder / "x").symlink_to("x"),
    "a pipe": lambda folder: os.mkfifo(folder / "x"),
    "a name that is no UTF-8": lambda folder: Path(os.fsdecode(os.fsencode(folder) + b"/\xff")).touch(),
}


@pytest.mark.parametrize("case", REFUSED)
def test_refused(tmp_path, case):
    folder = make_model(tmp_path / "model", {"variables/v": b"", ".env": b"secret"})
    (tmp_path / "secret").write_text("secret")
    REFUSED[case](folder)
    with pytest.raises(UnsafeArchiveError, match="not served as it is"):
        list_model_files(folder)
