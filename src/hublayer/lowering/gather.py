"""Gather and scatter. Indices of several dimensions become positions in a flattened tensor."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from hublayer.graph.numpy_ops import NUMPY_OPS
from hublayer.lowering.keras_ops import ops
from hublayer.lowering.registry import Static, lowers
from hublayer.lowering.shape import dtype_like, integers
from hublayer.lowering.straight_through import straight_through
from hublayer.lowering.taking import take


def gather(params: Any, indices: Any, *, axis: int = 0, batch_dims: int = 0) -> Any:
    """params' slices at `indices` along `axis`, the first `batch_dims` dimensions matched pairwise."""
    batch_dims += len(indices.shape) if batch_dims < 0 else 0
    axis += len(params.shape) if axis < 0 else 0
    if not batch_dims:
        return take(params, indices, axis)
    shape, wanted = list(params.shape), list(indices.shape)
    batch, before, after = shape[:batch_dims], shape[batch_dims:axis], shape[axis + 1 :]
    groups, length, kept = math.prod(batch), shape[axis], math.prod(before)
    rows = ops.transpose(ops.reshape(params, [groups, kept, length, math.prod(after)]), (0, 2, 1, 3))
    rows = ops.reshape(rows, [groups * length, kept, math.prod(after)])
    first = np.arange(groups, dtype=np.int32).reshape(-1, 1) * length
    count = math.prod(wanted[batch_dims:])
    found = take(rows, ops.add(ops.reshape(indices, [groups, count]), first), 0)
    found = ops.transpose(found, (0, 2, 1, 3))
    return ops.reshape(found, [*batch, *before, *wanted[batch_dims:], *after])


@lowers("Gather", picks=True)
def gather_v1(params: Any, indices: Any, *, validate_indices: bool = True) -> Any:
    """Slices of `params` at `indices` of its first dimension."""
    return gather(params, indices)


@lowers("GatherV2", picks=True)
def gather_v2(params: Any, indices: Any, axis: Static, *, batch_dims: int = 0) -> Any:
    """Slices of `params` at `indices` along `axis`."""
    return gather(params, indices, axis=integers(axis)[0], batch_dims=batch_dims)


def positions(indices: Any, shape: Sequence[int]) -> Any:
    """The last dimension of `indices`, an index for each dimension of `shape`, as one position."""
    total = None
    for axis, dim in enumerate(shape):
        index = indices[..., axis]
        total = index if total is None else ops.add(ops.multiply(total, dim), index)
    return ops.zeros(tuple(indices.shape)[:-1], "int32") if total is None else total


@lowers("GatherNd", picks=True)
def gather_nd(params: Any, indices: Any, *, bad_indices_policy: str = "") -> Any:
    """Slices of `params` at the indices that the last dimension of `indices` holds."""
    shape, depth = list(params.shape), indices.shape[-1]
    rows = ops.reshape(params, [math.prod(shape[:depth]), *shape[depth:]])
    return gather(rows, positions(indices, shape[:depth]))


def flattened(indices: Any, updates: Any, shape: Sequence[int]) -> tuple[Any, Any, list[int]]:
    """Positions as a column, updates as rows, and the shape of the tensor of rows that they belong to."""
    depth = indices.shape[-1]
    rows = [math.prod(shape[:depth]), math.prod(shape[depth:])]
    at = ops.reshape(positions(indices, shape[:depth]), [-1, 1])
    return at, ops.reshape(updates, [at.shape[0], rows[1]]), rows


def _reduced(tensor: Any, indices: Any, updates: Any, reduction: str | None) -> Any:
    shape = list(tensor.shape)
    at, updates, rows = flattened(indices, updates, shape)
    return ops.reshape(ops.scatter_update(ops.reshape(tensor, rows), at, updates, reduction), shape)


@lowers("ScatterNd")
def scatter_nd(indices: Any, updates: Any, shape: Static, *, bad_indices_policy: str = "") -> Any:
    """Zeros of shape `shape` with `updates` added at `indices`."""
    return _reduced(ops.zeros(integers(shape), dtype_like(updates)), indices, updates, "add")


@lowers("TensorScatterUpdate", picks=True)
def tensor_scatter_update(tensor: Any, indices: Any, updates: Any, *, bad_indices_policy: str = "") -> Any:
    """`tensor` with `updates` at `indices`."""
    return _reduced(tensor, indices, updates, None)


