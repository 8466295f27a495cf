"""A model's folder as a tar.gz that is never made as a whole: any range of its bytes is computed when asked for.

The tar's members are sorted by name and have no times, owners or other traces of this machine. The gzip stream around
it (RFC 1952) consists of stored blocks (RFC 1951, 3.2.4) of one size, so the place of every byte follows from the sizes
of the files alone: the length is known beforehand, a range costs what it sends, and neither disk nor memory holds an
archive. Trained weights hardly compress, so little is lost; and the bytes do not depend on the version of a compressor,
which a download that goes on after an update would notice.

It is one gzip member, because the readers of tar streams in Python stop after the first. Its trailer is the CRC-32 of
everything: a transfer from the beginning computes it on the way; for one that begins later and reaches the end the
files are read through once, and the sum is remembered.
"""

from __future__ import annotations

import hashlib
import tarfile
import threading
import zlib
from bisect import bisect_right
from collections import OrderedDict
from collections.abc import Iterator
from typing import NamedTuple

from hublayer.serve.model_files import ModelFile, ModelFiles

_FORMAT = "1"  # to be raised with any change of the bytes
_BLOCK = 65535  # the most that a stored block holds
_BLOCK_HEADER = 5
_FRAMED = _BLOCK_HEADER + _BLOCK
_BLOCKS_AT_ONCE = 16
_GZIP_HEADER = b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\xff"  # deflate, no flags, no time, unknown system
_TRAILER_SIZE = 8
_REMEMBERED_SUMS = 4096


class _Segment(NamedTuple):
    offset: int  # in the tar
    size: int
    content: bytes | ModelFile  # bytes may be shorter than size: zeros follow


