"""Archives made to do harm, each unpacked in a process of its own, whose writes and memory are watched."""

from __future__ import annotations

import gzip
import io
import json
import struct
import subprocess
import sys
import tarfile
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path

import pytest
from isal import igzip

MEMORY_LIMIT = 300 << 20

WATCHED = """
import json, os, resource, sys
from pathlib import Path

def peak():
    # ru_maxrss of a new process counts what its parent had; Linux knows better.
    for line in Path("/proc/self/status").read_text().splitlines() if Path("/proc/self/status").exists() else ():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) * 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024

box, archive = sys.argv[1:]
outside = []
events = {"os.mkdir", "os.rename", "os.remove", "os.rmdir", "os.chmod", "os.chown", "os.link", "os.symlink",
          "os.truncate", "os.mknod", "os.utime"}

def watch(event, arguments):
    if event in ("os.remove", "os.rmdir") and arguments[1] != -1:
        return  # of shutil.rmtree, relative to a folder that it holds open
    writes = event == "open" and isinstance(arguments[2], int) and arguments[2] & (os.O_WRONLY | os.O_RDWR | os.O_CREAT)
    if writes or event in events:
        for path in arguments[: 2 if event in ("os.rename", "os.link", "os.symlink") else 1]:
            if isinstance(path, (str, bytes, os.PathLike)) and not os.path.realpath(os.fsdecode(path)).startswith(box):
                outside.append([event, os.fsdecode(path)])

from hublayer.hub.resolver import resolve_fully
os.environ["HUBLAYER_CACHE"] = box + "/cache"
sys.dont_write_bytecode = True
sys.addaudithook(watch)
try:
    resolve_fully(archive)
    end = "resolved"
except Exception as error:
    end = type(error).__name__ + ": " + str(error)
print(json.dumps({"end": end, "outside": outside, "memory": peak()}))
"""


@pytest.fixture
def refused(tmp_path):
    """Resolves the archive that a function writes, and returns the error; nothing may stay of it anywhere."""

    def run(write: Callable[[Path], None], suffix: str = "tar.gz") -> str:
        box = tmp_path / "outer" / "box"
        box.mkdir(parents=True)
        archive = tmp_path / f"hostile.{suffix}"
        write(archive)
        command = [sys.executable, "-c", WATCHED, str(box), str(archive)]
        done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=True)
        facts = json.loads(done.stdout)
        assert facts["outside"] == []
        assert facts["memory"] < MEMORY_LIMIT
        assert [path.name for path in (tmp_path / "outer").iterdir()] == ["box"]
        left = [p for p in box.rglob("*") if p.is_symlink() or (p.is_file() and p.suffix != ".lock")]
        assert left == []
        return facts["end"]

    return run


def tar_member(name: str | bytes, kind: bytes = tarfile.REGTYPE, link: str = "", content: bytes = b"") -> bytes:
    """One member; a name in bytes is written as it is."""
    info = tarfile.TarInfo("x" * 8)
    info.type, info.linkname, info.size = kind, link, len(content)
    info.devmajor, info.devminor = 1, 3
    header = bytearray(info.tobuf(tarfile.USTAR_FORMAT))
    data = name.encode() if isinstance(name, str) else name
    header[:100] = data.ljust(100, b"\0")
    header[148:156] = b" " * 8
    header[148:156] = b"%06o\0 " % sum(header)
    return bytes(header) + content + bytes(-len(content) % 512)


GRAPH = tar_member("saved_model.pb", content=b"graph")
END = bytes(1024)


def targz(*members: bytes) -> Callable[[Path], None]:
    return lambda path: path.write_bytes(gzip.compress(b"".join([GRAPH, *members, END]), 1)) and None


def zipped(*members: tuple[str | zipfile.ZipInfo, bytes]) -> Callable[[Path], None]:
    def write(path: Path) -> None:
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("saved_model.pb", b"graph")
            for name, content in members:
                archive.writestr(name, content)

    return write


def zip_special(name: str, mode: int) -> zipfile.ZipInfo:
    info = zipfile.ZipInfo(name)
    info.create_system, info.external_attr = 3, mode << 16
    return info


def raw_zip_name(name: bytes, utf8: bool) -> Callable[[Path], None]:
    """A zip with these bytes for a name, said to be UTF-8 or not said to be anything."""

    def write(path: Path) -> None:
        zipped(("N" * len(name), b"x"))(path)
        data = bytearray(path.read_bytes().replace(b"N" * len(name), name))
        if utf8:
            for mark, offset in ((b"PK\x03\x04", 7), (b"PK\x01\x02", 9)):
                data[data.rindex(mark) + offset] |= 0x08
        path.write_bytes(data)

    return write


