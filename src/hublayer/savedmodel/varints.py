"""Variable-length integers, as protocol buffers, LevelDB tables and Snappy write them: 7 bits a byte, lowest first."""

from __future__ import annotations

from hublayer.savedmodel.damage import damaged

VARINT32 = 5  # bytes at most
VARINT64 = 10


def read_varint(
    data: bytes | memoryview, position: int, end: int, where: str, longest: int = VARINT32
) -> tuple[int, int]:
    """The integer at `position` of `data`, and the position after it.

    Reads no byte at or after `end`, and at most `longest` bytes. Raises CorruptSavedModelError where it does not end
    within them.
    """
    value = shift = 0
    for at in range(position, min(end, position + longest)):
        byte = data[at]
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, at + 1
        shift += 7
    raise damaged(where, f"the variable-length integer at byte {position} does not end")
