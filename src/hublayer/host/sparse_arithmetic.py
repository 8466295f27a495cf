"""Arithmetic on sparse tensors: sums, maxima, products with dense tensors."""

from __future__ import annotations

from typing import Any

import numpy as np

from hublayer.host.registry import host_op
from hublayer.host.sparse import check_bounds, check_sparse, element_count, from_row_major, row_major


def _by_group(function: np.ufunc, values: np.ndarray, groups: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The groups that occur in ascending order, and `function` over the values of each."""
    order = np.argsort(groups, kind="stable")
    ordered = groups[order]
    starts = np.flatnonzero(np.diff(ordered, prepend=ordered[:1] - 1))
    reduced = function.reduceat(values[order], starts) if starts.size else values[:0]
    return ordered[starts], reduced.astype(values.dtype, copy=False)


def _reduced(function: np.ufunc, indices: np.ndarray, values: np.ndarray, shape: np.ndarray, axes: np.ndarray) -> Any:
    """Kept dimensions, and by group: kept indices in row-major order and values."""
    check_sparse(indices, values, shape)
    check_bounds(indices, shape)
    rank = len(shape)
    numbers = axes.reshape(-1)
    if ((numbers < -rank) | (numbers >= rank)).any():
        raise ValueError(f"axes {numbers.tolist()} are not all among {rank} dimensions")
    gone = set((numbers % max(rank, 1)).tolist())
    kept = [axis for axis in range(rank) if axis not in gone]
    groups, reduced = _by_group(function, values, row_major(indices[:, kept], shape[kept]))
    return kept, groups, reduced


@host_op("SparseReduceSum")
def sparse_reduce_sum(input_indices, input_values, input_shape, reduction_axes, *, keep_dims=False):
    """Sums over some dimensions as a dense tensor."""
    return _reduce_to_dense(np.add, input_indices, input_values, input_shape, reduction_axes, keep_dims)


@host_op("SparseReduceMax")
def sparse_reduce_max(input_indices, input_values, input_shape, reduction_axes, *, keep_dims=False):
    """Maxima of the values that are there, as a dense tensor with zeros where there are none."""
    return _reduce_to_dense(np.maximum, input_indices, input_values, input_shape, reduction_axes, keep_dims)


def _reduce_to_dense(function, indices, values, shape, axes, keep_dims):
    kept, groups, reduced = _reduced(function, indices, values, shape, axes)
    dense = np.zeros(element_count(shape[kept]), values.dtype)
    dense[groups] = reduced
    dims = [int(dim) if axis in kept else 1 for axis, dim in enumerate(shape) if keep_dims or axis in kept]
    return dense.reshape(dims)


@host_op("SparseReduceSumSparse")
def sparse_reduce_sum_sparse(input_indices, input_values, input_shape, reduction_axes, *, keep_dims=False):
    """SparseReduceSum as a sparse tensor."""
    return _reduce_to_sparse(np.add, input_indices, input_values, input_shape, reduction_axes, keep_dims)


@host_op("SparseReduceMaxSparse")
def sparse_reduce_max_sparse(input_indices, input_values, input_shape, reduction_axes, *, keep_dims=False):
    """SparseReduceMax as a sparse tensor."""
    return _reduce_to_sparse(np.maximum, input_indices, input_values, input_shape, reduction_axes, keep_dims)


def _reduce_to_sparse(function, indices, values, shape, axes, keep_dims):
    kept, groups, reduced = _reduced(function, indices, values, shape, axes)
    found = from_row_major(groups, shape[kept])
    if not keep_dims:
        return [found, reduced, shape[kept]]
    whole = np.zeros((len(found), len(shape)), np.int64)
    whole[:, kept] = found
    dims = np.ones_like(shape)
    dims[kept] = shape[kept]
    return [whole, reduced, dims]


@host_op("SparseTensorDenseMatMul")
def sparse_tensor_dense_mat_mul(a_indices, a_values, a_shape, b, *, adjoint_a=False, adjoint_b=False):
    """The product of a sparse and a dense matrix, either of which may be replaced by its adjoint."""
    check_sparse(a_indices, a_values, a_shape)
    if len(a_shape) != 2 or b.ndim != 2:
        raise ValueError(f"two matrices were expected, but shapes {a_shape.tolist()} and {b.shape} came")
    check_bounds(a_indices, a_shape)
    b = np.conj(b.T) if adjoint_b else b
    values = np.conj(a_values) if adjoint_a else a_values
    row, column = (1, 0) if adjoint_a else (0, 1)
    if a_shape[column] != b.shape[0]:
        raise ValueError(f"{int(a_shape[column])} columns of a and {b.shape[0]} rows of b do not fit")
    product = np.zeros((int(a_shape[row]), b.shape[1]), a_values.dtype)
    rows, sums = _by_group(np.add, values[:, None] * b[a_indices[:, column]], a_indices[:, row])
    product[rows] = sums
    return product


@host_op("SparseAdd")
def sparse_add(a_indices, a_values, a_shape, b_indices, b_values, b_shape, thresh):
    """The sum of two sparse tensors in row-major order, without sums of two values whose magnitude is below thresh."""
    places, both, shared = _union(a_indices, a_values, a_shape, b_indices, b_values, b_shape)
    sums = both[0] + both[1]
    kept = ~shared | (np.abs(sums) >= thresh)
    return [from_row_major(places[kept], a_shape), sums[kept], a_shape]


@host_op("SparseSparseMaximum")
def sparse_sparse_maximum(a_indices, a_values, a_shape, b_indices, b_values, b_shape):
    """The larger of two sparse tensors at each index that one of them has; missing values are zero."""
    places, both, _ = _union(a_indices, a_values, a_shape, b_indices, b_values, b_shape)
    return [from_row_major(places, a_shape), np.maximum(both[0], both[1])]


@host_op("SparseSparseMinimum")
def sparse_sparse_minimum(a_indices, a_values, a_shape, b_indices, b_values, b_shape):
    """The smaller of two sparse tensors at each index that one of them has; missing values are zero."""
    places, both, _ = _union(a_indices, a_values, a_shape, b_indices, b_values, b_shape)
    return [from_row_major(places, a_shape), np.minimum(both[0], both[1])]


def _union(a_indices, a_values, a_shape, b_indices, b_values, b_shape) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Row-major places that one of two tensors has, the values of both, and whether both have one."""
    check_sparse(a_indices, a_values, a_shape)
    check_sparse(b_indices, b_values, b_shape)
    if a_shape.tolist() != b_shape.tolist():
        raise ValueError(f"shapes {a_shape.tolist()} and {b_shape.tolist()} differ")
    check_bounds(a_indices, a_shape)
    check_bounds(b_indices, b_shape)
    a_places, b_places = row_major(a_indices, a_shape), row_major(b_indices, b_shape)
    places = np.union1d(a_places, b_places)
    both = np.zeros((2, len(places)), a_values.dtype)
    both[0, np.searchsorted(places, a_places)] = a_values
    both[1, np.searchsorted(places, b_places)] = b_values
    return places, both, np.isin(places, a_places) & np.isin(places, b_places)


@host_op("SparseTensorDenseAdd")
def sparse_tensor_dense_add(a_indices, a_values, a_shape, b):
    """The dense sum."""
    check_sparse(a_indices, a_values, a_shape)
    if tuple(a_shape.tolist()) != b.shape:
        raise ValueError(f"shapes {a_shape.tolist()} and {b.shape} differ")
    check_bounds(a_indices, a_shape)
    result = b.copy()
    np.add.at(result, tuple(a_indices.T), a_values)
    return result


def _with_dense(function, indices, values, shape, dense):
    check_sparse(indices, values, shape)
    check_bounds(indices, shape)
    dims = tuple(shape.tolist())
    if np.broadcast_shapes(dims, dense.shape) != dims:
        raise ValueError(f"a dense tensor of shape {dense.shape} does not broadcast to {dims}")
    aligned = np.broadcast_to(dense, dims)
    with np.errstate(all="ignore"):
        return function(values, aligned[tuple(indices.T)]).astype(values.dtype, copy=False)


@host_op("SparseDenseCwiseAdd")
def sparse_dense_cwise_add(sp_indices, sp_values, sp_shape, dense):
    """The sparse tensor's values, each plus the dense tensor's."""
    return _with_dense(np.add, sp_indices, sp_values, sp_shape, dense)


@host_op("SparseDenseCwiseMul")
def sparse_dense_cwise_mul(sp_indices, sp_values, sp_shape, dense):
    """The sparse tensor's values, each times the dense tensor's."""
    return _with_dense(np.multiply, sp_indices, sp_values, sp_shape, dense)


@host_op("SparseDenseCwiseDiv")
def sparse_dense_cwise_div(sp_indices, sp_values, sp_shape, dense):
    """The sparse tensor's values, each divided by the dense tensor's."""
    function = np.floor_divide if sp_values.dtype.kind in "iu" else np.divide
    return _with_dense(function, sp_indices, sp_values, sp_shape, dense)


@host_op("SparseSoftmax")
def sparse_softmax(sp_indices, sp_values, sp_shape):
    """The softmax over the values that are there, along the last dimension. Values are in row-major order."""
    check_sparse(sp_indices, sp_values, sp_shape)
    if len(sp_shape) < 2:
        raise ValueError(f"a batch of rows was expected, but the shape is {sp_shape.tolist()}")
    check_bounds(sp_indices, sp_shape)
    _, groups = np.unique(row_major(sp_indices[:, :-1], sp_shape[:-1]), return_inverse=True)
    groups = groups.reshape(-1)
    if not groups.size:
        return sp_values
    largest = np.full(int(groups.max()) + 1, -np.inf, sp_values.dtype)
    np.maximum.at(largest, groups, sp_values)
    exponentials = np.exp(sp_values - largest[groups])
    totals = np.zeros_like(largest)
    np.add.at(totals, groups, exponentials)
    return exponentials / totals[groups]
