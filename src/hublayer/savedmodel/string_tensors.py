"""Decode the elements of a stored string tensor.

The format is that of WriteStringTensor in tensorflow/core/util/tensor_bundle/tensor_bundle.cc: the lengths of all
elements as varints, the masked CRC-32C of the lengths, then the bytes of all elements.
"""

from __future__ import annotations

import numpy as np

from hublayer.savedmodel.checksums import masked_crc32c
from hublayer.savedmodel.damage import damaged
from hublayer.savedmodel.varints import VARINT64, read_varint

_CHECKSUM = 4


def decode_strings(data: np.ndarray, count: int, where: str, crc32c: int | None = None) -> np.ndarray:
    """The `count` elements in `data` (uint8, shape (n,)) as an object array of bytes, shape (count,).

    `crc32c` is the tensor's checksum, or None to compare only that of the lengths.
    Raises CorruptSavedModelError, naming `where`, if the elements do not fill `data` or a checksum does not fit.
    """
    end = len(data) - _CHECKSUM
    if count > end:  # each element takes a byte at least, so this bounds the array below
        raise damaged(where, f"{len(data)} bytes are too few for {count} strings")
    view = memoryview(data)  # pyright: ignore[reportArgumentType]
    lengths, total, position = np.empty(count, np.uint64), 0, 0
    for number in range(count):
        length, position = read_varint(view, position, end, where, VARINT64)
        total += length
        if total > end - position:
            raise damaged(where, f"string {number} of {length} bytes runs past the tensor's {len(data)} bytes")
        lengths[number] = length
    if position + total != end:
        raise damaged(where, f"{count} strings take {position + _CHECKSUM + total} bytes of {len(data)}")
    # The checksums cover the lengths as fixed 4 bytes, or 8 where they need them.
    fixed = b"".join(int(n).to_bytes(4 if n < 1 << 32 else 8, "little") for n in lengths)
    checksum, strings = data[position : position + _CHECKSUM], data[position + _CHECKSUM :]
    if masked_crc32c([fixed]) != int.from_bytes(checksum.tobytes(), "little"):
        raise damaged(where, f"the lengths of its {count} strings do not fit their checksum")
    if crc32c is not None and masked_crc32c([fixed, checksum, strings]) != crc32c:
        raise damaged(where, "its bytes do not fit their checksum")
    elements = np.empty(count, object)
    position += _CHECKSUM
    for number in range(count):
        after = position + int(lengths[number])
        elements[number] = view[position:after].tobytes()
        position = after
    return elements
