"""Gather, scatter and dynamic slices are jax.lax's own: XLA's, one for one."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import jax.numpy as jnp
from jax import lax

from hublayer.graph.ir import FunctionName
from hublayer.lowering import xla_indexing as general
from hublayer.lowering.execute import Run
from hublayer.lowering.registry import Static, lowers
from hublayer.lowering.windows import tensor
from hublayer.lowering.xla_computations import applied, combined, monoid
from hublayer.lowering.xla_dimension_numbers import Window

_CLIP, _DROP = lax.GatherScatterMode.CLIP, lax.GatherScatterMode.FILL_OR_DROP


def _vectors(indices: Any, dims: Window) -> Any:
    if dims.index_vector_dim == indices.ndim:
        return indices[..., None]
    return jnp.moveaxis(indices, dims.index_vector_dim, -1)


def gather(operand: Any, indices: Any, sizes: Sequence[int], dims: Window) -> Any:
    """Windows of `operand` of the given sizes that start at `indices`, moved inside."""
    numbers = lax.GatherDimensionNumbers(
        offset_dims=dims.window,
        collapsed_slice_dims=dims.dropped,
        start_index_map=dims.index_map,
        operand_batching_dims=dims.operand_batch,
        start_indices_batching_dims=_batches(dims),
    )
    return lax.gather(operand, _vectors(indices, dims), numbers, tuple(sizes), mode=_CLIP)


def _batches(dims: Window) -> tuple[int, ...]:
    """Batch axes of the indices, counted as if their vectors were last."""
    return tuple(axis - (axis > dims.index_vector_dim) for axis in dims.indices_batch)


def scatter(
    operand: Any, indices: Any, updates: Any, dims: Window, kind: str | None, reduce: Callable[[list[Any]], list[Any]]
) -> Any:
    """`operand` with windows of `updates` at `indices`; what is not inside is left out.

    kind: the function that combines them, if it is known, else it is `reduce`.
    """
    if kind not in ("add", "second") or operand.dtype == bool:
        # jax.lax cannot differentiate scatters of other functions, and has none for any function.
        combine = general.combining(combined(kind) if kind and kind != "second" else reduce, kind)
        return general.scatter(operand, indices, updates, dims, combine)
    numbers = lax.ScatterDimensionNumbers(
        update_window_dims=dims.window,
        inserted_window_dims=dims.dropped,
        scatter_dims_to_operand_dims=dims.index_map,
        operand_batching_dims=dims.operand_batch,
        scatter_indices_batching_dims=_batches(dims),
    )
    function = lax.scatter_add if kind == "add" else lax.scatter
    return function(operand, _vectors(indices, dims), updates, numbers, mode=_DROP)


@lowers("XlaGather", backend="jax", decode={"dimension_numbers": Window.of_gather})
def _xla_gather(
    operand: Any, start_indices: Any, slice_sizes: Static, *, dimension_numbers: Window, indices_are_sorted: bool
) -> Any:
    return gather(tensor(operand), tensor(start_indices), slice_sizes.tolist(), dimension_numbers)


@lowers("XlaScatter", backend="jax", decode={"dimension_numbers": Window.of_scatter})
def _xla_scatter(
    run: Run,
    operand: Any,
    scatter_indices: Any,
    updates: Any,
    *,
    update_computation: FunctionName,
    dimension_numbers: Window,
    indices_are_sorted: bool,
) -> Any:
    kind = monoid(run.executable(update_computation).function)
    values = tensor(operand), tensor(scatter_indices), tensor(updates)
    return scatter(*values, dimension_numbers, kind, applied(run, update_computation))


def dynamic_slice(x: Any, starts: Sequence[Any], sizes: Sequence[int]) -> Any:
    """The window that starts at `starts`, moved inside. jax.lax would count negative starts from the end."""
    return lax.dynamic_slice(x, [_not_negative(start) for start in starts], tuple(sizes))


def dynamic_update_slice(x: Any, update: Any, starts: Sequence[Any]) -> Any:
    """`x` with `update` at `starts`, moved inside."""
    return lax.dynamic_update_slice(x, update, [_not_negative(start) for start in starts])


def _not_negative(start: Any) -> Any:
    start = jnp.asarray(start)
    return start if jnp.issubdtype(start.dtype, jnp.unsignedinteger) else jnp.maximum(start, 0)


@lowers("XlaDynamicSlice", backend="jax")
def _xla_dynamic_slice(input: Any, start_indices: Any, size_indices: Static) -> Any:
    return dynamic_slice(tensor(input), list(tensor(start_indices)), size_indices.tolist())


@lowers("XlaDynamicUpdateSlice", backend="jax")
def _xla_dynamic_update_slice(input: Any, update: Any, indices: Any) -> Any:
    return dynamic_update_slice(tensor(input), tensor(update), list(tensor(indices)))
