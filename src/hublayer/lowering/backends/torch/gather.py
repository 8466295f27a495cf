"""Gather and scatter in plain PyTorch: keras.ops costs several times as much per call when eager.

How many rows there are may depend on values here: PyTorch reads them while it runs.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch.nn.functional import embedding

from hublayer.lowering.backends.torch.shape import integers, scalar, tensors
from hublayer.lowering.backends.torch.tensors import tensor
from hublayer.lowering.execute import Run, VariableHandle
from hublayer.lowering.registry import lowers


def gather(params: Any, indices: Any, axis: int = 0, batch_dims: int = 0) -> torch.Tensor:
    """params' slices at `indices` along `axis`, the first `batch_dims` dimensions matched pairwise."""
    params = tensor(params, indices.device if isinstance(indices, torch.Tensor) else None)
    indices = _index(indices, params.device)
    axis += params.ndim if axis < 0 else 0
    batch_dims += indices.ndim if batch_dims < 0 else 0
    if batch_dims:
        return _batched(params, indices, axis, batch_dims)
    if axis == 0 and params.ndim == 2 and params.numel():  # of rows of no width its gradient crashes on CUDA
        return embedding(indices, params)
    shape = params.shape[:axis] + indices.shape + params.shape[axis + 1 :]
    return params.index_select(axis, indices.reshape(-1)).reshape(shape)


def _index(indices: Any, device: torch.device) -> torch.Tensor:
    indices = tensor(indices, device)
    return indices if indices.dtype in (torch.int32, torch.int64) else indices.long()


def _batched(params: torch.Tensor, indices: torch.Tensor, axis: int, batch_dims: int) -> torch.Tensor:
    batch, rest = params.shape[:batch_dims], indices.shape[batch_dims:]
    groups, length = math.prod(batch), params.shape[axis]
    first = torch.arange(groups, device=params.device).reshape(-1, 1) * length
    rows = params.movedim(axis, batch_dims)
    kept = rows.shape[batch_dims + 1 :]
    found = rows.reshape(groups * length, *kept).index_select(0, (indices.reshape(groups, -1) + first).reshape(-1))
    found = found.reshape(*batch, math.prod(rest), *kept).movedim(batch_dims, axis)
    return found.reshape(params.shape[:axis] + rest + params.shape[axis + 1 :])


@lowers("Gather", backend="torch")
def _gather(params: Any, indices: Any, *, validate_indices: bool = True) -> torch.Tensor:
    return gather(params, indices)


@lowers("GatherV2", backend="torch")
def _gather_v2(params: Any, indices: Any, axis: Any, *, batch_dims: int = 0) -> torch.Tensor:
    return gather(params, indices, scalar(axis), batch_dims)


@lowers("ResourceGather", backend="torch")
def _resource_gather(
    run: Run,
    resource: VariableHandle,
    indices: Any,
    *,
    batch_dims: int = 0,
    validate_indices: bool = True,
    dtype: str,
) -> torch.Tensor:
    return gather(run.read(resource), indices, batch_dims, batch_dims)


@lowers("GatherNd", backend="torch")
def _gather_nd(params: Any, indices: Any, *, bad_indices_policy: str = "") -> torch.Tensor:
    params = tensor(params)
    at = _columns(tensor(indices, params.device))
    return params[at] if at else params.expand(*indices.shape[:-1], *params.shape)


def _columns(indices: torch.Tensor) -> tuple[torch.Tensor, ...]:
    return tuple(indices.long().unbind(-1))


def _put(start: torch.Tensor, indices: torch.Tensor, updates: torch.Tensor, accumulate: bool) -> torch.Tensor:
    """`start` with `updates` at `indices`; indices of no dimension mean all of it, once for each update."""
    if indices.shape[-1]:
        return start.index_put(_columns(indices), updates, accumulate)
    at = torch.zeros(indices.shape[:-1], dtype=torch.long, device=start.device)
    return start.unsqueeze(0).index_put((at,), updates, accumulate).squeeze(0)


