"""The columns of parsed records: dense, sparse and ragged tensors of one feature of all of them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from hublayer.host.elements import Tensor, splits_of, within_rows
from hublayer.host.example_messages import Record, check_dtype, tensor


@dataclass(frozen=True)
class DenseColumn:
    """A feature of a fixed shape, or with a first dimension that is None: as long as the longest record's, padded.

    default: what records without the feature have; one element to pad with where the first dimension is None; empty
    for a feature that must be there.
    """

    key: bytes
    dtype: str
    shape: tuple[int | None, ...]
    default: list[Any]

    @classmethod
    def of(cls, key: bytes, shape: Sequence[int | None] | None, default: Tensor) -> DenseColumn:
        """Raises ValueError for a shape that no column can have, and a default that does not fit it."""
        dtype = str(default.dtype)
        check_dtype(dtype)
        if shape is None or any(dim is None for dim in shape[1:]):
            raise ValueError(f"dense feature {key!r} has shape {shape}: only its first dimension may be unknown")
        items: list[Any] = default.to_list() if not isinstance(default, np.ndarray) else default.ravel().tolist()
        shape = tuple(shape)
        if shape and shape[0] is None:
            if len(items) != 1:
                raise ValueError(f"dense feature {key!r} of shape {shape} needs one value as padding, not {len(items)}")
        elif items and default.shape != shape:
            raise ValueError(f"dense feature {key!r} has shape {shape}, but its default {default.shape}")
        return cls(key, dtype, shape, items)

    def of_records(self, records: Sequence[Record]) -> Tensor:
        """Shape (records, *shape). Raises ValueError for a missing feature and a wrong number of values."""
        found = [record.values(self.key, self.dtype) for record in records]
        if self.shape and self.shape[0] is None:
            return self._padded(records, found)
        size = math.prod(dim or 0 for dim in self.shape)
        values: list[Any] = []
        for record, items in zip(records, found, strict=True):
            if items is None:
                if not self.default:
                    raise ValueError(f"{record.feature(self.key)} is missing and has no default")
                items = self.default
            elif len(items) != size:
                raise ValueError(f"{record.feature(self.key)} has {len(items)} values, but shape {self.shape}")
            values.extend(items)
        return tensor(values, self.dtype, (len(records), *(dim or 0 for dim in self.shape)))

    def _padded(self, records: Sequence[Record], found: Sequence[Any]) -> Tensor:
        inner = tuple(dim or 0 for dim in self.shape[1:])
        stride = math.prod(inner)
        for record, items in zip(records, found, strict=True):
            if items is not None and (len(items) % stride if stride else len(items)):
                raise ValueError(f"{record.feature(self.key)} has {len(items)} values, no multiple of {stride}")
        longest = max((len(items) for items in found if items is not None), default=0)
        values: list[Any] = []
        for items in found:
            items = () if items is None else items
            values.extend(items)
            values.extend(self.default * (longest - len(items)))
        return tensor(values, self.dtype, (len(records), longest // stride if stride else 0, *inner))


def _ragged(records: Sequence[Record], key: bytes, dtype: str) -> tuple[Tensor, np.ndarray]:
    check_dtype(dtype)
    values: list[Any] = []
    lengths = np.zeros(len(records), np.int64)
    for row, record in enumerate(records):
        items = record.values(key, dtype) or ()
        lengths[row] = len(items)
        values.extend(items)
    return tensor(values, dtype, (len(values),)), lengths


def sparse_column(records: Sequence[Record], key: bytes, dtype: str) -> tuple[np.ndarray, Tensor, np.ndarray]:
    """Indices (n, 2), values (n,) and the dense shape (records, longest)."""
    values, lengths = _ragged(records, key, dtype)
    indices = np.stack([np.repeat(np.arange(len(records)), lengths), within_rows(lengths)], axis=1)
    return indices, values, np.array([len(records), int(lengths.max(initial=0))], np.int64)


def ragged_column(records: Sequence[Record], key: bytes, dtype: str) -> tuple[Tensor, np.ndarray]:
    """Values (n,) and int64 row splits (records + 1,)."""
    values, lengths = _ragged(records, key, dtype)
    return values, splits_of(lengths)


def _steps(
    records: Sequence[Record], key: bytes, dtype: str, may_be_missing: bool
) -> tuple[list[Any], np.ndarray, np.ndarray]:
    """All values, how many steps each record has, and how many values each step has."""
    check_dtype(dtype)
    values: list[Any] = []
    counts = np.zeros(len(records), np.int64)
    lengths: list[int] = []
    for row, record in enumerate(records):
        steps = record.steps(key, dtype)
        if steps is None:
            if not may_be_missing:
                raise ValueError(f"{record.feature(key)} is missing, a feature list that may not be")
            continue
        counts[row] = len(steps)
        for items in steps:
            lengths.append(len(items))
            values.extend(items)
    return values, counts, np.array(lengths, np.int64)


def sparse_list_column(records: Sequence[Record], key: bytes, dtype: str) -> tuple[np.ndarray, Tensor, np.ndarray]:
    """Of a feature list: indices (n, 3), values (n,) and the dense shape (records, most steps, most values)."""
    values, counts, lengths = _steps(records, key, dtype, True)
    rows, steps = np.repeat(np.arange(len(records)), counts), within_rows(counts)
    indices = np.stack([np.repeat(rows, lengths), np.repeat(steps, lengths), within_rows(lengths)], axis=1)
    shape = np.array([len(records), int(counts.max(initial=0)), int(lengths.max(initial=0))], np.int64)
    return indices, tensor(values, dtype, (len(values),)), shape


def ragged_list_column(records: Sequence[Record], key: bytes, dtype: str) -> tuple[Tensor, np.ndarray, np.ndarray]:
    """Of a feature list: values (n,), int64 splits of the steps into records and of the values into steps."""
    values, counts, lengths = _steps(records, key, dtype, True)
    return tensor(values, dtype, (len(values),)), splits_of(counts), splits_of(lengths)


def dense_list_column(
    records: Sequence[Record], key: bytes, dtype: str, shape: Sequence[int | None] | None, may_be_missing: bool
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
            f"{records[row].feature(key)} has a step of {int(lengths[wrong[0]])} values, but shape {inner}"
        )
    most, start, padded = int(counts.max(initial=0)), 0, []
    padding: Any = b"" if dtype == "string" else 0
    for count in counts.tolist():
        padded.extend(values[start : start + count * size])
        padded.extend([padding] * ((most - count) * size))
        start += count * size
    return tensor(padded, dtype, (len(records), most, *inner)), counts
