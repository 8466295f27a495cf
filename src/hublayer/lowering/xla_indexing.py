"""XLA's gather, scatter and dynamic slices. Windows become positions in a flattened operand.

Where a window would leave the operand, a gather and a dynamic slice move it inside; a scatter leaves it out.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import keras
import numpy as np

from hublayer.graph.ir import FunctionName
from hublayer.lowering import gather as plain
from hublayer.lowering.dtypes import cast, dtype_of
from hublayer.lowering.execute import Run
from hublayer.lowering.registry import Static, lowers
from hublayer.lowering.windows import ops, tensor
from hublayer.lowering.xla_computations import applied, combined, monoid
from hublayer.lowering.xla_dimension_numbers import Window

if keras.config.backend() == "torch":
    from hublayer.lowering.backends.torch.gather import gather as _take
else:
    _take = plain.gather


def _vectors(indices: Any, dims: Window) -> Any:
    """The indices with their vectors along the last axis."""
    at = np if isinstance(indices, np.ndarray) else ops
    if dims.index_vector_dim == len(indices.shape):
        return at.expand_dims(indices, -1)
    return at.moveaxis(indices, dims.index_vector_dim, -1)


def _starts(indices: Any, dims: Window) -> dict[int, Any]:
    """By the operand's axis: where windows start along it, for all windows or for each."""
    vectors = _vectors(indices, dims)
    starts = {axis: vectors[..., i] for i, axis in enumerate(dims.index_map)}
    for axis, batch in zip(dims.operand_batch, dims.indices_batch, strict=True):
        place = batch - (batch > dims.index_vector_dim)
        rank = len(vectors.shape) - 1
        line = np.arange(vectors.shape[place], dtype=np.int32)
        starts[axis] = line.reshape([-1 if i == place else 1 for i in range(rank)])
    return starts


def _strides(shape: Sequence[int]) -> list[int]:
    return [math.prod(shape[axis + 1 :]) for axis in range(len(shape))]


def _inside(shape: Sequence[int], window: Sequence[int]) -> np.ndarray:
    """Positions of a window's elements, from that of its first, in the window's shape."""
    places = np.zeros((), np.int32)
    for axis, (size, stride) in enumerate(zip(window, _strides(shape), strict=True)):
        line = (np.arange(size) * stride).astype(np.int32)
        places = places + line.reshape([-1 if i == axis else 1 for i in range(len(window))])
    return places


def _clipped(start: Any, last: int) -> Any:
    if isinstance(start, np.ndarray):
        return np.clip(start, 0, last)
    return ops.clip(start, 0, last)


def _order(batch: int, window: int, dims: Window) -> list[int]:
    """Where the axes of a result come from if its batch axes came first and its windows' axes next."""
    windows = iter(range(batch, batch + window))
    batches = iter(range(batch))
    return [next(windows) if axis in dims.window else next(batches) for axis in range(batch + window)]


def gather(operand: Any, indices: Any, sizes: Sequence[int], dims: Window) -> Any:
    """Windows of `operand` of the given sizes that start at `indices`."""
    shape = tuple(operand.shape)
    starts = {axis: _clipped(start, shape[axis] - sizes[axis]) for axis, start in _starts(indices, dims).items()}
    batch = tuple(_vectors(indices, dims).shape)[:-1]
    dropped = dims.dropped + dims.operand_batch
    kept = [axis for axis in range(len(shape)) if axis not in dropped]
    order = _order(len(batch), len(kept), dims)
    if len(starts) == 1 and all(sizes[i] == (1 if i in dropped else shape[i]) for i in range(len(shape))):
        (axis, start), *_ = starts.items()
        if dropped == (axis,):  # whole slices along one axis
            rows = _take(operand, start, axis=axis)
            first = [*range(axis, axis + len(batch)), *range(axis), *range(axis + len(batch), len(rows.shape))]
            return _transposed(_transposed(rows, first), order)
    if not batch and all(isinstance(start, np.ndarray) for start in starts.values()):
        begin = [int(starts.get(axis, 0)) for axis in range(len(shape))]
        window = operand[tuple(slice(b, b + size) for b, size in zip(begin, sizes, strict=True))]
        return ops.reshape(window, [sizes[axis] for axis in kept])
    found = _take(ops.reshape(operand, (-1,)), _positions(starts, shape, sizes, batch))
    return _transposed(ops.reshape(found, (*batch, *(sizes[axis] for axis in kept))), order)


