"""Decompress a Snappy block, after google/snappy's format_description.txt.

TensorFlow writes index tables uncompressed, but reads compressed ones; they are small, so plain Python will do.
"""

from __future__ import annotations

from hublayer.savedmodel.damage import damaged
from hublayer.savedmodel.varints import read_varint

# The densest element is a copy of 64 bytes written in 3, so no honest block grows by more than this.
_MOST_GROWTH = 22
_LITERAL = 0
_SHORT_COPY = 1


def decompress(data: bytes, where: str) -> bytes:
    """The bytes that the Snappy block `data` stands for.

    Raises CorruptSavedModelError, naming `where`, if it is none or if its length is not the one it states.
    """
    length, position = read_varint(data, 0, len(data), where)
    if length > _MOST_GROWTH * len(data):
        raise damaged(where, f"a Snappy block of {len(data)} bytes claims to hold {length}")
    output = bytearray()
    while position < len(data):
        kind, high = data[position] & 3, data[position] >> 2
        position += 1
        if kind == _LITERAL:
            extra = max(0, high - 59)  # 60 to 63 say that the length follows in 1 to 4 bytes
            count = 1 + (_little(data, position, extra, where) if extra else high)
            position += extra
            piece = data[position : position + count]
            position += count
            if len(piece) < count:
                raise damaged(where, f"a Snappy literal of {count} bytes runs past the end of its block")
        else:
            extra = {_SHORT_COPY: 1, 2: 2, 3: 4}[kind]
            offset, count = _little(data, position, extra, where), high + 1
            if kind == _SHORT_COPY:
                offset, count = offset | (high >> 3) << 8, 4 + (high & 7)
            position += extra
            if not 0 < offset <= len(output):
                raise damaged(where, f"a Snappy copy goes {offset} bytes back after {len(output)} bytes")
            start = len(output) - offset
            piece = bytes(output[start : start + count])
            if offset < count:  # a copy may run into what it writes: the piece repeats
                piece = (piece * (count // offset + 1))[:count]
        if len(output) + count > length:
            raise damaged(where, f"a Snappy block holds more than the {length} bytes it states")
        output += piece
    if len(output) != length:
        raise damaged(where, f"a Snappy block holds {len(output)} bytes but states {length}")
    return bytes(output)


def _little(data: bytes, position: int, count: int, where: str) -> int:
    if position + count > len(data):
        raise damaged(where, "a Snappy block ends within an element")
    return int.from_bytes(data[position : position + count], "little")
