"""Words cut into pieces: each distinct word once, whatever cuts it, and the results laid out for whole tensors."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from threading import Lock
from typing import NamedTuple

import numpy as np
import pyarrow as pa

from hublayer.host.elements import within_rows
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

    texts: Callable[[], StringTensor]
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


# Longer words hardly come again.
_LONGEST_KEPT = 64


class WordPieces:
    """Cuts words with a function from a word to its pieces, and keeps what short words became.

    When more than `most_pieces` pieces are kept, all are forgotten. It may be called by several threads.
    """

    def __init__(self, cut: Callable[[bytes], list[Piece]], most_pieces: int = 1 << 19):
        self._cut = cut
        self._most = most_pieces
        self._lock = Lock()
        self._clear()

    def _clear(self) -> None:
        self._words: dict[bytes, int] = {}
        self._texts: dict[bytes, int] = {}
        self._pool: pa.Array = pa.array([], pa.large_binary())
        self._first, self._count = _Column(), _Column()
        self._text, self._id, self._start, self._end = _Column(), _Column(), _Column(), _Column()

    def __call__(self, words: pa.Array) -> Pieces:
        """words: type large_binary, shape (n,), without nulls."""
        encoded = words.dictionary_encode()
        with self._lock:
            if len(self._text) > self._most:
                self._clear()
            rows = self._rows(encoded.dictionary.to_pylist())
            rows = rows.take(encoded.indices.to_numpy(zero_copy_only=False))
            counts = self._count.take(rows)
            places = np.repeat(self._first.take(rows), counts) + within_rows(counts)
            texts, pool = self._text.take(places), self._texts_pool()
            ids, starts, ends = self._id.take(places), self._start.take(places), self._end.take(places)
        return Pieces(lambda: StringTensor(pool.take(pa.array(texts)), (len(texts),)), ids, starts, ends, counts)

    def _rows(self, words: list[bytes]) -> np.ndarray:
        known = self._words
        rows = [known.get(word, -1) for word in words]
        unknown = [place for place, row in enumerate(rows) if row < 0]
        if unknown:
            first, count = len(self._text), len(self._count)
            found = [self._cut(words[place]) for place in unknown]
            counts = list(map(len, found))
            self._count.extend(counts)
            self._first.extend((first + np.cumsum([0, *counts[:-1]])).tolist())
            texts = self._texts
            pieces = [piece for pieces in found for piece in pieces]
            self._text.extend([texts.setdefault(piece.text, len(texts)) for piece in pieces])
            self._id.extend([piece.id for piece in pieces])
            self._start.extend([piece.start for piece in pieces])
            self._end.extend([piece.end for piece in pieces])
            for row, place in enumerate(unknown, count):
                rows[place] = row
                if len(words[place]) <= _LONGEST_KEPT:
                    known[words[place]] = row
        return np.array(rows, np.int64)

    def _texts_pool(self) -> pa.Array:
        if len(self._pool) != len(self._texts):
            new = list(self._texts)[len(self._pool) :]
            self._pool = pa.concat_arrays([self._pool, pa.array(new, pa.large_binary())])
        return self._pool
