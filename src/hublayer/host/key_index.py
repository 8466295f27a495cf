"""Where each of many keys stands in a fixed list of distinct keys, found for whole arrays at once."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from hublayer.host.string_tensor import StringTensor

# Longest key, in bytes, of an index over strings: a round of eight bytes costs the same for one key as for many.
LONGEST = 64
_SHIFT = np.uint64(32)
# In the highest byte of a code stands the length of a short string, or this.
_LONG = np.uint64(0xFF << 56)


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
    """Finds strings of at most `LONGEST` bytes, and compares all their bytes.

    A string of up to seven bytes is one number: its bytes, and its length above them. A longer one is a hash that
    cannot be such a number, and its bytes are compared eight at a time.
    """

    def __init__(self, keys: StringTensor):
        """Raises ValueError for keys that are longer, or that are none at all."""
        starts, ends, data = keys.pieces
        lengths = ends - starts
        if not keys.size or lengths.max() > LONGEST:
            raise ValueError("an index is over some strings, none of them too long")
        self._multipliers = [_odd() for _ in range(2)]
        self._longest = int(lengths.max())
        codes, long, words = self._codes(starts, lengths, data)
        self._codes_of_keys = codes
        self._lengths = lengths.astype(np.uint8)
        self._words = [np.zeros(keys.size, np.uint64) for _ in words]
        for column, found in zip(self._words, words, strict=True):
            column[long] = found
        self._buckets = _Buckets.of(self._hash(codes))

    def _hash(self, codes: np.ndarray) -> np.ndarray:
        hashes = codes * self._multipliers[0]
        hashes ^= hashes >> _SHIFT
        hashes *= self._multipliers[1]
        return hashes

    def _codes(
        self, starts: np.ndarray, lengths: np.ndarray, data: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray, list[np.ndarray]]:
        """uint64 for each string; which are longer than seven bytes, and their bytes as uint64 words, zeros behind."""
        base, stop = (int(starts[0]), int(starts[-1] + lengths[-1])) if len(starts) else (0, 0)
        padded = np.zeros(stop - base + 8, np.uint8)
        padded[:-8] = data[base:stop]
        every = np.ndarray(
            (stop - base + 1,), "<u8", padded.data, strides=(1,)
        )  # a word at every byte; take() would copy them all
        starts = starts - base
        codes = _cut(every[starts], np.minimum(lengths, 8))
        codes |= lengths.view(np.uint64) << np.uint64(56)  # of longer ones this is nothing yet
        long = np.flatnonzero(lengths > 7)
        starts, lengths = starts.take(long), lengths.take(long)
        first, second = self._multipliers
        mixed, words = lengths.astype(np.uint64), []
        for begin in range(0, self._longest, 8):
            places = starts + begin
            words.append(_cut(every[np.minimum(places, len(every) - 1)], np.minimum(lengths - begin, 8)))
            mixed ^= words[-1]
            mixed *= first
            mixed ^= mixed >> _SHIFT
            mixed *= second
        codes[long] = mixed | _LONG
        return codes, long, words

    def find(self, keys: StringTensor) -> np.ndarray:
        """int64, shape (keys.size,): the place of each string among the indexed keys, -1 for one that is not there."""
        starts, ends, data = keys.pieces
        lengths = ends - starts
        codes, long, words = self._codes(starts, lengths, data)
        number = np.full(len(codes), -1, np.int32)
        number[long] = np.arange(len(long))
        lengths = lengths[long]

        def differ(places: np.ndarray, which: np.ndarray | None) -> np.ndarray:
            different = self._codes_of_keys.take(places) != (codes if which is None else codes[which])
            if not len(long):
                return different
            numbers = number if which is None else number[which]
            inside = long if which is None else np.flatnonzero(numbers >= 0)
            mine, rows = numbers[inside], places[inside]
            wrong = self._lengths.take(rows) != lengths[mine]
            for column, word in zip(self._words, words, strict=True):
                wrong |= column.take(rows) != word[mine]
            different[inside] |= wrong
            return different

        return self._buckets.find(self._hash(codes), differ)


def _cut(words: np.ndarray, lengths: np.ndarray) -> np.ndarray:
    """The first bytes of little-endian words, zeros behind. lengths: int64, 8 at most; none for less than one."""
    gone = (8 - lengths).view(np.uint64) << np.uint64(3)
    words <<= gone  # by 64 and more gives zero
    words >>= gone
    return words


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
