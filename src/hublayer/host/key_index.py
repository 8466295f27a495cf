"""Where each of many keys stands in a fixed list of distinct keys, found for whole arrays at once."""

from __future__ import annotations

import os
from dataclasses import dataclass

import numpy as np

from hublayer.host.string_tensor import StringTensor

# Longest key, in bytes, of an index over strings: a round of eight bytes costs the same for one key as for many.
LONGEST = 64
_SHIFT = np.uint64(32)
# In the highest byte of a code stands the length of a short string, or this.
_LONG = np.uint64(0xFF << 56)
# That two of a million long keys share a code happens once in a hundred thousand times.
_ATTEMPTS = 3


def _odd() -> np.uint64:
    """A random odd multiplier: nobody can choose keys that collide."""
    return np.uint64(int.from_bytes(os.urandom(8), "little") | 1)


@dataclass(frozen=True)
class _Chains:
    """Rows whose hashes begin with the same bits: the first of them, and after each row the next; `rows` ends."""

    first: np.ndarray
    next: np.ndarray
    rows: int
    shift: np.uint64

    @classmethod
    def of(cls, hashes: np.ndarray) -> _Chains:
        rows = len(hashes)
        bits = max(4, rows.bit_length() + 2)
        shift = np.uint64(64 - bits)
        buckets = (hashes >> shift).astype(np.int64)
        order = np.argsort(buckets, kind="stable").astype(np.int32)
        ordered = buckets[order]
        follows = ordered[1:] == ordered[:-1]
        after = np.full(rows + 1, rows, np.int32)
        after[order[:-1][follows]] = order[1:][follows]
        first = np.full(1 << bits, rows, np.int32)
        starts = np.concatenate([[True], ~follows]) if rows else np.zeros(0, np.bool_)
        first[ordered[starts]] = order[starts]
        return cls(first, after, rows, shift)

    def find(self, hashes: np.ndarray, keys: np.ndarray, known: np.ndarray) -> np.ndarray:
        """int64: the row of `known` that holds each of `keys`, -1 for none.

        known: shape (rows + 1,), distinct; the last is none of the rows.
        """
        hashes >>= self.shift
        found = self.first.take(hashes.view(np.int64))
        open_ = np.flatnonzero(known.take(found) != keys)
        while open_.size:
            following = self.next.take(found.take(open_))
            found[open_] = following
            open_ = open_[(known.take(following) != keys.take(open_)) & (following != self.rows)]
        found = found.astype(np.int64)
        found[found == self.rows] = -1
        return found


class StringIndex:
    """Finds strings of at most `LONGEST` bytes, and compares all their bytes.

    The code of a string of up to seven bytes is its bytes, and its length above them. That of a longer one is a hash
    that cannot be such a number; no two keys have the same, so a code names one key, whose bytes are then compared.
    """

    def __init__(self, keys: StringTensor):
        """keys: distinct. Raises ValueError for keys that are longer, or that are none at all."""
        starts, ends, data = keys.pieces
        lengths = ends - starts
        if not keys.size or lengths.max() > LONGEST:
            raise ValueError("an index is over some strings, none of them too long")
        self._longest = int(lengths.max())
        for _ in range(_ATTEMPTS):
            self._multipliers = [_odd() for _ in range(2)]
            codes, long, words = self._codes(starts, lengths, data)
            if len(np.unique(codes)) == keys.size:
                break
        else:
            raise ValueError("an index is over distinct strings")
        self._lengths = lengths
        self._words = [np.zeros(keys.size, np.uint64) for _ in words]
        for column, found in zip(self._words, words, strict=True):
            column[long] = found
        self._codes_of_keys = np.append(codes, np.uint64(0))
        self._chains = _Chains.of(self._hash(codes))

    def _hash(self, codes: np.ndarray) -> np.ndarray:
        hashes = codes * self._multipliers[0]
        hashes ^= hashes >> _SHIFT
        hashes *= self._multipliers[1]
        return hashes

    def _codes(
        self, starts: np.ndarray, lengths: np.ndarray, data: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray, list[np.ndarray]]:
        """uint64 for each string; which are longer than seven bytes, and all their bytes as uint64 words."""
        base, stop = (int(starts[0]), int(starts[-1] + lengths[-1])) if len(starts) else (0, 0)
        padded = np.zeros(stop - base + 8, np.uint8)
        padded[:-8] = data[base:stop]
        # A word at every byte; take() would copy them all.
        every = np.ndarray((stop - base + 1,), "<u8", padded.data, strides=(1,))
        codes = every[starts - base] if base else every[starts]
        long = np.flatnonzero(lengths > 7)
        starts, longer = starts.take(long), lengths.take(long)
        last = starts + longer
        last -= base + 8
        words = [codes.take(long), every[last]]
        for begin in range(8, self._longest - 8, 8):
            inside = np.flatnonzero(longer > begin + 8)
            words.append(np.zeros(len(long), np.uint64))
            words[-1][inside] = every[starts[inside] + (begin - base)]
        first, second = self._multipliers
        mixed = longer.astype(np.uint64)
        for word in words:
            mixed ^= word
            mixed *= first
            mixed ^= mixed >> _SHIFT
            mixed *= second
        mixed |= _LONG
        gone = (8 - lengths).view(np.uint64)  # of what is behind a short string
        gone <<= np.uint64(3)
        codes <<= gone  # by 64 and more gives zero
        codes >>= gone
        codes |= lengths.view(np.uint64) << np.uint64(56)
        codes[long] = mixed
        return codes, long, words

    def find(self, keys: StringTensor) -> np.ndarray:
        """int64, shape (keys.size,): the place of each string among the indexed keys, -1 for one that is not there."""
        starts, ends, data = keys.pieces
        lengths = ends - starts
        codes, long, words = self._codes(starts, lengths, data)
        found = self._chains.find(self._hash(codes), codes, self._codes_of_keys)
        if len(long):
            places = found.take(long)
            wrong = self._lengths.take(places) != lengths.take(long)
            for column, word in zip(self._words, words, strict=True):
                wrong |= column.take(places) != word
            if wrong.any():  # also of those that were not found
                found[long[wrong]] = -1
        return found


class IntegerIndex:
    """Finds integers by a hash."""

    def __init__(self, keys: np.ndarray):
        """keys: int64 vector of distinct values, not empty."""
        self._multiplier = _odd()
        self._keys = np.append(keys, 0)
        self._chains = _Chains.of(self._hash(keys))

    def _hash(self, keys: np.ndarray) -> np.ndarray:
        mixed = keys.view(np.uint64) * self._multiplier
        return (mixed ^ (mixed >> _SHIFT)) * self._multiplier

    def find(self, keys: np.ndarray) -> np.ndarray:
        """int64: the place of each value of an int64 vector among the indexed keys, -1 for one that is not there."""
        keys = np.ascontiguousarray(keys)
        return self._chains.find(self._hash(keys), keys, self._keys)
