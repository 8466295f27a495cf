"""Archives become folders. An archive is told by its content, not by its name, and is not trusted.

A tar is unpacked while it still comes; a zip, whose directory is at its end, when it is all there.
"""

from __future__ import annotations

import contextlib
import gzip
import io
import os
import stat
import struct
import tarfile
import zipfile
import zlib
from contextlib import AbstractContextManager
from pathlib import Path
from typing import IO, Any, Protocol, cast

from hublayer.errors import CorruptArchiveError, HubLayerError, NotAnArchiveError
from hublayer.hub.layout import GRAPH_FILES, require_saved_model
from hublayer.hub.manifest import File, Manifest
from hublayer.hub.origin import Origin
from hublayer.hub.safe_folder import Limits, Readable, SafeFolder

_open_gzip: Any = gzip.GzipFile
_GZIP_ERROR: type[Exception] = zlib.error
# ISA-L inflates in half the time of zlib, which a fast line would wait for. There are processors it does not know.
with contextlib.suppress(ImportError):
    from isal import igzip, isal_zlib

    _open_gzip, _GZIP_ERROR = igzip.IGzipFile, cast("type[Exception]", isal_zlib.error)

_BLOCK = 512
_ROOT_FILES = (*GRAPH_FILES, "tfhub_module.pb")
_TAR_BUFFER = 1 << 18
_TAR_HEADERS_LIMIT = 4 << 20  # per member
_ZIP_DIRECTORY_LIMIT = 16 << 20
_OTHER_FORMATS = {
    b"\xfd7zXZ\0": "an xz file",
    b"BZh": "a bzip2 file",
    b"\x28\xb5\x2f\xfd": "a Zstandard file",
    b"7z\xbc\xaf\x27\x1c": "a 7z file",
    b"Rar!": "a rar file",
    b"\x89HDF": "an HDF5 file; a Keras .h5 file is no SavedModel, load it with keras.models.load_model",
}
# Python 3.11.0 to 3.11.3 lack it. SafeFolder's own checks do not depend on it.
_data_filter = getattr(tarfile, "data_filter", None)


class Archive(Protocol):
    """An archive that is on disk, or on its way there (``download.Download``)."""

    def open(self) -> AbstractContextManager[Readable]:
        """Return a reader of its bytes from the first one, which waits for those that have not come yet."""
        ...

    def path(self) -> Path:
        """Return the file, all of it."""
        ...

    @property
    def received(self) -> int:
        """How many bytes of it there are by now."""
        ...


class ArchiveFile:
    """An archive that is on disk."""

    def __init__(self, file: Path):
        self._file = file
        self.received = file.stat().st_size

    def open(self) -> IO[bytes]:
        return self._file.open("rb")

    def path(self) -> Path:
        return self._file


def unpack_model(archive: Archive, scratch: Path, origin: Origin) -> tuple[Path, Manifest]:
    """Unpack an archive of a SavedModel.

    Arguments:
        archive: a tar, tar.gz or zip file.
        scratch: an existing folder, in which a folder is made.
        origin: what messages say about where the archive is from.
    Returns:
        The folder that holds the SavedModel, the archive's root or its only top-level folder; and its manifest.
    Raises:
        NotASavedModelError: neither holds a saved_model.pb or saved_model.pbtxt.
        NotAnArchiveError, CorruptArchiveError, UnsafeArchiveError: as ``unpack``.
    """
    folder = scratch / "unpacked"
    folder.mkdir()
    folder.chmod(0o755)
    files = unpack(archive, folder, origin)
    model = _model_root(folder)
    subject = f"The archive {origin.url} holds no SavedModel at its root.\n  handle:   {origin.handle}"
    require_saved_model(model, subject, in_archive=True)
    prefix = "" if model == folder else f"{model.name}/"
    return model, Manifest({name[len(prefix) :]: file for name, file in files.items() if name.startswith(prefix)})


