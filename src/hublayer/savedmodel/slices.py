"""Parts of partitioned tensors: where they lie, and the keys they are stored under.

A slice is a tuple of (start, length) per dimension; a length of None is all of a dimension.
The keys are TensorFlow's EncodeTensorNameSlice (tensorflow/core/util/saved_tensor_slice_util.cc) in its OrderedCode
(tensorflow/core/lib/strings/ordered_code.cc), whose encodings sort like the values.
"""

from __future__ import annotations

from hublayer.savedmodel.damage import damaged

Slice = tuple[tuple[int, int | None], ...]

SLICE_MARK = b"\x00"  # the number 0; no tensor's own name starts with it
_WHOLE = -1


def slice_key(name: str, part: Slice) -> bytes:
    """The key of the entry that holds `part` of the tensor `name`."""
    pieces = [SLICE_MARK, _string(name.encode()), _unsigned(len(part))]
    for start, length in part:
        pieces += [_signed(start), _signed(_WHOLE if length is None else length)]
    return b"".join(pieces)


def _string(value: bytes) -> bytes:
    """The bytes with each 0 followed by 255, then an end mark. (A 255 would be escaped too, but UTF-8 has none.)"""
    return value.replace(b"\x00", b"\x00\xff") + b"\x00\x01"


def _unsigned(value: int) -> bytes:
    """The number of bytes, then the bytes without leading zeros, highest first."""
    count = (value.bit_length() + 7) // 8
    return bytes([count]) + value.to_bytes(count, "big")


def _signed(value: int) -> bytes:
    """Two's complement in n bytes, highest first, its first n bits inverted: they tell n and the sign."""
    magnitude = ~value if value < 0 else value
    count = 1 + magnitude.bit_length() // 7
    header = ((1 << count) - 1) << 7 * count
    return ((value & ((1 << 8 * count) - 1)) ^ header).to_bytes(count, "big")


def region(part: Slice, shape: tuple[int, ...], where: str) -> tuple[slice, ...]:
    """`part` as the index of an array of `shape`.

    Raises CorruptSavedModelError, naming `where`, if it has another rank or leaves the array.
    """
    if len(part) != len(shape):
        raise damaged(where, f"a slice of {len(part)} dimensions is listed for shape {shape}")
    index = []
    for (start, length), dim in zip(part, shape, strict=True):
        stop = dim if length is None else start + length
        if not 0 <= start <= stop <= dim:
            raise damaged(where, f"a slice from {start} to {stop} is listed for shape {shape}")
        index.append(slice(start, stop))
    return tuple(index)
