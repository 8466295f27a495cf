"""Strings cut where the class of their characters changes, for whole tensors at once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from hublayer.host.elements import splits_of
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
    codes, classes: of the first character of each piece, shape (n,). single: whether it is the only one.
    first: int64, one more than strings: the number of the first piece of each string.
    """

    strings: StringTensor
    bounds: np.ndarray
    codes: np.ndarray
    classes: np.ndarray
    single: np.ndarray
    first: np.ndarray

    def texts(self, pieces: np.ndarray) -> pa.Array:
        """The texts of some pieces, by number: type large_binary."""
        buffers = [None, pa.py_buffer(np.ascontiguousarray(self.bounds)), self.strings.array.buffers()[2]]
        return pa.Array.from_buffers(pa.large_binary(), len(self.bounds) - 1, buffers).take(pa.array(pieces))

    def rows(self) -> np.ndarray:
        """int64, shape (n,): which string each piece is of."""
        return np.repeat(np.arange(len(self.first) - 1), np.diff(self.first))

    def spans(self, pieces: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Where some pieces start and end, in bytes of their strings: int64."""
        origin = self.strings.offsets[self.rows()[pieces]]
        return self.bounds[pieces] - origin, self.bounds[pieces + 1] - origin

    def splits(self, kept: np.ndarray) -> np.ndarray:
        """int64: row splits over the strings, where `kept` (bool, shape (n,)) says which pieces stay."""
        return splits_of(kept)[self.first]


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
    places = np.flatnonzero(begins)
    single = np.diff(places, append=len(kinds)) == 1
    bounds = np.append(places + first if starts is None else starts[places], last)
    return Cut(strings, bounds, codes[places], kinds[places], single, np.searchsorted(bounds, offsets))