def unpack(archive: Archive, folder: Path, origin: Origin, limits: Limits | None = None) -> dict[str, File]:
    """Unpack a tar, tar.gz or zip file in constant memory; files get mode 0644, folders 0755.

    After an error the folder holds whatever was unpacked until then; deleting it is up to the caller.

    Arguments:
        archive: the file.
        folder: an empty folder; nothing is written outside it.
        origin: what messages say about where the archive is from.
        limits: how much it may unpack to.
    Returns:
        Size and SHA-256 of every file, by its name relative to ``folder``.
    Raises:
        NotAnArchiveError: the file is something else.
        CorruptArchiveError: it is truncated or damaged.
        UnsafeArchiveError: a member has a name that leads outside, or that of another one with other content, or is a
            link, a device or encrypted; or the archive goes beyond the limits.
    """
    with SafeFolder(folder, lambda: archive.received, limits or Limits(), origin) as safe:
        try:
            with archive.open() as reader:
                stream = _Beginning(reader)
                if stream.start.startswith((b"PK\x03\x04", b"PK\x05\x06")):
                    _unpack_zip(archive.path(), safe)
                elif stream.start.startswith(b"\x1f\x8b"):
                    with _open_gzip(fileobj=stream, mode="rb") as unzipped:
                        tar = _Beginning(unzipped)
                        if not _is_tar(tar.start):
                            raise _not_an_archive("a gzip file with something other than a tar in it", origin)
                        _unpack_tar(tar, safe, origin, checksummed=True)
                elif _is_tar(stream.start):
                    _unpack_tar(io.BufferedReader(stream, _TAR_BUFFER), safe, origin, checksummed=False)
                else:
                    raise _not_an_archive(_described(stream.start), origin)
            return safe.finish()
        except HubLayerError:
            raise
        except (EOFError, tarfile.TarError, zlib.error, _GZIP_ERROR, zipfile.BadZipFile, gzip.BadGzipFile) as error:
            raise _corrupt(error, origin) from error
        except (ValueError, TypeError, LookupError, OverflowError, RuntimeError, struct.error) as error:
            # What the standard library raises for headers that make no sense.
            raise _corrupt(error, origin) from error


class _Beginning(io.RawIOBase):
    """A stream of which the first block has been looked at."""

    def __init__(self, stream: Readable):
        self._stream = stream
        start = b""
        while len(start) < _BLOCK and (data := stream.read(_BLOCK - len(start))):
            start += data
        self.start = self._unread = start

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1, /) -> bytes:
        if self._unread and size:
            end = size if size > 0 else len(self._unread)
            data, self._unread = self._unread[:end], self._unread[end:]
            return data
        return self._stream.read(size)

    def readinto(self, buffer, /) -> int:
        view = memoryview(buffer)
        data = self.read(len(view))
        view[: len(data)] = data
        return len(data)


class _Metered:
    """The unpacked bytes of a tar, which go forward only, and no further than is allowed for now.

    tarfile reads headers from it; what a member holds is read past tarfile, whose own readers copy every byte thrice.
    """

    def __init__(self, stream: Readable, safe: SafeFolder):
        self._stream = stream
        self._safe = safe
        self.position = 0
        self.allowed = safe.allowed_bytes
        self.member = ""

    def read(self, size: int) -> bytes:
        """Return ``size`` bytes, or what is left at the end."""
        data = self._some(size)
        while len(data) < size and (more := self._some(size - len(data))):
            data += more
        return data

    def tell(self) -> int:
        return self.position

    def seek(self, offset: int) -> None:
        """Go forward to ``offset``, or to the end."""
        if offset < self.position:
            raise tarfile.StreamError("a header that leads back")
        while self.position < offset and self._some(offset - self.position):
            pass

    def _some(self, size: int) -> bytes:
        data = self._stream.read(min(size, _TAR_BUFFER))
        self.position += len(data)
        if self.position > self.allowed or self.position > self._safe.allowed_bytes + _TAR_HEADERS_LIMIT:
            raise self._safe.too_large(self.member)
        return data


class _Content:
    """What one member of a tar holds."""

    def __init__(self, stream: _Metered, size: int):
        self._stream = stream
        self._left = size

    def read(self, size: int, /) -> bytes:
        wanted = min(size, self._left)
        data = self._stream.read(wanted)
        if len(data) < wanted:
            raise tarfile.ReadError("unexpected end of data")
        self._left -= wanted
        return data


def _unpack_tar(stream: Readable, safe: SafeFolder, origin: Origin, *, checksummed: bool) -> None:
    last_header = b""

    class Header(tarfile.TarInfo):
        # tarfile takes a damaged header for the end of the archive without a word, so the last one is kept.
        @classmethod
        def frombuf(cls, buf, encoding, errors):
            nonlocal last_header
            last_header = bytes(buf)
            return super().frombuf(buf, encoding, errors)

    metered = _Metered(stream, safe)
    # tarfile reads extended headers whole, into memory, whatever size they claim; between members it gets little.
    metered.allowed = _TAR_HEADERS_LIMIT
    open_tar = cast("Any", tarfile.TarFile)
    with open_tar(fileobj=metered, mode="r", tarinfo=Header) as tar:
        while (member := tar.next()) is not None:
            metered.member = member.name
            _refuse_special(member, safe)
            if member.isdir():
                safe.add_folder(member.name)
            else:
                metered.allowed = safe.allowed_bytes + _TAR_HEADERS_LIMIT
                safe.add_file(member.name, _Content(metered, member.size))
            metered.allowed = metered.position + _TAR_HEADERS_LIMIT
            # tarfile would keep every header it has read.
            tar.members.clear()
            tar.pax_headers.clear()
    ends = not last_header.strip(b"\0") and (len(last_header) == _BLOCK or (checksummed and not last_header))
    if not ends:
        raise _corrupt("a damaged header, or no end-of-archive mark", origin)
    metered.allowed = safe.allowed_bytes + _TAR_HEADERS_LIMIT
    while metered.read(_TAR_BUFFER):  # to the checksum behind the padding
        pass


