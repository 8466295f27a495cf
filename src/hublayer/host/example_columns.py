"""The columns of parsed records: dense, sparse and ragged tensors of one feature of all of them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from hublayer.host.elements import Tensor, concat_rows, flat, splits_of, take_rows, within_rows
from hublayer.host.example_batch import Columns
from hublayer.host.example_messages import Records, check_dtype, tensor


@dataclass(frozen=True)
class DenseColumn:
    """A feature of a fixed shape, or with a first dimension that is None: as long as the longest record's, padded.

    default: what records without the feature have; one element to pad with where the first dimension is None; empty
    for a feature that must be there.
    """

    key: bytes
    dtype: str
    shape: tuple[int | None, ...]
    default: Tensor

    @classmethod
    def of(cls, key: bytes, shape: Sequence[int | None] | None, default: Tensor) -> DenseColumn:
        """Raises ValueError for a shape that no column can have, and a default that does not fit it."""
        dtype = str(default.dtype)
        check_dtype(dtype)
        if shape is None or any(dim is None for dim in shape[1:]):
            raise ValueError(f"dense feature {key!r} has shape {shape}: only its first dimension may be unknown")
        shape = tuple(shape)
        if shape and shape[0] is None:
            if default.size != 1:
                raise ValueError(f"dense feature {key!r} of shape {shape} needs one value as padding")
        elif default.size and default.shape != shape:
            raise ValueError(f"dense feature {key!r} has shape {shape}, but its default {default.shape}")
        return cls(key, dtype, shape, flat(default))

    def of_records(self, records: Columns) -> Tensor:
        """Shape (records, *shape). Raises ValueError for a missing feature and a wrong number of values."""
        values, lengths, present = records.column(self.key, self.dtype)
        if self.shape and self.shape[0] is None:
            return self._padded(records, values, lengths)
        dims = tuple(dim or 0 for dim in self.shape)
        size = math.prod(dims)
        if not self.default.size and not present.all():
            missing = records.feature(int(np.argmin(present)), self.key)
            raise ValueError(f"{missing} is missing and has no default")
        wrong = np.flatnonzero(present & (lengths != size))
        if wrong.size:
            number = int(lengths[wrong[0]])
            raise ValueError(f"{records.feature(int(wrong[0]), self.key)} has {number} values, but shape {self.shape}")
        if present.all():
            return values.reshape((records.size, *dims))
        starts = np.where(present, np.cumsum(lengths) - lengths, values.size)
        places = starts[:, None] + np.arange(size)
        return take_rows(concat_rows([values, self.default]), places.reshape((records.size, *dims)))

    def _padded(self, records: Columns, values: Tensor, lengths: np.ndarray) -> Tensor:
        inner = tuple(dim or 0 for dim in self.shape[1:])
        stride = math.prod(inner)
        wrong = np.flatnonzero(lengths % stride if stride else lengths)
        if wrong.size:
            number = int(lengths[wrong[0]])
            raise ValueError(f"{records.feature(int(wrong[0]), self.key)} has {number} values, no multiple of {stride}")
        longest = int(lengths.max(initial=0))
        steps = np.arange(longest)
        starts = np.cumsum(lengths) - lengths
        places = np.where(steps < lengths[:, None], starts[:, None] + steps, values.size)
        shape = (records.size, longest // stride if stride else 0, *inner)
        return take_rows(concat_rows([values, self.default]), places.reshape(shape))


def sparse_column(records: Columns, key: bytes, dtype: str) -> tuple[np.ndarray, Tensor, np.ndarray]:
    """Indices (n, 2), values (n,) and the dense shape (records, longest)."""
    check_dtype(dtype)
    values, lengths, _ = records.column(key, dtype)
    indices = np.stack([np.repeat(np.arange(records.size), lengths), within_rows(lengths)], axis=1)
    return indices, values, np.array([records.size, int(lengths.max(initial=0))], np.int64)


def ragged_column(records: Columns, key: bytes, dtype: str) -> tuple[Tensor, np.ndarray]:
    """Values (n,) and int64 row splits (records + 1,)."""
    check_dtype(dtype)
    values, lengths, _ = records.column(key, dtype)
    return values, splits_of(lengths)


def _steps(records: Records, key: bytes, dtype: str, may_be_missing: bool) -> tuple[list[Any], np.ndarray, np.ndarray]:
    """All values, how many steps each record has, and how many values each step has."""
    check_dtype(dtype)
    values: list[Any] = []
    counts = np.zeros(records.size, np.int64)
    lengths: list[int] = []
    for row in range(records.size):
        steps = records[row].steps(key, dtype)
        if steps is None:
            if not may_be_missing:
                raise ValueError(f"{records.feature(row, key)} is missing, a feature list that may not be")
            continue
        counts[row] = len(steps)
        for items in steps:
            lengths.append(len(items))
            values.extend(items)
    return values, counts, np.array(lengths, np.int64)


def sparse_list_column(records: Records, key: bytes, dtype: str) -> tuple[np.ndarray, Tensor, np.ndarray]:
    """Of a feature list: indices (n, 3), values (n,) and the dense shape (records, most steps, most values)."""
    values, counts, lengths = _steps(records, key, dtype, True)
    rows, steps = np.repeat(np.arange(records.size), counts), within_rows(counts)
    indices = np.stack([np.repeat(rows, lengths), np.repeat(steps, lengths), within_rows(lengths)], axis=1)
    shape = np.array([records.size, int(counts.max(initial=0)), int(lengths.max(initial=0))], np.int64)
    return indices, tensor(values, dtype, (len(values),)), shape


def ragged_list_column(records: Records, key: bytes, dtype: str) -> tuple[Tensor, np.ndarray, np.ndarray]:
    """Of a feature list: values (n,), int64 splits of the steps into records and of the values into steps."""
    values, counts, lengths = _steps(records, key, dtype, True)
    return tensor(values, dtype, (len(values),)), splits_of(counts), splits_of(lengths)


def dense_list_column(
    records: Records, key: bytes, dtype: str, shape: Sequence[int | None] | None, may_be_missing: bool
) -> tuple[Tensor, np.ndarray]:
    """Of a feature list: values (records, most steps, *shape), padded with zeros, and int64 numbers of steps."""
    if shape is None or any(dim is None for dim in shape):
        raise ValueError(f"dense feature list {key!r} has shape {shape}, which must be known")
    inner = tuple(dim or 0 for dim in shape)
    size = math.prod(inner)
    values, counts, lengths = _steps(records, key, dtype, may_be_missing)
    wrong = np.flatnonzero(lengths != size)
    if wrong.size:
        row = int(np.searchsorted(np.cumsum(counts), wrong[0], side="right"))
        raise ValueError(
            f"{records.feature(row, key)} has a step of {int(lengths[wrong[0]])} values, but shape {inner}"
        )
    most, start, padded = int(counts.max(initial=0)), 0, []
    padding: Any = b"" if dtype == "string" else 0
    for count in counts.tolist():
        padded.extend(values[start : start + count * size])
        padded.extend([padding] * ((most - count) * size))
        start += count * size
    return tensor(padded, dtype, (records.size, most, *inner)), counts
