"""Strings cut where the class of their characters changes, for whole tensors at once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from hublayer.host.string_tensor import StringTensor
from hublayer.host.utf8 import code_points

_UNICODE = 0x110000
_UNSEEN = -1


class CharacterClasses:
    """Small numbers for characters, asked of a function once for each character that comes up.

    What is no UTF-8 (code point -1) has class 0.
    """

    def __init__(self, classify: Callable[[np.ndarray], np.ndarray]):
        """classify: from distinct code points, int64, shape (n,), to their classes, 0 to 127."""
        self._classify = classify
        self._table = np.full(_UNICODE + 1, _UNSEEN, np.int8)
        self._table[-1] = 0
        self._learn(np.arange(0x80))
        self._ascii = self._table[:0x100].tobytes()

    def _learn(self, codes: np.ndarray) -> None:
        self._table[codes] = self._classify(codes)

    def __call__(self, codes: np.ndarray) -> np.ndarray:
        """int8, of the same shape."""
        classes = self._table.take(codes, mode="wrap")
        unseen = classes == _UNSEEN
        if unseen.any():
            self._learn(np.unique(codes[unseen]))
            classes = self._table.take(codes, mode="wrap")
        return classes

    def of_ascii(self, text: bytes) -> np.ndarray:
        """int8, shape (len(text),): the classes of the characters of an ASCII string."""
        return np.frombuffer(text.translate(self._ascii), np.int8)


@dataclass(frozen=True)
class Cut:
    """All strings of a tensor in pieces, nothing left out.

    bounds: int64, shape (n + 1,): where in the tensor's data each piece begins, and where the last one ends.
    classes: of the first character of each piece, shape (n,). first: int64, one more than strings: the number of the
    first piece of each string. characters: the code points of all strings. begins: int64, shape (n + 1,): which of
    them each piece begins with, and how many there are. Arguments `pieces` are ascending numbers of pieces.
    """

    strings: StringTensor
    bounds: np.ndarray
    classes: np.ndarray
    first: np.ndarray
    characters: np.ndarray
    begins: np.ndarray

    def texts(self, pieces: np.ndarray) -> StringTensor:
        """The texts of some pieces."""
        return StringTensor.from_pieces(self.bounds[pieces], self.bounds[pieces + 1], self.strings.data, pieces.shape)

    def codes(self, pieces: np.ndarray) -> np.ndarray:
        """The code points that some pieces begin with."""
        return self.characters[self.begins[pieces]]

    def single(self, pieces: np.ndarray) -> np.ndarray:
        """bool: which of some pieces are one character."""
        return self.begins[pieces + 1] - self.begins[pieces] == 1

    def spans(self, pieces: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Where some pieces start and end, in bytes of their strings: int64."""
        origin = np.repeat(self.strings.offsets[:-1], np.diff(self.splits(pieces)))
        return self.bounds[pieces] - origin, self.bounds[pieces + 1] - origin

    def splits(self, pieces: np.ndarray) -> np.ndarray:
        """int64: row splits over the strings, if only some pieces stay."""
        return np.searchsorted(pieces, self.first)


def cut(strings: StringTensor, classes: CharacterClasses, runs: np.ndarray) -> Cut:
    """Cut strings where the class of a character is another than the last one's, and at each character of some classes.

    runs: bool, shape (128,): neighbours of such a class stay together.
    """
    offsets = strings.offsets
    first, last = int(offsets[0]), int(offsets[-1])
    data = strings.data[first:last]
    row_starts = offsets[:-1][offsets[:-1] < last]
    if not len(data) or data.max() < 0x80:
        codes, starts = data, None
        kinds = classes.of_ascii(data.tobytes())
        row_starts = row_starts - first
    else:
        codes, starts = code_points(strings)
        kinds = classes(codes)
        row_starts = np.searchsorted(starts, row_starts)
    begins = np.ones(len(kinds), np.bool_)
    np.not_equal(kinds[1:], kinds[:-1], out=begins[1:])
    for kind in np.flatnonzero(~runs[: int(kinds.max(initial=0)) + 1]):
        begins |= kinds == kind
    begins[row_starts] = True
    places = np.append(np.flatnonzero(begins), len(kinds))
    bounds = places + first if starts is None else np.append(starts[places[:-1]], last)
    return Cut(strings, bounds, kinds[places[:-1]], np.searchsorted(bounds, offsets), codes, places)