def _refuse_special(member: tarfile.TarInfo, safe: SafeFolder) -> None:
    if member.issym() or member.islnk():
        raise safe.unsafe(member.name, f"a link, to {member.linkname[:200]!r}")
    if member.issparse():
        raise safe.unsafe(member.name, "a sparse file")
    if not (member.isreg() or member.isdir()):
        raise safe.unsafe(member.name, "a device, a pipe or another special file")
    if member.size < 0:
        raise safe.unsafe(member.name, "a negative size")
    safe.parts(member.name)
    if _data_filter is not None:
        try:
            _data_filter(member, str(safe.root))
        except tarfile.FilterError as error:
            raise safe.unsafe(member.name, str(error)) from error


class _DirectoryReader:
    """A file as zipfile reads it: the central directory is taken whole into memory, so its size is checked, and an
    offset that makes no sense is damage of the archive, not an error of the disk."""

    def __init__(self, file: IO[bytes], safe: SafeFolder):
        self._file = file
        self._safe = safe

    def read(self, size: int = -1) -> bytes:
        if size > _ZIP_DIRECTORY_LIMIT:
            raise self._safe.unsafe("", f"the directory of the zip file has {size:,} bytes")
        return self._file.read(size)

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        try:
            return self._file.seek(offset, whence)
        except OSError as error:
            if whence != os.SEEK_SET:
                raise  # zipfile looks for its end from the back, and knows that there may be none
            raise zipfile.BadZipFile(f"a member is said to be at {offset}") from error

    def __getattr__(self, name: str):
        return getattr(self._file, name)


def _unpack_zip(archive: Path, safe: SafeFolder) -> None:
    with archive.open("rb") as file, zipfile.ZipFile(_DirectoryReader(file, safe)) as package:  # type: ignore[arg-type]
        for member in package.infolist():
            name = member.orig_filename
            kind = stat.S_IFMT(member.external_attr >> 16)
            if stat.S_ISLNK(kind):
                raise safe.unsafe(name, "a link")
            if kind and not (stat.S_ISREG(kind) or stat.S_ISDIR(kind)):
                raise safe.unsafe(name, "a device, a pipe or another special file")
            if not member.flag_bits & 0x800 and not name.isascii():
                raise safe.unsafe(name, "a name in an encoding that the archive does not tell")
            if member.flag_bits & 0x41:
                raise safe.unsafe(name, "it is encrypted")
            if member.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
                # The decompressors for these have no bound on the memory that one chunk takes.
                raise safe.unsafe(name, "compressed with another method than deflate")
            if name.endswith("/") or stat.S_ISDIR(kind):
                safe.add_folder(name)
            else:
                with package.open(member) as content:
                    safe.add_file(name, content)


def _model_root(folder: Path) -> Path:
    if any((folder / name).is_file() for name in _ROOT_FILES):
        return folder
    # __MACOSX is what the Finder adds to every zip.
    tops = [child for child in folder.iterdir() if child.is_dir() and child.name != "__MACOSX"]
    if len(tops) == 1 and any((tops[0] / name).is_file() for name in _ROOT_FILES):
        return tops[0]
    return folder


def _is_tar(block: bytes) -> bool:
    if block == bytes(_BLOCK):  # an archive without members
        return True
    try:
        tarfile.TarInfo.frombuf(block, "utf-8", "surrogateescape")
    except (tarfile.TarError, ValueError):
        return block[257:262] == b"ustar"
    return True


def _described(start: bytes) -> str:
    if not start:
        return "an empty file"
    for magic, description in _OTHER_FORMATS.items():
        if start.startswith(magic):
            return description
    return f"something that begins with {start[:40]!r}"


def _not_an_archive(came: str, origin: Origin) -> NotAnArchiveError:
    return NotAnArchiveError(origin.message(came, advice="check the handle; other formats have to be unpacked by hand"))


def _corrupt(why: object, origin: Origin) -> CorruptArchiveError:
    text = str(why) or type(why).__name__
    return CorruptArchiveError(
        origin.message(f"a truncated or damaged archive: {text}", advice="fetch or copy it again")
    )
