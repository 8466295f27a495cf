"""Sets of bytes over the buffer of a string tensor: where they stand, and strings without them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import pyarrow as pa

from hublayer.host.string_tensor import StringTensor

# Up to here comparing with each range of bytes is faster than looking each byte up in a table.
_MOST_RANGES = 4
# From so many bytes on Arrow's filter, which copies runs, is faster than NumPy's.
_ARROW_FILTERS_FASTER = 1 << 14


@dataclass(frozen=True)
class ByteSet:
    """Byte values, as a table of 256 truth values and as inclusive ranges."""

    members: bytes
    table: bytes
    ranges: tuple[tuple[int, int], ...]

    def mask(self, data: np.ndarray) -> np.ndarray:
        """bool, of the shape of `data` (uint8): which bytes are in the set. The caller may write to it."""
        if not self.ranges:
            return np.zeros(data.shape, bool)
        if len(self.ranges) > _MOST_RANGES:
            return np.frombuffer(bytearray(data.tobytes()).translate(self.table), np.bool_).reshape(data.shape)
        masks = [
            data == low if low == high else (data - np.uint8(low)) <= np.uint8(high - low) for low, high in self.ranges
        ]
        for other in masks[1:]:
            masks[0] |= other
        return masks[0]


@lru_cache(maxsize=256)
def byte_set(members: bytes) -> ByteSet:
    """The set of the bytes in `members`."""
    table = np.zeros(256, bool)
    table[list(members)] = True
    edges = np.flatnonzero(np.diff(table.astype(np.int8), prepend=0, append=0)).tolist()
    ranges = tuple((low, high - 1) for low, high in zip(edges[::2], edges[1::2], strict=True))
    return ByteSet(bytes(sorted(set(members))), table.tobytes(), ranges)


def where(data: np.ndarray, kept: np.ndarray) -> np.ndarray:
    """The bytes of `data` (uint8) where `kept` (bool, same shape) is true."""
    if len(data) < _ARROW_FILTERS_FASTER:
        return data[kept]
    bits = pa.py_buffer(np.packbits(kept, bitorder="little"))
    mask = pa.Array.from_buffers(pa.bool_(), len(kept), [None, bits])
    return pa.array(data).filter(mask).to_numpy()


def without(data: np.ndarray, offsets: np.ndarray, dropped: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Offsets and bytes of the strings of `data` without the bytes where `dropped` is true.

    data: uint8; offsets: int64, starting at 0 and ending at len(data); dropped: bool, of the length of `data`.
    """
    return offsets - np.searchsorted(np.flatnonzero(dropped), offsets), where(data, ~dropped)


def run_starts(mask: np.ndarray, offsets: np.ndarray) -> np.ndarray:
    """bool, of the shape of `mask`: the first of each run of true values; a run ends where its string ends."""
    starts = mask.copy()
    starts[1:] &= ~mask[:-1]
    firsts = offsets[:-1][offsets[:-1] < len(mask)]
    starts[firsts] = mask[firsts]
    return starts


def offsets_of(lengths: Iterable[int]) -> np.ndarray:
    """int64: where strings of these lengths start and end if one follows another."""
    lengths = np.asarray(lengths, np.int64)
    offsets = np.zeros(len(lengths) + 1, np.int64)
    np.cumsum(lengths, out=offsets[1:])
    return offsets


def region(tensor: StringTensor) -> np.ndarray:
    """uint8: the bytes of the tensor's strings alone, which may be a part of its buffer."""
    offsets = tensor.offsets
    return tensor.data[offsets[0] : offsets[-1]]
