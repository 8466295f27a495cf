"""Tables of a FlatBuffer, read in place: every offset and length is checked before it is followed.

Format: https://flatbuffers.dev/internals/. A field that is absent has its default.
"""

from __future__ import annotations

import struct

import numpy as np

_SCALARS = {"bool": "<?", "uint8": "<B", "int32": "<i", "uint32": "<I", "float32": "<f"}


class FlatTable:
    """A table in a buffer, its fields by number. Reading raises ValueError for what lies outside of the buffer."""

    def __init__(self, buffer: bytes, position: int | None = None):
        """The root table, or that at `position`."""
        self._buffer = buffer
        self._position = self._unpack("<I", 0) if position is None else position
        self._vtable = self._position - self._unpack("<i", self._position)
        self._size = self._unpack("<H", self._vtable)

    def _unpack(self, kind: str, position: int) -> int:
        if not 0 <= position <= len(self._buffer) - struct.calcsize(kind):
            raise ValueError(f"broken flatbuffer: an offset leads to {position} of {len(self._buffer)} bytes")
        return struct.unpack_from(kind, self._buffer, position)[0]

    def _field(self, number: int) -> int | None:
        slot = 4 + 2 * number
        offset = self._unpack("<H", self._vtable + slot) if slot + 2 <= self._size else 0
        return self._position + offset if offset else None

    def _vector(self, number: int, size: int) -> tuple[int, int]:
        """Where the elements of a vector start, and how many of `size` bytes there are."""
        field = self._field(number)
        if field is None:
            return 0, 0
        return self._items(field + self._unpack("<I", field), size)

    def _items(self, position: int, size: int) -> tuple[int, int]:
        count = self._unpack("<I", position)
        if count * size > len(self._buffer) - position - 4:
            raise ValueError(f"broken flatbuffer: {count} elements at {position} of {len(self._buffer)} bytes")
        return position + 4, count

    def scalar(self, number: int, kind: str, default: int | float | bool = 0) -> int | float | bool:
        """A number; kind: bool, uint8, int32, uint32 or float32."""
        field = self._field(number)
        return default if field is None else self._unpack(_SCALARS[kind], field)

    def array(self, number: int, dtype: str) -> np.ndarray:
        """A vector of numbers or structs, shape (n,), without a copy."""
        kind = np.dtype(dtype)
        start, count = self._vector(number, kind.itemsize)
        return np.frombuffer(self._buffer, kind, count, start) if count else np.zeros(0, kind)

    def text(self, number: int) -> bytes:
        """A string."""
        start, count = self._vector(number, 1)
        return self._buffer[start : start + count]

    def texts(self, number: int) -> list[bytes]:
        """A vector of strings."""
        start, count = self._vector(number, 4)
        strings = []
        for place in range(start, start + 4 * count, 4):
            begin, length = self._items(place + self._unpack("<I", place), 1)
            strings.append(self._buffer[begin : begin + length])
        return strings

    def table(self, number: int) -> FlatTable | None:
        """A table inside; None if it is absent."""
        field = self._field(number)
        return None if field is None else FlatTable(self._buffer, field + self._unpack("<I", field))