def _transposed(x: Any, order: list[int]) -> Any:
    return x if order == list(range(len(order))) else ops.transpose(x, order)


def _positions(starts: dict[int, Any], shape: Sequence[int], sizes: Sequence[int], batch: tuple[int, ...]) -> Any:
    """Positions in the flattened operand: (*batch, *sizes)."""
    strides = _strides(shape)
    total: Any = np.zeros(batch, np.int32)
    for axis, start in starts.items():
        if isinstance(start, np.ndarray):
            part: Any = start.astype(np.int32) * strides[axis]
            total = total + part if isinstance(total, np.ndarray) else ops.add(total, part)
        else:
            total = ops.add(ops.multiply(cast(start, "int32"), strides[axis]), total)
    places = _inside(shape, sizes)
    if isinstance(total, np.ndarray):
        return total.reshape(batch + (1,) * places.ndim) + places
    return ops.add(ops.reshape(total, batch + (1,) * places.ndim), places)


@lowers("XlaGather", decode={"dimension_numbers": Window.of_gather})
def xla_gather(
    operand: Any, start_indices: Any, slice_sizes: Static, *, dimension_numbers: Window, indices_are_sorted: bool
) -> Any:
    """Windows of `operand` by GatherDimensionNumbers."""
    return gather(tensor(operand), start_indices, slice_sizes.tolist(), dimension_numbers)


def scatter(operand: Any, indices: Any, updates: Any, dims: Window, combine: Callable[[Any, Any, Any], Any]) -> Any:
    """`operand` with windows of `updates` at `indices`, by combine(flat operand and one more, positions, updates)."""
    if not math.prod(updates.shape):
        return operand
    shape = tuple(operand.shape)
    dropped = dims.dropped + dims.operand_batch
    kept = [axis for axis in range(len(shape)) if axis not in dropped]
    sizes = [1] * len(shape)
    for axis, place in zip(kept, sorted(dims.window), strict=True):
        sizes[axis] = updates.shape[place]
    batch = tuple(_vectors(indices, dims).shape)[:-1]
    starts = _starts(indices, dims)
    positions = _positions(starts, shape, sizes, batch)
    valid = _valid(starts, shape, sizes)
    count = math.prod(shape)
    if valid is not None:
        valid = tensor(valid) if isinstance(valid, np.ndarray) else valid
        valid = ops.reshape(ops.broadcast_to(valid, batch), batch + (1,) * len(sizes))
        positions = ops.where(valid, tensor(positions) if isinstance(positions, np.ndarray) else positions, count)
    order = _order(len(batch), len(kept), dims)
    moved = ops.transpose(updates, [order.index(axis) for axis in range(len(order))])
    flat = ops.concatenate([ops.reshape(operand, (-1,)), ops.zeros((1,), dtype_of(operand))])
    result = combine(flat, ops.reshape(positions, (-1,)), ops.reshape(moved, (-1,)))
    return ops.reshape(result[:count], shape)


def _valid(starts: dict[int, Any], shape: Sequence[int], sizes: Sequence[int]) -> Any:
    """Whether each window lies inside the operand; None if all do."""
    valid = None
    for axis, start in starts.items():
        if isinstance(start, np.ndarray):
            part: Any = (start >= 0) & (start <= shape[axis] - sizes[axis])
            if part.all():
                continue
        else:
            part = ops.logical_and(ops.greater_equal(start, 0), ops.less_equal(start, shape[axis] - sizes[axis]))
        valid = part if valid is None else ops.logical_and(valid, part)
    return valid


