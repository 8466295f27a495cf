"""Where each of many keys stands in a fixed list of distinct keys, found for whole arrays at once."""

from __future__ import annotations

import os
from dataclasses import dataclass

import numpy as np

from hublayer.host.string_tensor import StringTensor

# Longest key, in bytes, of an index over strings: a round of eight bytes costs the same for one key as for many.
LONGEST = 64
_MASKS = np.array([(1 << 8 * count) - 1 for count in range(8)] + [2**64 - 1], np.uint64)
_SHIFT = np.uint64(32)


def _odd() -> np.uint64:
    """A random odd multiplier: nobody can choose keys that collide."""
    return np.uint64(int.from_bytes(os.urandom(8), "little") | 1)


@dataclass(frozen=True)
class _Buckets:
    """Hashes in ascending order, and where those with the same leading bits start."""

    hashes: np.ndarray
    order: np.ndarray
    starts: np.ndarray
    shift: np.uint64

    @classmethod
    def of(cls, hashes: np.ndarray) -> _Buckets | None:
        """None if two hashes are the same."""
        order = np.argsort(hashes)
        ordered = hashes[order]
        if (ordered[1:] == ordered[:-1]).any():
            return None
        bits = max(4, len(hashes).bit_length() + 2)
        shift = np.uint64(64 - bits)
        counts = np.bincount((ordered >> shift).astype(np.int64), minlength=1 << bits)
        starts = np.zeros((1 << bits) + 1, np.int32)
        np.cumsum(counts, out=starts[1:])
        return cls(ordered, order, starts, shift)

    def find(self, hashes: np.ndarray) -> np.ndarray:
        """int64: which of the indexed hashes equals each of `hashes`, -1 for none."""
        bucket = (hashes >> self.shift).astype(np.int64)
        place, end = self.starts.take(bucket), self.starts.take(bucket + 1)
        last = len(self.hashes) - 1
        found = np.where(self.hashes.take(np.minimum(place, last)) == hashes, place, -1)
        open_ = np.flatnonzero((found < 0) & (place + 1 < end))
        while open_.size:
            place[open_] += 1
            same = self.hashes.take(place[open_]) == hashes[open_]
            found[open_[same]] = place[open_[same]]
            open_ = open_[~same & (place[open_] + 1 < end[open_])]
        return np.where(found < 0, -1, self.order.take(np.maximum(found, 0)))


class StringIndex:
    """Finds strings of at most `LONGEST` bytes by a hash, and compares all their bytes."""

    def __init__(self, keys: StringTensor):
        """Raises ValueError for keys that are longer, that are none at all, or that cannot be told apart."""
        lengths = np.diff(keys.offsets)
        if not keys.size or lengths.max() > LONGEST:
            raise ValueError("an index is over some strings, none of them too long")
        self._lengths = lengths
        self._longest = int(lengths.max())
        self._multipliers = [_odd() for _ in range(2)]
        chunks = _chunks(keys.offsets, keys.data, lengths, self._longest)
        self._words = [np.zeros(keys.size, np.uint64) for _ in chunks]
        for column, (rows, words) in zip(self._words, chunks, strict=True):
            column[rows] = words
        buckets = _Buckets.of(self._hash(lengths, chunks))
        if buckets is None:
            raise ValueError("two keys have the same hash")
        self._buckets = buckets

    def _hash(self, lengths: np.ndarray, chunks: list[tuple[np.ndarray | slice, np.ndarray]]) -> np.ndarray:
        first, second = self._multipliers
        hashes = lengths.astype(np.uint64) * second
        for rows, words in chunks:
            mixed = (hashes[rows] ^ words) * first
            mixed ^= mixed >> _SHIFT
            mixed *= second
            hashes[rows] = mixed ^ (mixed >> _SHIFT)
        return hashes * first

    def find(self, keys: StringTensor) -> np.ndarray:
        """int64, shape (keys.size,): the place of each string among the indexed keys, -1 for one that is not there."""
        offsets = keys.offsets
        lengths = np.diff(offsets)
        chunks = _chunks(offsets, keys.data, lengths, self._longest)
        found = self._buckets.find(self._hash(lengths, chunks))
        place = np.maximum(found, 0)
        differ = self._lengths.take(place) != lengths
        for column, (rows, words) in zip(self._words, chunks, strict=True):
            differ[rows] |= column.take(place[rows]) != words
        found[differ] = -1
        return found


def _chunks(
    offsets: np.ndarray, data: np.ndarray, lengths: np.ndarray, longest: int
) -> list[tuple[np.ndarray | slice, np.ndarray]]:
    """Bytes 0 to 8, 8 to 16, … of the strings that have them, up to `longest`: which strings, and uint64 words."""
    start, stop = int(offsets[0]), int(offsets[-1])
    padded = np.zeros(stop - start + 8, np.uint8)
    padded[:-8] = data[start:stop]
    words = np.ndarray((stop - start + 1,), "<u8", padded.data, strides=(1,))  # one at every byte
    starts = offsets[:-1] - start
    chunks: list[tuple[np.ndarray | slice, np.ndarray]] = [
        (slice(None), words.take(starts) & _MASKS.take(np.minimum(lengths, 8)))
    ]
    rows = np.flatnonzero(lengths > 8)
    for begin in range(8, longest, 8):  # empty rounds too: as many chunks for any strings
        left = lengths[rows] - begin
        chunks.append((rows, words.take(starts[rows] + begin) & _MASKS.take(np.minimum(left, 8))))
        rows = rows[left > 8]
    return chunks


class IntegerIndex:
    """Finds integers by a hash."""

    def __init__(self, keys: np.ndarray):
        """keys: int64 vector of distinct values, not empty."""
        self._multiplier = _odd()
        buckets = _Buckets.of(self._hash(keys))
        assert buckets is not None, "the hash is a bijection"
        self._buckets = buckets

    def _hash(self, keys: np.ndarray) -> np.ndarray:
        mixed = keys.view(np.uint64) * self._multiplier
        return (mixed ^ (mixed >> _SHIFT)) * self._multiplier

    def find(self, keys: np.ndarray) -> np.ndarray:
        """int64: the place of each value of an int64 vector among the indexed keys, -1 for one that is not there."""
        return self._buckets.find(self._hash(np.ascontiguousarray(keys)))
