import contextlib
import gzip
import io
import stat
import tarfile
import tempfile
import tracemalloc
import zipfile
from pathlib import Path

import pytest
from hub_folders import contents
from hub_server import pack
from hypothesis import given, settings
from hypothesis import strategies as st

from hublayer.errors import (
    CorruptArchiveError,
    HubLayerError,
    NotAnArchiveError,
    NotASavedModelError,
    UnsafeArchiveError,
)
from hublayer.hub.archive import ArchiveFile, unpack, unpack_model
from hublayer.hub.manifest import measure
from hublayer.hub.origin import Origin
from hublayer.hub.safe_folder import Limits

ORIGIN = Origin("the-handle", "the-url")


def tar_of(*members: tuple[str, bytes] | tarfile.TarInfo, mode: str = "w:gz", form: int = tarfile.PAX_FORMAT) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode=mode, format=form) as archive:
        for member in members:
            if isinstance(member, tarfile.TarInfo):
                archive.addfile(member)
            else:
                info = tarfile.TarInfo(member[0])
                info.size = len(member[1])
                archive.addfile(info, io.BytesIO(member[1]))
    return buffer.getvalue()


def zip_of(*members: tuple[str | zipfile.ZipInfo, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", method) as archive:
        for name, content in members:
            archive.writestr(name, content)
    return buffer.getvalue()


def special(name: str, kind: bytes, target: str = "") -> tarfile.TarInfo:
    info = tarfile.TarInfo(name)
    info.type, info.linkname = kind, target
    return info


def zip_special(name: str, mode: int) -> zipfile.ZipInfo:
    info = zipfile.ZipInfo(name)
    info.create_system, info.external_attr = 3, mode << 16
    return info


def encrypted_zip() -> bytes:
    data = bytearray(zip_of(("saved_model.pb", b"graph"), method=zipfile.ZIP_STORED))
    for mark, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        data[data.index(mark) + offset] |= 1
    return bytes(data)


@pytest.fixture
def unpacked(tmp_path):
    """Unpacks bytes to tmp_path/"box"/"inner" and checks that nothing else appears in the box."""
    inner = tmp_path / "box" / "inner"

    def run(data: bytes, **arguments) -> dict[str, bytes]:
        inner.mkdir(parents=True)
        (tmp_path / "archive").write_bytes(data)
        try:
            unpack(ArchiveFile(tmp_path / "archive"), inner, ORIGIN, **arguments)
        finally:
            assert [path.name for path in inner.parent.iterdir()] == ["inner"]
        return contents(inner)

    return run


@pytest.mark.parametrize("suffix", [".tar", ".tar.gz", ".zip"])
def test_what_was_packed_comes_out(tmp_path, model_folder, suffix):
    archive = tmp_path / "named.by.nobody"
    archive.write_bytes(pack(model_folder, suffix))
    (tmp_path / "scratch").mkdir()
    folder, manifest = unpack_model(ArchiveFile(archive), tmp_path / "scratch", ORIGIN)
    assert manifest == measure(folder)
    assert contents(folder) == contents(model_folder)


@pytest.mark.parametrize("suffix", [".tar.gz", ".zip"])
def test_modes_are_ours_not_the_archives(tmp_path, model_folder, suffix):
    (model_folder / "saved_model.pb").chmod(0o777)
    (model_folder / "assets" / "vocab.txt").chmod(0o600)
    (model_folder / "assets").chmod(0o700)
    (tmp_path / "archive").write_bytes(pack(model_folder, suffix))
    (tmp_path / "scratch").mkdir()
    folder, _ = unpack_model(ArchiveFile(tmp_path / "archive"), tmp_path / "scratch", ORIGIN)
    for path in [folder, *folder.rglob("*")]:
        assert stat.S_IMODE(path.stat().st_mode) == (0o755 if path.is_dir() else 0o644), path


OUTSIDE = {
    "upwards": ("../evil", b"x"),
    "upwards later": ("a/../../evil", b"x"),
    "upwards inside": ("a/../evil", b"x"),
    "absolute": ("/tmp/hublayer-evil", b"x"),
    "backslash": ("..\\evil", b"x"),
    "drive": ("C:evil", b"x"),
    "dots and spaces": ("a/.. /evil", b"x"),
}


@pytest.mark.parametrize("member", OUTSIDE.values(), ids=OUTSIDE.keys())
@pytest.mark.parametrize("make", [tar_of, zip_of])
def test_names_that_lead_outside(unpacked, make, member):
    with pytest.raises(UnsafeArchiveError) as caught:
        unpacked(make(("saved_model.pb", b"graph"), member))
    assert repr(member[0]) in str(caught.value)
    assert not Path("/tmp/hublayer-evil").exists()


SPECIAL_TAR = {
    "symlink out": special("link", tarfile.SYMTYPE, "../../outside"),
    "symlink inside": special("link", tarfile.SYMTYPE, "saved_model.pb"),
    "absolute symlink": special("link", tarfile.SYMTYPE, "/etc/passwd"),
    "hard link out": special("link", tarfile.LNKTYPE, "../../outside"),
    "absolute hard link": special("link", tarfile.LNKTYPE, "/etc/passwd"),
    "character device": special("link", tarfile.CHRTYPE),
    "block device": special("link", tarfile.BLKTYPE),
    "fifo": special("link", tarfile.FIFOTYPE),
    "unknown type": special("link", b"Z"),
    "sparse": special("link", tarfile.GNUTYPE_SPARSE),
}


@pytest.mark.parametrize("member", SPECIAL_TAR.values(), ids=SPECIAL_TAR.keys())
def test_tar_members_that_are_no_files(unpacked, member):
    with pytest.raises(UnsafeArchiveError, match=r"the member 'link': (a link|a device|a sparse)"):
        unpacked(tar_of(("saved_model.pb", b"graph"), member))


def test_writing_through_a_symlink(unpacked, tmp_path):
    with pytest.raises(UnsafeArchiveError, match="a link"):
        unpacked(tar_of(special("link", tarfile.SYMTYPE, str(tmp_path)), ("link/evil", b"x")))
    assert not (tmp_path / "evil").exists()


@pytest.mark.parametrize(
    "mode", [stat.S_IFLNK | 0o777, stat.S_IFCHR | 0o644, stat.S_IFBLK, stat.S_IFIFO, stat.S_IFSOCK], ids=oct
)
def test_zip_members_that_are_no_files(unpacked, mode):
    with pytest.raises(UnsafeArchiveError, match=r"the member 'link': (a link|a device)"):
        unpacked(zip_of((zip_special("link", mode), b"/etc/passwd")))


def test_encrypted_zip(unpacked):
    with pytest.raises(UnsafeArchiveError, match=r"the member 'saved_model.pb': it is encrypted"):
        unpacked(encrypted_zip())


def test_zip_with_a_method_that_has_no_bound_on_memory(unpacked):
    with pytest.raises(UnsafeArchiveError, match="another method than deflate"):
        unpacked(zip_of(("saved_model.pb", b"graph"), method=zipfile.ZIP_LZMA))


@pytest.mark.filterwarnings("ignore:Duplicate name")
@pytest.mark.parametrize("make", [tar_of, zip_of])
@pytest.mark.parametrize(
    ("first", "second"),
    [
        (("a", b"1"), ("a", b"2")),
        (("a", b"1"), ("./a", b"12")),
        (("a", b"12"), ("a", b"1")),
        (("a", b""), ("a", b"1")),
        (("a", b""), ("a/b", b"")),
        (("a/b", b""), ("a", b"")),
    ],
    ids=str,
)
def test_a_name_that_comes_again_for_something_else(unpacked, make, first, second):
    with pytest.raises(UnsafeArchiveError, match="another member has this name"):
        unpacked(make(first, second))


@pytest.mark.filterwarnings("ignore:Duplicate name")
@pytest.mark.parametrize("make", [tar_of, zip_of])
def test_members_that_come_again_unchanged(unpacked, make):
    folder = special("a/", tarfile.DIRTYPE) if make is tar_of else ("a/", b"")
    large = bytes(range(256)) * 4096  # more than is compared at once
    members = [folder, ("a/b", large), ("c", b""), folder, ("a//b", large), ("./c", b""), ("./a/b", large)]
    assert unpacked(make(*members)) == {"a/b": large, "c": b""}


@pytest.mark.parametrize("make", [tar_of, zip_of])
def test_a_name_too_long_for_any_file_system(unpacked, make):
    with pytest.raises(UnsafeArchiveError, match="cannot be written"):
        unpacked(make(("a" * 300, b"x")))


@pytest.mark.parametrize("make", [tar_of, zip_of])
def test_bombs_are_stopped_by_what_was_written(unpacked, make):
    limits = Limits(free_bytes=1 << 20, ratio=10)
    with pytest.raises(
        UnsafeArchiveError, match=r"the member 'zeros': the archive unpacks to more than 1,048,576 bytes"
    ):
        unpacked(make(("zeros", bytes(2 << 20))), limits=limits)


@pytest.mark.parametrize("make", [tar_of, zip_of])
def test_what_is_large_but_not_out_of_proportion_is_unpacked(unpacked, make):
    limits = Limits(free_bytes=1 << 10, ratio=2_000)
    assert unpacked(make(("zeros", bytes(2 << 20))), limits=limits) == {"zeros": bytes(2 << 20)}


def test_the_limits_are_those_documented():
    assert Limits() == Limits(members=10_000, free_bytes=1 << 30, ratio=100)


def test_a_tar_header_that_fills_the_memory(unpacked):
    info = tarfile.TarInfo("a")
    info.pax_headers = {"comment": "x" * (6 << 20)}
    with pytest.raises(UnsafeArchiveError, match="unpacks to more"):
        unpacked(tar_of(("saved_model.pb", b"graph"), info))


def test_zeros_behind_the_end_of_a_tar(unpacked):
    data = gzip.compress(gzip.decompress(tar_of(("a", b"x"))) + bytes(16 << 20))
    with pytest.raises(UnsafeArchiveError, match="unpacks to more"):
        unpacked(data, limits=Limits(free_bytes=1 << 20, ratio=10))


@pytest.mark.parametrize("make", [tar_of, zip_of])
def test_memory_stays_constant(tmp_path, make):
    (tmp_path / "archive").write_bytes(make(("zeros", bytes(64 << 20))))
    (tmp_path / "inner").mkdir()
    tracemalloc.start()
    try:
        unpack(ArchiveFile(tmp_path / "archive"), tmp_path / "inner", ORIGIN)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert (tmp_path / "inner" / "zeros").stat().st_size == 64 << 20
    assert peak < 4 << 20


@pytest.mark.parametrize("make", [tar_of, zip_of])
def test_too_many_members(unpacked, make):
    members = [(f"file{i}", b"") for i in range(11)]
    with pytest.raises(UnsafeArchiveError, match="more than 10 members"):
        unpacked(make(*members), limits=Limits(members=10))


def test_too_many_folders_by_deep_names(unpacked):
    members = [(f"{i}/" + "a/" * 50 + "file", b"") for i in range(10)]
    with pytest.raises(UnsafeArchiveError, match="more than 100 members"):
        unpacked(tar_of(*members), limits=Limits(members=100))


@pytest.mark.parametrize("suffix", [".tar", ".tar.gz", ".zip"])
@pytest.mark.parametrize("keep", [0.1, 0.5, 0.9, -1030, -1, 600])
def test_truncated(unpacked, model_folder, suffix, keep):
    data = pack(model_folder, suffix)
    if suffix == ".tar" and not isinstance(keep, float):
        data = data.rstrip(b"\0")  # the padding behind the end of a tar may be missing
    with pytest.raises(CorruptArchiveError):
        unpacked(data[: int(len(data) * keep) if isinstance(keep, float) else keep])


def test_a_tar_that_ends_between_two_members(unpacked):
    data = tar_of(("a", b"x" * 512), ("b", b"y" * 512), mode="w")
    assert data[2048:].strip(b"\0") == b""
    with pytest.raises(CorruptArchiveError):
        unpacked(data[:1024])


def test_a_tar_without_end_mark_is_whole_if_gzip_says_so(unpacked):
    data = gzip.compress(tar_of(("a", b"x" * 512), mode="w")[:1024])
    assert unpacked(data) == {"a": b"x" * 512}


def test_a_damaged_header_is_not_taken_for_the_end(unpacked):
    data = bytearray(tar_of(("a", b"x"), ("b", b"y"), mode="w"))
    data[1024 + 150] ^= 0xFF
    with pytest.raises(CorruptArchiveError, match="damaged header"):
        unpacked(bytes(data))


def test_damaged_content(unpacked):
    data = bytearray(gzip.compress(tar_of(("a", b"x" * 1000), mode="w"), compresslevel=0))
    data[800] ^= 0xFF
    with pytest.raises(CorruptArchiveError, match="CRC"):
        unpacked(bytes(data))


def test_damaged_content_of_a_zip(unpacked):
    data = bytearray(zip_of(("a", b"x" * 1000), method=zipfile.ZIP_STORED))
    data[500] ^= 0xFF
    with pytest.raises(CorruptArchiveError, match="CRC"):
        unpacked(bytes(data))


@pytest.mark.parametrize(
    ("data", "came"),
    [
        (b"", "an empty file"),
        (b'{"error": "no"}', "something that begins with"),
        (gzip.compress(b"not a tar at all" * 100, mtime=0), "a gzip file with something other"),
        (b"\xfd7zXZ\0rest", "an xz file"),
        (b"BZh91AY", "a bzip2 file"),
    ],
)
def test_other_content(unpacked, data, came):
    with pytest.raises(NotAnArchiveError, match=f"the-handle\n.*the-url\n.*expected: .*zip archive.*\n.*came: *{came}"):
        unpacked(data)


@pytest.mark.parametrize("make", [tar_of, zip_of])
@pytest.mark.parametrize("name", ["saved_model.pb", "saved_model.pbtxt"])
@pytest.mark.parametrize("extra", [(), ("README",), ("__MACOSX/x",)])
def test_a_single_folder_is_the_root(tmp_path, make, name, extra):
    (tmp_path / "archive").write_bytes(make((f"model/{name}", b"graph"), *((path, b"") for path in extra)))
    folder, manifest = unpack_model(ArchiveFile(tmp_path / "archive"), tmp_path, ORIGIN)
    assert folder.name == "model"
    assert manifest == measure(folder) and list(manifest.files) == [name]


@pytest.mark.parametrize(
    ("names", "found"),
    [
        ([], "an empty folder"),
        (["README", "data/x"], "README, data/"),
        (["one/saved_model.pb", "two/saved_model.pb"], r"one/, two/\n.*holds a SavedModel: one, two"),
        (["a/b/saved_model.pb"], r"a/\n.*holds a SavedModel: a/b"),
        (["model/tfhub_module.pb"], r"tfhub_module.pb\n.*missing beside tfhub_module.pb"),
        (["tfhub_module.pb", "model/saved_model.pb"], "model/, tfhub_module.pb"),
        (["saved_model.pb/x"], "saved_model.pb/"),
        (["model.h5"], r"model.h5\n.*keras.models.load_model"),
    ],
)
@pytest.mark.parametrize("make", [tar_of, zip_of])
def test_archives_of_something_else(tmp_path, make, names, found):
    (tmp_path / "archive").write_bytes(make(*((name, b"") for name in names)))
    with pytest.raises(NotASavedModelError, match=f"the-url.*\n.*the-handle\n.*saved_model.pb.*\n.*found: *{found}"):
        unpack_model(ArchiveFile(tmp_path / "archive"), tmp_path, ORIGIN)


PIECES = st.sampled_from(["..", ".", "/", "\\", "C:", "a", "b", " ", "", "é", "\n", "..\\", "...", "~", "OUTSIDE"])
NAMES = st.lists(PIECES, max_size=6).map("/".join) | st.lists(PIECES, max_size=6).map("".join) | st.text(max_size=20)


def packed_as(kind: str, names: list[str], kinds: list[int]) -> bytes:
    if kind == "zip":
        return zip_of(*((name, b"evil") for name in names))
    types = [tarfile.REGTYPE, tarfile.DIRTYPE, tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.FIFOTYPE]
    members = [(n, b"evil") if k == 0 else special(n, types[k], "../..") for n, k in zip(names, kinds, strict=True)]
    return tar_of(*members)


@pytest.mark.filterwarnings("ignore:Duplicate name")
@settings(max_examples=300, deadline=None)
@given(data=st.data(), kind=st.sampled_from(["zip", "tar"]))
def test_no_name_writes_outside(data, kind):
    names = data.draw(st.lists(NAMES, min_size=1, max_size=4))
    kinds = data.draw(st.lists(st.integers(0, 4), min_size=len(names), max_size=len(names)))
    with tempfile.TemporaryDirectory() as box:
        outside, inner = Path(box, "outside"), Path(box, "outside", "deep", "inner")
        inner.mkdir(parents=True)
        archive = Path(box, "archive")
        try:
            archive.write_bytes(packed_as(kind, [name.replace("OUTSIDE", str(outside)) for name in names], kinds))
        except (ValueError, IndexError):
            return  # a name that the writer refuses
        with contextlib.suppress(UnsafeArchiveError, CorruptArchiveError, NotAnArchiveError):
            unpack(ArchiveFile(archive), inner, ORIGIN)
        assert {path.name for path in Path(box).iterdir()} == {"archive", "outside"}
        assert [path.name for path in outside.iterdir()] == ["deep"]
        assert [path.name for path in (outside / "deep").iterdir()] == ["inner"]
        assert all(path.is_dir() or path.is_file() for path in inner.rglob("*"))
        assert not any(path.is_symlink() for path in inner.rglob("*"))


BASES = {
    "zip": zip_of(("saved_model.pb", b"graph" * 20), ("variables/x", b"y" * 300)),
    "tar": tar_of(("saved_model.pb", b"graph" * 20), ("é" * 120, b"y" * 300), mode="w"),
    "gnu": tar_of(("saved_model.pb", b"graph"), ("n" * 120, b"y" * 300), mode="w", form=tarfile.GNU_FORMAT),
    "tar.gz": tar_of(("saved_model.pb", b"graph" * 20), ("variables/x", b"y" * 300)),
}


@settings(max_examples=400, deadline=None)
@given(
    base=st.sampled_from(sorted(BASES)),
    changes=st.lists(st.tuples(st.integers(0, 4000), st.integers(0, 255)), min_size=1, max_size=6),
)
def test_no_damage_raises_anything_but_our_errors(base, changes):
    data = bytearray(BASES[base])
    for position, value in changes:
        data[position % len(data)] = value
    with tempfile.TemporaryDirectory() as box:
        Path(box, "inner").mkdir()
        Path(box, "archive").write_bytes(data)
        with contextlib.suppress(HubLayerError):
            unpack(ArchiveFile(Path(box, "archive")), Path(box, "inner"), ORIGIN)
        assert sorted(path.name for path in Path(box).iterdir()) == ["archive", "inner"]