def _scatter(accumulate: bool, sign: Callable[[torch.Tensor], torch.Tensor] | None = None) -> Callable[..., Any]:
    def run(tensor_: Any, indices: Any, updates: Any, *, bad_indices_policy: str = "") -> torch.Tensor:
        """`tensor_` with `updates` at `indices`, added or in place of what is there."""
        start = tensor(tensor_)
        updates = tensor(updates, start.device)
        updates = updates if sign is None else sign(updates)
        return _put(start, tensor(indices, start.device), updates, accumulate)

    return run


lowers("TensorScatterUpdate", backend="torch")(_scatter(False))
lowers("TensorScatterAdd", "ScatterNdNonAliasingAdd", backend="torch")(_scatter(True))
lowers("TensorScatterSub", backend="torch")(_scatter(True, torch.neg))


@lowers("ScatterNd", backend="torch")
def _scatter_nd(indices: Any, updates: Any, shape: Any, *, bad_indices_policy: str = "") -> torch.Tensor:
    updates = tensor(updates)
    return _put(updates.new_zeros(integers(shape)), tensor(indices, updates.device), updates, True)


def _extreme(reduce: str) -> Callable[..., Any]:
    def run(tensor_: Any, indices: Any, updates: Any, *, bad_indices_policy: str = "") -> torch.Tensor:
        """PyTorch shares the gradient among equals as TensorFlow does; keras.ops would loop over the updates."""
        start = tensor(tensor_)
        indices, updates = tensor(indices, start.device), tensor(updates, start.device)
        depth = indices.shape[-1]
        at = torch.zeros(indices.shape[:-1], dtype=torch.long, device=start.device)
        for dim, column in zip(start.shape[:depth], indices.unbind(-1), strict=True):
            at = at * dim + column
        rows = start.reshape(math.prod(start.shape[:depth]), math.prod(start.shape[depth:]))
        updates = updates.reshape(at.numel(), rows.shape[1])
        at = at.reshape(-1, 1).expand(updates.shape)
        return rows.scatter_reduce(0, at, updates, reduce).reshape(start.shape)

    return run


lowers("TensorScatterMax", backend="torch")(_extreme("amax"))
lowers("TensorScatterMin", backend="torch")(_extreme("amin"))


@lowers("SparseToDense", backend="torch")
def _sparse_to_dense(
    sparse_indices: Any,
    output_shape: Any,
    sparse_values: Any,
    default_value: Any,
    *,
    validate_indices: bool = True,
) -> torch.Tensor:
    shape = integers(output_shape)
    dense = tensor(default_value).expand(shape)
    indices = tensor(sparse_indices, dense.device).reshape(-1, len(shape))
    return dense.index_put(_columns(indices), tensor(sparse_values, dense.device).reshape(-1))


@lowers("DynamicStitch", "ParallelDynamicStitch", backend="torch")
def _dynamic_stitch(indices: Sequence[Any], data: Sequence[Any]) -> torch.Tensor:
    rows = tensors(data)
    rest = rows[0].shape[indices[0].ndim :]
    places = [x.reshape(-1) for x in tensors(indices)]
    at = torch.cat(places).to(rows[0].device).long()
    values = torch.cat([x.reshape(place.numel(), *rest) for place, x in zip(places, rows, strict=True)])
    size = int(at.max()) + 1 if at.numel() else 0
    order = torch.arange(at.numel(), device=at.device)
    last = torch.zeros(size, dtype=torch.long, device=at.device).scatter_reduce(0, at, order, "amax")
    return values[last]


@lowers("DynamicPartition", backend="torch")
def _dynamic_partition(data: Any, partitions: Any, *, num_partitions: int) -> list[torch.Tensor]:
    data = tensor(data)
    partitions = tensor(partitions, data.device)
    return [data[partitions == i] for i in range(num_partitions)]
