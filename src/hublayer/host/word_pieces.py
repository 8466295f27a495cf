"""Words cut into pieces: each distinct word once, whatever cuts it, and the results laid out for whole tensors."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from threading import Lock
from typing import NamedTuple

import numpy as np
import pyarrow as pa

from hublayer.host.elements import ranges
from hublayer.host.key_index import LONGEST, StringIndex
from hublayer.host.string_tensor import StringTensor


class Piece(NamedTuple):
    """A piece of a word: its text, its number in the vocabulary, the bytes of the word that it stands for."""

    text: bytes
    id: int
    start: int
    end: int


@dataclass(frozen=True)
class Pieces:
    """The pieces of many words, one after another. counts: how many each word has; all of them int64, shape (n,)."""

    texts: StringTensor
    ids: np.ndarray
    starts: np.ndarray
    ends: np.ndarray
    counts: np.ndarray


class _Column:
    """int64 numbers to which more are added."""

    def __init__(self) -> None:
        self._array = np.zeros(1024, np.int64)
        self._size = 0

    def extend(self, values: list[int]) -> None:
        size = self._size + len(values)
        if size > len(self._array):
            self._array = np.concatenate([self._array[: self._size], np.zeros(size, np.int64)])
        self._array[self._size : size] = values
        self._size = size

    def __len__(self) -> int:
        return self._size

    def take(self, places: np.ndarray) -> np.ndarray:
        return self._array.take(places)


class _Kept:
    """What words became: the pieces of word `row` are those from first[row] on, count[row] of them."""

    def __init__(self) -> None:
        self.words: dict[bytes, int] = {}
        self.first, self.count = _Column(), _Column()
        self.text, self.id, self.start, self.end = _Column(), _Column(), _Column(), _Column()
        self._texts: dict[bytes, int] = {}
        self._pool: pa.Array = pa.array([], pa.large_binary())
        self._index: StringIndex | None = None
        self._rows_of_index = np.zeros(0, np.int64)
        self._missed = 0

    def add(self, words: list[bytes], found: list[list[Piece]]) -> None:
        """Words that are not known yet, and their pieces."""
        first, row = len(self.text), len(self.count)
        counts = list(map(len, found))
        self.count.extend(counts)
        self.first.extend((first + np.cumsum([0, *counts[:-1]])).tolist())
        texts = self._texts
        pieces = [piece for pieces in found for piece in pieces]
        self.text.extend([texts.setdefault(piece.text, len(texts)) for piece in pieces])
        self.id.extend([piece.id for piece in pieces])
        self.start.extend([piece.start for piece in pieces])
        self.end.extend([piece.end for piece in pieces])
        self.words.update((word, i) for i, word in enumerate(words, row) if len(word) <= _LONGEST_KEPT)

    def indexed(self, words: StringTensor) -> np.ndarray:
        """int64: the row of each word that the index has, -1 for others, which may be known all the same."""
        # Making an index takes as long as finding as many words in the dict, or a little less.
        if self._missed > len(self.words):
            self._missed = 0
            with suppress(ValueError):
                self._index = StringIndex(StringTensor.from_list(list(self.words)))
                self._rows_of_index = np.array([*self.words.values(), -1], np.int64)
        if self._index is None:
            rows = np.full(words.size, -1, np.int64)
        else:
            rows = self._rows_of_index.take(self._index.find(words))
        self._missed += np.count_nonzero(rows < 0)
        return rows

    def texts(self, places: np.ndarray) -> pa.Array:
        """The texts of some pieces: type large_binary."""
        if len(self._pool) != len(self._texts):
            new = list(self._texts)[len(self._pool) :]
            self._pool = pa.concat_arrays([self._pool, pa.array(new, pa.large_binary())])
        return self._pool.take(pa.array(self.text.take(places)))


# Longer words hardly come again.
_LONGEST_KEPT = LONGEST
# From so many words on, finding them all at once is faster than asking a dict for each.
_MANY = 512


class WordPieces:
    """Cuts words with a function from a word to its pieces, and keeps what short words became.

    When more than `most_pieces` pieces are kept, all are forgotten. It may be called by several threads.
    """

    def __init__(self, cut: Callable[[bytes], list[Piece]], most_pieces: int = 1 << 19):
        self._cut = cut
        self._most = most_pieces
        self._lock = Lock()
        self._kept = _Kept()

    def __call__(self, words: StringTensor) -> Pieces:
        """words: a vector."""
        with self._lock:
            if len(self._kept.text) > self._most:
                self._kept = _Kept()
            kept = self._kept
            rows = self._rows(kept, words)
            counts = kept.count.take(rows)
            places = ranges(kept.first.take(rows), counts)
            ids, starts, ends = kept.id.take(places), kept.start.take(places), kept.end.take(places)
        texts = StringTensor.later(lambda: self._texts(kept, places), places.shape)
        return Pieces(texts, ids, starts, ends, counts)

    def _texts(self, kept: _Kept, places: np.ndarray) -> pa.Array:
        with self._lock:
            return kept.texts(places)

    def _rows(self, kept: _Kept, words: StringTensor) -> np.ndarray:
        if words.size < _MANY:
            return self._listed_rows(kept, words.to_list())
        rows = kept.indexed(words)
        unknown = np.flatnonzero(rows < 0)
        if 0 < unknown.size < _MANY:
            rows[unknown] = self._listed_rows(kept, words.take(unknown).to_list())
        elif unknown.size:
            encoded = words.take(unknown).array.dictionary_encode()
            found = self._listed_rows(kept, encoded.dictionary.to_pylist())
            rows[unknown] = found.take(encoded.indices.to_numpy(zero_copy_only=False))
        return rows

    def _listed_rows(self, kept: _Kept, words: list[bytes]) -> np.ndarray:
        rows = [kept.words.get(word, -1) for word in words]
        if -1 in rows:
            new = {word: None for word, row in zip(words, rows, strict=True) if row < 0}
            numbers = dict(zip(new, range(len(kept.count), len(kept.count) + len(new)), strict=True))
            kept.add(list(new), [self._cut(word) for word in new])
            rows = [numbers[word] if row < 0 else row for word, row in zip(words, rows, strict=True)]
        return np.array(rows, np.int64)