class Archive:
    """The tar.gz of a model's files. ``size`` is its length in bytes; ``etag`` a strong entity tag (RFC 9110, 8.8.3),
    made of names, sizes and times of change."""

    def __init__(self, files: ModelFiles, checksums: Checksums):
        """
        Arguments:
            files: what it holds; they are read when a range is asked for.
            checksums: where the CRC-32 is remembered for the next archive of the same files.
        """
        self._segments = list(_segments(files))
        self._offsets = [segment.offset for segment in self._segments]
        self._tar_size = self._segments[-1].offset + self._segments[-1].size
        self._blocks = -(-self._tar_size // _BLOCK)
        self._checksums = checksums
        self.size = len(_GZIP_HEADER) + self._tar_size + _BLOCK_HEADER * self._blocks + _TRAILER_SIZE
        self.etag = _etag(files)

    def stream(self, start: int = 0, stop: int | None = None) -> Iterator[bytes]:
        """Yield the bytes from ``start`` to before ``stop``, by default the end, about 1 MiB at once.

        No file is open between two pieces, so an iterator that is dropped leaves nothing behind.

        Raises:
            ChangedFileError: a file is not the one that was listed any more.
            OSError: a file cannot be read.
        """
        stop = self.size if stop is None else stop

        def cut(data: bytes, offset: int) -> bytes:
            return data[max(start - offset, 0) : max(stop - offset, 0)]

        if start < len(_GZIP_HEADER):
            yield cut(_GZIP_HEADER, 0)
        body = len(_GZIP_HEADER)
        first = max(start - body, 0) // _FRAMED
        last = min(-(-max(stop - body, 0) // _FRAMED), self._blocks)
        crc = 0
        for block in range(first, last, _BLOCKS_AT_ONCE):
            count = min(_BLOCKS_AT_ONCE, last - block)
            data = self._read_tar(block * _BLOCK, count * _BLOCK)
            if first == 0:
                crc = zlib.crc32(data, crc)
            yield cut(self._framed(data, block), body + block * _FRAMED)
        if first == 0 and last == self._blocks:
            self._checksums.remember(self.etag, crc)
        trailer = self.size - _TRAILER_SIZE
        if stop > trailer:
            crc = self._checksums.get(self)
            yield cut(crc.to_bytes(4, "little") + (self._tar_size % 2**32).to_bytes(4, "little"), trailer)

    def crc32(self) -> int:
        """Read everything and return the CRC-32 of the tar."""
        crc = 0
        step = _BLOCKS_AT_ONCE * _BLOCK
        for offset in range(0, self._tar_size, step):
            crc = zlib.crc32(self._read_tar(offset, step), crc)
        return crc

    def _framed(self, data: bytes, block: int) -> bytes:
        parts: list[bytes | memoryview] = []
        view = memoryview(data)
        for start in range(0, len(data), _BLOCK):
            piece = view[start : start + _BLOCK]
            is_last = block + start // _BLOCK == self._blocks - 1
            length = len(piece).to_bytes(2, "little")
            parts += [bytes([is_last]), length, bytes(255 - byte for byte in length), piece]
        return b"".join(parts)

    def _read_tar(self, offset: int, size: int) -> bytes:
        """The tar's bytes from `offset` on, fewer than `size` at its end."""
        stop = min(offset + size, self._tar_size)
        index = bisect_right(self._offsets, offset) - 1
        parts = []
        while offset < stop:
            segment = self._segments[index]
            begin, end = offset - segment.offset, min(stop - segment.offset, segment.size)
            if isinstance(segment.content, bytes):
                parts.append(segment.content[begin:end].ljust(end - begin, b"\0"))
            elif end > begin:
                parts.append(segment.content.read(begin, end - begin))
            offset = segment.offset + end
            index += 1
        return b"".join(parts)


class Checksums:
    """The CRC-32 of archives by their entity tags; each is computed once, however many ask for it at a time."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._known: OrderedDict[str, int] = OrderedDict()
        self._under_way: dict[str, threading.Lock] = {}

    def remember(self, etag: str, crc: int) -> None:
        """Keep a sum; those that nobody asked for longest are forgotten."""
        with self._lock:
            self._known[etag] = crc
            self._known.move_to_end(etag)
            while len(self._known) > _REMEMBERED_SUMS:
                self._known.popitem(last=False)

    def get(self, archive: Archive) -> int:
        """Return the sum of an archive, reading its files if it is not known. Raises what ``Archive.crc32`` raises."""
        with self._lock:
            if archive.etag in self._known:
                self._known.move_to_end(archive.etag)
                return self._known[archive.etag]
            own = self._under_way.setdefault(archive.etag, threading.Lock())
        try:
            with own:
                with self._lock:
                    if archive.etag in self._known:
                        return self._known[archive.etag]
                crc = archive.crc32()
                self.remember(archive.etag, crc)
                return crc
        finally:
            with self._lock:
                self._under_way.pop(archive.etag, None)


def _segments(files: ModelFiles) -> Iterator[_Segment]:
    members: list[tuple[bytes, int, ModelFile | None]] = [(_header("./", None), 0, None)]
    members += [(_header(f"./{name}/", None), 0, None) for name in files.folders]
    members += [(_header(f"./{file.name}", file), file.size, file) for file in files.files]
    offset = 0
    for header, size, file in members:
        yield _Segment(offset, len(header), header)
        offset += len(header)
        if file is not None:
            yield _Segment(offset, size, file)
            padding = -size % tarfile.BLOCKSIZE
            yield _Segment(offset + size, padding, b"")
            offset += size + padding
    end = offset + 2 * tarfile.BLOCKSIZE
    yield _Segment(offset, end + -end % tarfile.RECORDSIZE - offset, b"")


def _header(name: str, file: ModelFile | None) -> bytes:
    member = tarfile.TarInfo(name)
    if file is None:
        member.type, member.mode = tarfile.DIRTYPE, 0o755
    else:
        member.size = file.size
    return member.tobuf(tarfile.PAX_FORMAT, "utf-8", "strict")


def _etag(files: ModelFiles) -> str:
    text = hashlib.sha256(_FORMAT.encode())
    for name in files.folders:
        text.update(f"\0{name}/".encode())
    for file in files.files:
        # Not the device and inode, which differ between machines and after a restart.
        text.update(f"\0{file.name}\0{file.identity[2:]}".encode())
    return f'"{text.hexdigest()[:32]}"'
