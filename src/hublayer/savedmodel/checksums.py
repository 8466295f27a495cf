"""The checksum of tables and tensors: CRC-32C, masked.

A CRC of data that holds CRCs is weak, so LevelDB and TensorFlow store it rotated and shifted by a constant.
"""

from __future__ import annotations

from collections.abc import Iterable

import google_crc32c
import numpy as np

_MASK_DELTA = 0xA282EAD8
_CHUNK = 1 << 24


def masked_crc32c(parts: Iterable[bytes | np.ndarray]) -> int:
    """The masked CRC-32C, 32 bits, of the concatenated `parts`: bytes, or arrays of uint8, shape (n,)."""
    crc = 0
    for part in parts:
        for start in range(0, len(part), _CHUNK):
            crc = google_crc32c.extend(crc, part[start : start + _CHUNK])  # pyright: ignore[reportArgumentType]
    return ((crc >> 15 | crc << 17) + _MASK_DELTA) & 0xFFFFFFFF
