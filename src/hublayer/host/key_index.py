"""Where each of many keys stands in a fixed list of distinct keys, found for whole arrays at once."""

from __future__ import annotations

import os
from collections.abc import Callable
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
    """Which rows have a hash with the same leading bits: the first of them, and after each row the next; -1 ends."""

    first: np.ndarray
    next: np.ndarray
    shift: np.uint64

    @classmethod
    def of(cls, hashes: np.ndarray) -> _Buckets:
        rows = len(hashes)
        bits = max(4, rows.bit_length() + 2)
        shift = np.uint64(64 - bits)
        buckets = (hashes >> shift).astype(np.int64)
        order = np.argsort(buckets, kind="stable").astype(np.int32)
        ordered = buckets[order]
        follows = ordered[1:] == ordered[:-1]
        after = np.full(rows, -1, np.int32)
        after[order[:-1][follows]] = order[1:][follows]
        first = np.full(1 << bits, -1, np.int32)
        starts = np.concatenate([[True], ~follows]) if rows else np.zeros(0, np.bool_)
        first[ordered[starts]] = order[starts]
        return cls(first, after, shift)

    def find(self, hashes: np.ndarray, differ: Callable[[np.ndarray, np.ndarray | None], np.ndarray]) -> np.ndarray:
        """int64: the row that each of `hashes` belongs to, -1 for none.

        differ: for rows, not negative, and which of the hashes they are for (ascending; None for all in their order),
        whether their keys are different ones.
        """
        found = self.first.take((hashes >> self.shift).astype(np.int64))
        wrong = differ(np.maximum(found, 0), None)
        wrong |= found < 0
        open_ = np.flatnonzero(wrong)
        while open_.size:
            following = self.next.take(np.maximum(found[open_], 0))
            following[found[open_] < 0] = -1
            found[open_] = following
            open_, following = open_[following >= 0], following[following >= 0]
            open_ = open_[differ(following, open_)]
        return found.astype(np.int64)


class StringIndex:
    """Finds strings of at most `LONGEST` bytes by a hash, and compares all their bytes."""

    def __init__(self, keys: StringTensor):
        """Raises ValueError for keys that are longer, or that are none at all."""
        starts, ends, data = keys.pieces
        lengths = ends - starts
        if not keys.size or lengths.max() > LONGEST:
            raise ValueError("an index is over some strings, none of them too long")
        self._lengths = lengths.astype(np.uint8)
        self._longest = int(lengths.max())
        self._multipliers = [_odd() for _ in range(2)]
        chunks = _chunks(starts, lengths, data, self._longest)
        self._words = [np.zeros(keys.size, np.uint64) for _ in chunks]
        for column, (rows, words) in zip(self._words, chunks, strict=True):
            column[rows] = words
        self._buckets = _Buckets.of(self._hash(lengths, chunks))

    def _hash(self, lengths: np.ndarray, chunks: list[tuple[np.ndarray | slice, np.ndarray]]) -> np.ndarray:
        first, second = self._multipliers
        hashes = lengths.astype(np.uint64)
        hashes *= second
        for rows, words in chunks:
            mixed = (hashes if isinstance(rows, slice) else hashes[rows]) ^ words
            mixed *= first
            mixed ^= mixed >> _SHIFT
            mixed *= second
            hashes[rows] = mixed ^ (mixed >> _SHIFT)
        hashes *= first
        return hashes

    def find(self, keys: StringTensor) -> np.ndarray:
        """int64, shape (keys.size,): the place of each string among the indexed keys, -1 for one that is not there."""
        starts, ends, data = keys.pieces
        lengths = ends - starts
        chunks = _chunks(starts, lengths, data, self._longest)

        def differ(places: np.ndarray, which: np.ndarray | None) -> np.ndarray:
            different = self._lengths.take(places) != (lengths if which is None else lengths[which])
            for column, (rows, words) in zip(self._words, chunks, strict=True):
                if isinstance(rows, slice):
                    different |= column.take(places) != (words if which is None else words[which])
                elif which is None:
                    different[rows] |= column.take(places[rows]) != words
                elif len(rows):
                    mine = np.minimum(np.searchsorted(rows, which), len(rows) - 1)
                    long = np.flatnonzero(rows[mine] == which)
                    different[long] |= column.take(places[long]) != words[mine[long]]
            return different

        return self._buckets.find(self._hash(lengths, chunks), differ)


def _chunks(
    starts: np.ndarray, lengths: np.ndarray, data: np.ndarray, longest: int
) -> list[tuple[np.ndarray | slice, np.ndarray]]:
    """Bytes 0 to 8, 8 to 16, … of the strings that have them, up to `longest`: which strings, and uint64 words."""
    base, stop = (int(starts[0]), int(starts[-1] + lengths[-1])) if len(starts) else (0, 0)
    padded = np.zeros(stop - base + 8, np.uint8)
    padded[:-8] = data[base:stop]
    words = np.ndarray((stop - base + 1,), "<u8", padded.data, strides=(1,))  # one at every byte
    starts = starts - base
    first = words.take(starts)
    first &= _MASKS.take(np.minimum(lengths, 8))
    chunks: list[tuple[np.ndarray | slice, np.ndarray]] = [(slice(None), first)]
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
        self._keys = keys
        self._buckets = _Buckets.of(self._hash(keys))

    def _hash(self, keys: np.ndarray) -> np.ndarray:
        mixed = keys.view(np.uint64) * self._multiplier
        return (mixed ^ (mixed >> _SHIFT)) * self._multiplier

    def find(self, keys: np.ndarray) -> np.ndarray:
        """int64: the place of each value of an int64 vector among the indexed keys, -1 for one that is not there."""
        keys = np.ascontiguousarray(keys)

        def differ(places: np.ndarray, which: np.ndarray | None) -> np.ndarray:
            return self._keys.take(places) != (keys if which is None else keys[which])

        return self._buckets.find(self._hash(keys), differ)