TAR = {
    "absolute path": [tar_member("/tmp/hublayer-evil", content=b"x")],
    "upwards": [tar_member("../evil", content=b"x")],
    "upwards deep inside": [tar_member("a/b/../../../evil", content=b"x")],
    "upwards with backslashes": [tar_member("..\\evil", content=b"x")],
    "a drive": [tar_member("C:/evil", content=b"x")],
    "a network share": [tar_member("//host/share/evil", content=b"x")],
    "a link out": [tar_member("link", tarfile.SYMTYPE, "../../outer")],
    "a link out, and through it": [tar_member("d", tarfile.SYMTYPE, ".."), tar_member("d/evil", content=b"x")],
    "a link to an absolute path": [tar_member("link", tarfile.SYMTYPE, "/etc/passwd")],
    "a hard link": [tar_member("link", tarfile.LNKTYPE, "/etc/passwd")],
    "a hard link inside": [tar_member("link", tarfile.LNKTYPE, "saved_model.pb")],
    "a character device": [tar_member("null", tarfile.CHRTYPE)],
    "a block device": [tar_member("disk", tarfile.BLKTYPE)],
    "a pipe": [tar_member("pipe", tarfile.FIFOTYPE)],
    "a name twice": [tar_member("saved_model.pb", content=b"another graph")],
    "a name twice in two spellings": [tar_member("./saved_model.pb", content=b"another graph")],
    "a file where a folder is": [tar_member("a/b", content=b"x"), tar_member("a", content=b"x")],
    "a name in Latin-1": [tar_member("caf\xe9".encode("latin-1"), content=b"x")],
    "a name in UTF-16": [
        tar_member("evil".encode("utf-16-be")[1:], content=b"x"),
        tar_member(b"\xff\xfee\x00", content=b"x"),
    ],
    "a name in overlong UTF-8": [tar_member(b"\xc0\xae\xc0\xae/evil", content=b"x")],
    "a name with half a character": [tar_member(b"\xed\xa0\x80", content=b"x")],
    "a name with a line feed": [tar_member("a\nb", content=b"x")],
    "a name that moves the cursor": [tar_member("a\x1b[2J", content=b"x")],
    "a name that turns the writing": [tar_member("a\u202ebp.ledom", content=b"x")],
}


@pytest.mark.parametrize("members", TAR.values(), ids=TAR.keys())
def test_tar(refused, members):
    assert refused(targz(*members)).startswith("UnsafeArchiveError: ")
    assert not Path("/tmp/hublayer-evil").exists()


ZIP = {
    "absolute path": zipped(("/tmp/hublayer-evil", b"x")),
    "upwards": zipped(("../evil", b"x")),
    "upwards with backslashes": zipped(("..\\evil", b"x")),
    "a link out": zipped((zip_special("link", 0o120777), b"../../outer")),
    "a device": zipped((zip_special("null", 0o020666), b"")),
    "a pipe": zipped((zip_special("pipe", 0o010666), b"")),
    "a name twice": zipped(("./saved_model.pb", b"another graph")),
    "a name in Latin-1": raw_zip_name(b"caf\xe9", utf8=False),
    "a name in overlong UTF-8": raw_zip_name(b"\xc0\xae\xc0\xae/evil", utf8=True),
    "a name with a NUL": raw_zip_name(b"good\x00/../evil", utf8=True),
}


@pytest.mark.parametrize("write", ZIP.values(), ids=ZIP.keys())
def test_zip(refused, write):
    assert refused(write, "zip").startswith(("UnsafeArchiveError: ", "CorruptArchiveError: "))
    assert not Path("/tmp/hublayer-evil").exists()


def bomb_targz(path: Path) -> None:
    """10 GiB of zeros: one gzip member of 10 MiB of them, a thousand times over."""
    info = tarfile.TarInfo("variables/zeros")
    info.size = 10 << 30
    zeros = gzip.compress(bytes(10 << 20), 9)
    with path.open("wb") as file:
        file.write(gzip.compress(GRAPH + info.tobuf(tarfile.GNU_FORMAT)))
        for _ in range(1024):
            file.write(zeros)
        file.write(gzip.compress(END))


