"""Ragged and sparse tensors where the backend has none: what the translated runtime takes and returns for them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np


def _array(value: Any) -> np.ndarray:
    """A tensor of any backend as a NumPy array."""
    if isinstance(value, np.ndarray):
        return value
    if hasattr(value, "detach"):
        value = value.detach().cpu()
    return np.asarray(value)


def _dtype(values: Any) -> str:
    dtype = values.dtype
    if getattr(dtype, "kind", "") in ("O", "S", "U"):
        return "string"
    return getattr(dtype, "name", None) or str(dtype).removeprefix("torch.")


@dataclass(frozen=True, eq=False)
class Ragged:
    """A ragged tensor.

    values: the flat values, shape (n, …). row_splits: for each ragged dimension, from the outermost on, where its
    rows start and end, integers of shape (rows + 1,).
    """

    values: Any
    row_splits: tuple[Any, ...]

    @classmethod
    def from_list(cls, rows: Sequence[Any], ragged_rank: int = 1, dtype: Any = None) -> Ragged:
        """Nested lists with `ragged_rank` ragged dimensions; what lies deeper must be regular.

        dtype: of the values; object for strings. Raises ValueError if the lists are not nested that deeply.
        """
        splits = []
        level = list(rows)
        for _ in range(ragged_rank):
            if any(isinstance(row, str | bytes) or not hasattr(row, "__len__") for row in level):
                raise ValueError(f"nested lists with {ragged_rank} ragged dimensions were expected")
            splits.append(np.cumsum([0, *map(len, level)], dtype=np.int64))
            level = [item for row in level for item in row]
        return cls(np.asarray(level, dtype), tuple(splits))

    @property
    def dtype(self) -> str:
        """The dtype of the values."""
        return _dtype(self.values)

    @property
    def shape(self) -> tuple[int | None, ...]:
        """Rows, None for each ragged dimension, then the shape of one value."""
        return (len(self.row_splits[0]) - 1, *[None] * len(self.row_splits), *tuple(self.values.shape)[1:])

    def to_list(self) -> list[Any]:
        """Nested Python lists."""
        level = _array(self.values).tolist()
        for splits in reversed(self.row_splits):
            bounds = _array(splits).tolist()
            level = [level[start:stop] for start, stop in pairwise(bounds)]
        return level


@dataclass(frozen=True, eq=False)
class Sparse:
    """A sparse tensor: indices (n, rank), values (n,), dense_shape (rank,), indices in row-major order."""

    indices: Any
    values: Any
    dense_shape: Any

    @property
    def dtype(self) -> str:
        """The dtype of the values."""
        return _dtype(self.values)

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape of the dense tensor."""
        return tuple(_array(self.dense_shape).tolist())

    def to_dense(self, default: Any = 0) -> np.ndarray:
        """A NumPy array with `default` where no value is."""
        values = _array(self.values)
        dense = np.full(self.shape, default, values.dtype)
        dense[tuple(_array(self.indices).T)] = values
        return dense