@lowers("TensorScatterAdd", "ScatterNdNonAliasingAdd")
def tensor_scatter_add(tensor: Any, indices: Any, updates: Any, *, bad_indices_policy: str = "") -> Any:
    """`tensor` with `updates` added at `indices`."""
    return _reduced(tensor, indices, updates, "add")


@lowers("TensorScatterSub")
def tensor_scatter_sub(tensor: Any, indices: Any, updates: Any, *, bad_indices_policy: str = "") -> Any:
    """`tensor` with `updates` subtracted at `indices`."""
    return _reduced(tensor, indices, ops.negative(updates), "add")


@lowers("TensorScatterMax", picks=True, orders=True)
def tensor_scatter_max(tensor: Any, indices: Any, updates: Any, *, bad_indices_policy: str = "") -> Any:
    """`tensor` or `updates` at `indices`, whichever is larger."""
    return _extreme(tensor, indices, updates, "max")


@lowers("TensorScatterMin", picks=True, orders=True)
def tensor_scatter_min(tensor: Any, indices: Any, updates: Any, *, bad_indices_policy: str = "") -> Any:
    """`tensor` or `updates` at `indices`, whichever is smaller."""
    return _extreme(tensor, indices, updates, "min")


def _extreme(tensor: Any, indices: Any, updates: Any, reduction: str) -> Any:
    """The gradient is shared evenly by all elements that are the extreme, as in TensorFlow."""
    found = ops.stop_gradient(_reduced(ops.stop_gradient(tensor), indices, ops.stop_gradient(updates), reduction))
    if not is_floating(found):
        return found
    of_tensor = ops.equal(tensor, found)
    of_updates = ops.equal(updates, gather_nd(found, indices))
    count = _reduced(ops.cast(of_tensor, dtype_like(found)), indices, ops.cast(of_updates, dtype_like(found)), "add")
    slope = _reduced(chosen(tensor, of_tensor), indices, chosen(updates, of_updates), "add")
    return straight_through(ops.divide(slope, ops.stop_gradient(count)), found)


def is_floating(x: Any) -> bool:
    """Whether `x` is of a real floating dtype."""
    return "float" in str(x.dtype)


def chosen(x: Any, where: Any) -> Any:
    """`x` at the elements `where`, zero elsewhere."""
    return ops.where(where, x, ops.zeros_like(x))


@lowers("SparseToDense", picks=True)
def sparse_to_dense(
    sparse_indices: Any,
    output_shape: Static,
    sparse_values: Any,
    default_value: Any,
    *,
    validate_indices: bool = True,
) -> Any:
    """`default_value` everywhere but at `sparse_indices`, where `sparse_values` are."""
    shape = integers(output_shape)
    indices = ops.reshape(sparse_indices, [-1, len(shape)])
    values = ops.broadcast_to(ops.reshape(sparse_values, [-1]), [indices.shape[0]])
    return _reduced(ops.broadcast_to(default_value, shape), indices, values, None)


@lowers("DynamicStitch", "ParallelDynamicStitch", picks=True)
def dynamic_stitch(indices: Static, data: Sequence[Any]) -> Any:
    """Row i of each of `data` put at row indices[i] of the result; the last one wins."""
    if not indices[0].ndim and len(data) == 1 and not int(indices[0]):
        return ops.expand_dims(data[0], 0)
    rest = list(data[0].shape[indices[0].ndim :])
    rows = ops.concatenate([ops.reshape(x, [index.size, *rest]) for index, x in zip(indices, data, strict=True)])
    return gather(rows, stitched(indices))


def stitched(indices: Sequence[np.ndarray]) -> np.ndarray:
    """For each row of the result, the last row of the concatenated data that goes there."""
    order = [np.arange(index.size, dtype=np.int32).reshape(index.shape) for index in indices]
    starts = np.cumsum([0] + [index.size for index in indices[:-1]]).astype(np.int32)
    return NUMPY_OPS["DynamicStitch"]([list(indices), [a + b for a, b in zip(order, starts, strict=True)]], {})


@lowers("DynamicPartition", picks=True)
def dynamic_partition(data: Any, partitions: Static, *, num_partitions: int) -> list[Any]:
    """The rows of `data` for which `partitions` is 0, 1, …"""
    rows = ops.reshape(data, [partitions.size, *data.shape[partitions.ndim :]])
    chosen = [np.flatnonzero(partitions == i).astype(np.int32) for i in range(num_partitions)]
    return [gather(rows, at) for at in chosen]