def bomb_zip(path: Path) -> None:
    """10 GiB of zeros: one stretch of deflated data a thousand times over, which a full flush makes possible."""
    packer = zlib.compressobj(9, wbits=-15)
    stretch = packer.compress(bytes(10 << 20)) + packer.flush(zlib.Z_FULL_FLUSH)
    size, packed, name = 10 << 30, 1024 * len(stretch) + 2, b"zeros"
    sizes = struct.pack("<HHQQ", 1, 16, size, packed)
    local = (
        struct.pack("<4sHHHHHIIIHH", b"PK\3\4", 45, 0, 8, 0, 0, 0, 2**32 - 1, 2**32 - 1, len(name), len(sizes))
        + name
        + sizes
    )
    head = struct.pack("<4sHHHHHHIII", b"PK\1\2", 45, 45, 0, 8, 0, 0, 0, 2**32 - 1, 2**32 - 1)
    central = head + struct.pack("<HHHHHII", len(name), len(sizes), 0, 0, 0, 0, 0) + name + sizes
    with path.open("wb") as file:
        file.write(local)
        for _ in range(1024):
            file.write(stretch)
        file.write(b"\x03\x00")
        start = file.tell()
        file.write(central + struct.pack("<4sHHHHIIH", b"PK\5\6", 0, 0, 1, 1, len(central), start, 0))


@pytest.mark.parametrize(("write", "suffix"), [(bomb_targz, "tar.gz"), (bomb_zip, "zip")], ids=["tar.gz", "zip"])
def test_ten_gigabytes_in_ten_megabytes(refused, tmp_path, write, suffix):
    end = refused(write, suffix)
    assert end.startswith("UnsafeArchiveError: ") and "unpacks to more than" in end
    assert (tmp_path / f"hostile.{suffix}").stat().st_size < 11 << 20


def test_a_million_members_of_a_tar(refused):
    def write(path: Path) -> None:
        empty = bytearray(tar_member("0000000"))
        rest = sum(empty) - sum(empty[:7]) - sum(empty[148:156]) + 8 * 32
        with igzip.open(path, "wb", compresslevel=0) as file:
            file.write(GRAPH)
            buffer = io.BytesIO()
            for number in range(1_000_000):
                name = b"%07d" % number
                empty[:7] = name
                empty[148:155] = b"%06o\0" % (rest + sum(name))
                buffer.write(empty)
                if buffer.tell() > 1 << 20:
                    file.write(buffer.getvalue())
                    buffer = io.BytesIO()
            file.write(buffer.getvalue() + END)

    assert "has more than 10,000 members" in refused(write)


def test_a_million_members_of_a_zip(refused):
    def write(path: Path) -> None:
        head = struct.pack("<4sHHHHHHIII", b"PK\1\2", 20, 20, 0, 0, 0, 0, 0, 0, 0) + struct.pack(
            "<HHHHHII", 7, 0, 0, 0, 0, 0, 0
        )
        central = b"".join(head + b"%07d" % number for number in range(1_000_000))
        with path.open("wb") as file:
            file.write(struct.pack("<4sHHHHHIIIHH", b"PK\3\4", 20, 0, 0, 0, 0, 0, 0, 0, 7, 0) + b"0000000")
            start = file.tell()
            file.write(central)
            end = file.tell()
            counts = struct.pack("<QQQQ", 1_000_000, 1_000_000, len(central), start)
            file.write(struct.pack("<4sQHHII", b"PK\6\6", 44, 45, 45, 0, 0) + counts)
            file.write(struct.pack("<4sIQI", b"PK\6\7", 0, end, 1))
            file.write(struct.pack("<4sHHHHIIH", b"PK\5\6", 0, 0, 65535, 65535, 2**32 - 1, 2**32 - 1, 0))

    assert "the directory of the zip file has" in refused(write, "zip")


def test_a_header_that_claims_a_gigabyte(refused):
    """An extended header, which tarfile reads whole into memory."""

    def write(path: Path) -> None:
        info = tarfile.TarInfo("././@PaxHeader")
        info.type, info.size = tarfile.XHDTYPE, 1 << 30
        zeros = gzip.compress(bytes(1 << 20), 9)
        with path.open("wb") as file:
            file.write(gzip.compress(GRAPH + info.tobuf(tarfile.USTAR_FORMAT)))
            for _ in range(1024):
                file.write(zeros)

    assert refused(write).startswith("UnsafeArchiveError: ")
