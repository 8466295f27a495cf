"""Read a sorted string table: the index file of a checkpoint, keys to values.

The format is LevelDB's (doc/table_format.md there), with TensorFlow's use of it in tensorflow/core/lib/io/format.h:
blocks, then a footer of 48 bytes that leads to the index block, whose values lead to the data blocks.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from hublayer.errors import CorruptSavedModelError
from hublayer.savedmodel.checksums import masked_crc32c
from hublayer.savedmodel.damage import damaged
from hublayer.savedmodel.snappy import decompress
from hublayer.savedmodel.varints import VARINT64, read_varint

_MAGIC = 0xDB4775248B80FB57.to_bytes(8, "little")
_FOOTER = 48
_TRAILER = 5  # compression, then the checksum of the block and of that byte
_UNCOMPRESSED = 0
_SNAPPY = 1

# A million variables make an index of about 100 MiB.
_LARGEST_FILE = 1 << 28
# Keys share prefixes, so a small file can spell out keys of quadratic size. TensorFlow writes every 16th key in full,
# hence its tables unfold to at most 16 times their size.
_MOST_GROWTH = 64
_MOST_ROOM = 1 << 29
_ENTRY_OVERHEAD = 200  # of Python's objects


def read_table(path: Path, verify: bool = False) -> dict[bytes, bytes]:
    """All entries of the table at `path`, in ascending order of their keys.

    `verify` compares every block with its checksum. Time and memory are in proportion to the file, below 1 GB.

    Raises CorruptSavedModelError if the file is not there, is no table, or is damaged.
    """
    if not path.is_file():
        raise CorruptSavedModelError(
            f"{path} is not there, so the model's variables cannot be read. "
            "The folder is incomplete; fetch or export the model again."
        )
    size = path.stat().st_size
    if size > _LARGEST_FILE:
        raise damaged(path, f"{size} bytes are more than any index of variables has")
    return _Table(path.read_bytes(), str(path), verify).entries()


class _Table:
    """A table's bytes, and how much they may still unfold to."""

    def __init__(self, content: bytes, where: str, verify: bool):
        self._content = content
        self._where = where
        self._verify = verify
        self._room = min(_MOST_GROWTH * len(content), _MOST_ROOM)
        self._footer = len(content) - _FOOTER
        if self._footer < 0:
            raise damaged(where, f"{len(content)} bytes are too few for an index table")
        if content[-len(_MAGIC) :] != _MAGIC:
            raise damaged(where, "it does not end in the mark of an index table")

    def entries(self) -> dict[bytes, bytes]:
        """The entries of all data blocks."""
        content, where = self._content, self._where
        _, _, position = self._handle(content, self._footer)  # of the metaindex, which TensorFlow leaves empty
        index_offset, index_size, _ = self._handle(content, position)
        entries: dict[bytes, bytes] = {}
        last_key: bytes | None = None
        read_to = 0
        for _, handle in self._block_entries(self._block(index_offset, index_size)):
            offset, size, _ = self._handle(handle, 0)
            if offset < read_to:
                raise damaged(where, f"its data block at byte {offset} overlaps the one that ends at {read_to}")
            read_to = offset + size + _TRAILER
            for key, value in self._block_entries(self._block(offset, size)):
                if last_key is not None and key <= last_key:
                    raise damaged(where, f"its keys are not in order: {key!r} comes after {last_key!r}")
                entries[key] = value
                last_key = key
        return entries

    def _handle(self, data: bytes, position: int) -> tuple[int, int, int]:
        """Offset and size of a block, and the position after them."""
        offset, position = read_varint(data, position, len(data), self._where, VARINT64)
        size, position = read_varint(data, position, len(data), self._where, VARINT64)
        return offset, size, position

    def _block(self, offset: int, size: int) -> bytes:
        """The uncompressed content of the block at `offset`."""
        end = offset + size
        if end + _TRAILER > self._footer:
            raise damaged(
                self._where,
                f"a block of {size} bytes at byte {offset} runs past the {self._footer} bytes of all blocks",
            )
        content, compression = self._content[offset:end], self._content[end]
        if self._verify:
            stored = int.from_bytes(self._content[end + 1 : end + _TRAILER], "little")
            if masked_crc32c([self._content[offset : end + 1]]) != stored:
                raise damaged(self._where, f"the block at byte {offset} does not fit its checksum")
        if compression == _SNAPPY:
            return decompress(content, self._where)
        if compression != _UNCOMPRESSED:
            raise damaged(self._where, f"the block at byte {offset} has the unknown compression {compression}")
        return content

    def _block_entries(self, block: bytes) -> Iterator[tuple[bytes, bytes]]:
        """Keys and values in the order of the block; each key is written as what differs from the one before."""
        where = self._where
        # The block ends in the offsets of its restarts, for binary search, and in their number.
        restarts = int.from_bytes(block[-4:], "little") if len(block) >= 4 else 0
        end = len(block) - 4 - 4 * restarts
        if end < 0:
            raise damaged(where, f"a block of {len(block)} bytes cannot have {restarts} restarts")
        position, key = 0, b""
        while position < end:
            shared, position = read_varint(block, position, end, where)
            unshared, position = read_varint(block, position, end, where)
            value_size, position = read_varint(block, position, end, where)
            if shared > len(key) or unshared + value_size > end - position:
                raise damaged(where, f"the entry after the key {key[:100]!r} runs past its block")
            self._room -= shared + unshared + value_size + _ENTRY_OVERHEAD
            if self._room < 0:
                raise damaged(where, f"its {len(self._content)} bytes unfold to far more than an index holds")
            key = key[:shared] + block[position : position + unshared]
            position += unshared
            yield key, block[position : position + value_size]
            position += value_size