def _put(reduction: str | None) -> Callable[[Any, Any, Any], Any]:
    return lambda flat, at, updates: ops.scatter_update(flat, ops.reshape(at, (-1, 1)), updates, reduction)


def combining(reduce: Callable[[list[Any]], list[Any]], kind: str | None) -> Callable[[Any, Any, Any], Any]:
    """How `scatter` combines updates by the function `reduce`, which is known as `kind` or not."""
    return _put("add" if kind == "add" else None) if kind in ("add", "second") else _by(reduce)


def _by(reduce: Callable[[list[Any]], list[Any]]) -> Callable[[Any, Any, Any], Any]:
    """Updates sorted by position and combined within each run of equal positions, in rounds of doubling reach."""

    def combine(flat: Any, at: Any, updates: Any) -> Any:
        order = ops.argsort(at)
        at, updates = ops.take(at, order), ops.take(updates, order)
        count, reach = at.shape[0], 1
        while reach < count:
            same = ops.equal(at[reach:], at[:-reach])
            joined = ops.where(same, reduce([updates[:-reach], updates[reach:]])[0], updates[reach:])
            updates = ops.concatenate([updates[:reach], joined])
            reach *= 2
        last = ops.concatenate([ops.not_equal(at[1:], at[:-1]), ops.ones((1,), "bool")])
        at = ops.where(last, at, flat.shape[0] - 1)
        return ops.scatter_update(flat, ops.reshape(at, (-1, 1)), reduce([ops.take(flat, at), updates])[0])

    return combine


@lowers("XlaScatter", decode={"dimension_numbers": Window.of_scatter})
def xla_scatter(
    run: Run,
    operand: Any,
    scatter_indices: Any,
    updates: Any,
    *,
    update_computation: FunctionName,
    dimension_numbers: Window,
    indices_are_sorted: bool,
) -> Any:
    """`operand` with `updates` combined into windows by ScatterDimensionNumbers."""
    operand, updates = tensor(operand), tensor(updates)
    kind = monoid(run.executable(update_computation).function)
    reduce = combined(kind) if kind else applied(run, update_computation)
    combine = combining(reduce, kind if dtype_of(operand) != "bool" or kind == "second" else None)
    return scatter(operand, scatter_indices, updates, dimension_numbers, combine)


@lowers("XlaDynamicSlice")
def xla_dynamic_slice(input: Any, start_indices: Any, size_indices: Static) -> Any:
    """The window of sizes `size_indices` that starts at `start_indices`, moved inside."""
    x, sizes = tensor(input), size_indices.tolist()
    for axis, size in enumerate(sizes):
        if size == x.shape[axis]:
            continue
        start = _clipped(start_indices[axis : axis + 1], x.shape[axis] - size)
        if isinstance(start, np.ndarray):
            x = x[(*[slice(None)] * axis, slice(int(start[0]), int(start[0]) + size))]
        else:
            x = _take(x, ops.add(cast(start, "int32"), np.arange(size, dtype=np.int32)), axis=axis)
    return x


@lowers("XlaDynamicUpdateSlice")
def xla_dynamic_update_slice(input: Any, update: Any, indices: Any) -> Any:
    """`input` with `update` at `indices`, moved inside."""
    x, update = tensor(input), tensor(update)
    if not math.prod(update.shape):
        return x
    shape, sizes = tuple(x.shape), tuple(update.shape)
    starts = {axis: _clipped(indices[axis], shape[axis] - sizes[axis]) for axis in range(len(shape))}
    positions = ops.reshape(_positions(starts, shape, sizes, ()), (-1,))
    flat = _put(None)(ops.reshape(x, (-1,)), positions, ops.reshape(update, (-1,)))
    return ops.reshape(flat, shape)
