"""Distinct elements, and sets of them in the rows of dense and sparse tensors."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from hublayer.host.elements import Tensor, concat_rows, distinct, flat, ranked, take_rows, within_rows
from hublayer.host.registry import host_op
from hublayer.host.sparse import check_bounds, check_sparse, element_count, from_row_major, row_major
from hublayer.savedmodel.tensors import constant_dtype


def _unique(x: Tensor, axis: np.ndarray | None, out_idx: str) -> list[Tensor]:
    dtype = constant_dtype(out_idx)
    along = None if axis is None or not axis.size else int(axis.reshape(-1)[0])
    if along is None and x.ndim != 1:
        raise ValueError(f"a vector was expected, but shape {x.shape} came")
    if along is not None and not -x.ndim <= along < x.ndim:
        raise ValueError(f"there is no axis {along} of {x.ndim}")
    if along is not None and x.ndim > 1:
        return _unique_slices(x, along % x.ndim, out_idx)
    codes, values = distinct(x)
    return [values, codes.astype(dtype), np.bincount(codes, minlength=values.shape[0]).astype(dtype)]


def _unique_slices(x: Tensor, axis: int, out_idx: str) -> list[Tensor]:
    dtype = constant_dtype(out_idx)
    codes = distinct(flat(x))[0].reshape(x.shape)
    rows = np.moveaxis(codes, axis, 0).reshape(x.shape[axis], -1)
    if not rows.shape[1]:
        rows = np.zeros((len(rows), 1), np.int64)
    _, first, inverse, counts = np.unique(rows, True, True, True, axis=0)
    order = np.argsort(first)
    place = np.empty_like(order)
    place[order] = np.arange(len(order))
    kept = np.take(np.arange(codes.size).reshape(x.shape), first[order], axis=axis)
    values = take_rows(flat(x), kept)
    return [values, place[inverse.reshape(-1)].astype(dtype), counts[order].astype(dtype)]


@host_op("Unique")
def unique(x, *, out_idx="int32"):
    """Distinct values of a vector in the order in which they first appear, and where each element went."""
    return _unique(x, None, out_idx)[:2]


@host_op("UniqueV2")
def unique_v2(x, axis, *, out_idx="int32"):
    """Distinct slices along an axis; distinct values of a vector if there is none."""
    return _unique(x, axis, out_idx)[:2]


@host_op("UniqueWithCounts")
def unique_with_counts(x, *, out_idx="int32"):
    """As Unique, and how often each value occurs."""
    return _unique(x, None, out_idx)


@host_op("UniqueWithCountsV2")
def unique_with_counts_v2(x, axis, *, out_idx="int32"):
    """As UniqueV2, and how often each slice occurs."""
    return _unique(x, axis, out_idx)


@host_op("ListDiff")
def list_diff(x, y, *, out_idx="int32"):
    """The values of x that are not in y, in order and with repetitions, and where they stood."""
    if x.ndim != 1 or y.ndim != 1:
        raise ValueError(f"two vectors were expected, but shapes {x.shape} and {y.shape} came")
    codes = distinct(concat_rows([x, y]))[0]
    kept = np.flatnonzero(~np.isin(codes[: x.shape[0]], codes[x.shape[0] :]))
    return [take_rows(x, kept), kept.astype(constant_dtype(out_idx))]


@dataclass(frozen=True)
class _Sets:
    """Elements in any order; groups: the row of each in row-major order; shape: of the rows."""

    groups: np.ndarray
    values: Tensor
    shape: tuple[int, ...]


def _dense(x: Tensor) -> _Sets:
    if x.ndim < 2:
        raise ValueError(f"rows of sets were expected, but shape {x.shape} came")
    count = int(np.prod(x.shape[:-1]))
    return _Sets(np.repeat(np.arange(count), x.shape[-1]), flat(x), x.shape[:-1])


def _sparse(indices: np.ndarray, values: Tensor, shape: np.ndarray, validate: bool) -> _Sets:
    check_sparse(indices, values, shape)
    if len(shape) < 2:
        raise ValueError(f"rows of sets were expected, but the shape is {shape.tolist()}")
    check_bounds(indices, shape)
    if validate:
        place = row_major(indices, shape)
        if (place[1:] <= place[:-1]).any():
            row = int(np.argmax(place[1:] <= place[:-1])) + 1
            raise ValueError(f"index {row}, {indices[row].tolist()}, is repeated or out of order")
    return _Sets(row_major(indices[:, :-1], shape[:-1]), values, tuple(shape[:-1].tolist()))


_OPERATIONS: dict[str, Callable[[np.ndarray, np.ndarray], np.ndarray]] = {
    "a-b": lambda a, b: np.setdiff1d(a, b),
    "b-a": lambda a, b: np.setdiff1d(b, a),
    "intersection": lambda a, b: np.intersect1d(a, b),
    "union": lambda a, b: np.union1d(a, b),
}


def _operation(a: _Sets, b: _Sets, name: str) -> list[Tensor]:
    """Row by row; each result set is in ascending order."""
    if name not in _OPERATIONS:
        raise ValueError(f"set_operation is {name!r}, but must be one of {sorted(_OPERATIONS)}")
    if a.shape != b.shape:
        raise ValueError(f"the sets have shapes {a.shape} and {b.shape}")
    codes, values = ranked(concat_rows([a.values, b.values]))
    base = max(values.shape[0], 1)
    split = len(a.groups)
    found = _OPERATIONS[name](a.groups * base + codes[:split], b.groups * base + codes[split:]).astype(np.int64)
    groups = found // base
    shape = np.array(a.shape, np.int64)
    counts = np.bincount(groups, minlength=1)
    columns = within_rows(counts)
    indices = np.concatenate([from_row_major(groups, shape), columns[:, None]], axis=1)
    widest = int(counts.max())
    return [indices, take_rows(values, found % base), np.append(shape, widest)]


@host_op("DenseToDenseSetOperation")
def dense_to_dense_set_operation(set1, set2, *, set_operation, validate_indices=True):
    """Of the sets in the rows of two tensors."""
    return _operation(_dense(set1), _dense(set2), set_operation)


@host_op("DenseToSparseSetOperation")
def dense_to_sparse_set_operation(set1, set2_indices, set2_values, set2_shape, *, set_operation, validate_indices=True):
    """Of the sets in the rows of a dense and a sparse tensor."""
    other = _sparse(set2_indices, set2_values, set2_shape, validate_indices)
    return _operation(_dense(set1), other, set_operation)


@host_op("SparseToSparseSetOperation")
def sparse_to_sparse_set_operation(
    set1_indices,
    set1_values,
    set1_shape,
    set2_indices,
    set2_values,
    set2_shape,
    *,
    set_operation,
    validate_indices=True,
):
    """Of the sets in the rows of two sparse tensors."""
    one = _sparse(set1_indices, set1_values, set1_shape, validate_indices)
    other = _sparse(set2_indices, set2_values, set2_shape, validate_indices)
    return _operation(one, other, set_operation)


@host_op("SetSize")
def set_size(set_indices, set_values, set_shape, *, validate_indices=True):
    """int32: how many distinct values each row has."""
    sets = _sparse(set_indices, set_values, set_shape, validate_indices)
    codes = ranked(sets.values)[0]
    base = int(codes.max()) + 1 if codes.size else 1
    groups = np.unique(sets.groups * base + codes) // base
    count = element_count(set_shape[:-1])
    return np.bincount(groups, minlength=count).astype(np.int32).reshape(sets.shape)
