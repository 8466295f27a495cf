"""StableHLO's reductions, windows and sorts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import jax.numpy as jnp
import numpy as np
from jax import lax

from hublayer.graph.ir import Value
from hublayer.lowering.backends.jax.xla_module import Block, Operation
from hublayer.lowering.backends.jax.xla_regions import as_function
from hublayer.lowering.backends.jax.xla_stablehlo import (
    Interpreter,
    array,
    known,
    lowers_blocks,
    lowers_custom_call,
)
from hublayer.lowering.backends.jax.xla_windows import reduce_window, scatter_to_largest
from hublayer.lowering.xla_computations import combined, monoid
from hublayer.lowering.xla_reduce import WHOLE, reduce_by, reduce_together
from hublayer.lowering.xla_sort import comparator_keys, network
from hublayer.lowering.xla_windows import select_and_scatter

Outer = Mapping[int, Any]


@lowers_blocks("reduce")
def _reduce(interpreter: Interpreter, operation: Operation, outer: Outer, *operands: Any) -> list[Any]:
    block, axes = operation.blocks[0], operation.attrs["dimensions"]
    half = len(operands) // 2
    values, starts = [array(x) for x in operands[:half]], operands[half:]
    kind = monoid(as_function(block))
    if half == 1 and kind in WHOLE:
        return [reduce_by(kind, values[0], starts[0], axes)]
    # Of neighbours in pairs: lax.reduce has no derivative for floats that are reduced together with integers.
    return reduce_together(interpreter.elementwise(block, outer), values, [array(start) for start in starts], axes)


@lowers_blocks("reduce_window")
def _reduce_window(interpreter: Interpreter, operation: Operation, outer: Outer, *operands: Any) -> list[Any]:
    attrs = operation.attrs
    padding = attrs.get("padding")
    return _windows(
        interpreter,
        operation.blocks[0],
        outer,
        operands,
        attrs["window_dimensions"],
        attrs.get("window_strides"),
        attrs.get("base_dilations"),
        attrs.get("window_dilations"),
        None if padding is None else padding.reshape(-1, 2).tolist(),
    )


def _windows(
    interpreter: Interpreter,
    block: Block,
    outer: Outer,
    operands: Any,
    windows: list[int],
    strides: list[int] | None,
    base: list[int] | None,
    dilations: list[int] | None,
    padding: list[list[int]] | None,
) -> list[Any]:
    if len(operands) != 2:
        raise ValueError("several operands at once")
    ones = [1] * len(windows)
    kind = monoid(as_function(block))
    kind = None if kind == "second" else kind
    reduce = combined(kind) if kind else interpreter.elementwise(block, outer)
    sizes = windows, strides or ones, base or ones, dilations or ones, padding or [[0, 0]] * len(ones)
    return [reduce_window(array(operands[0]), operands[1], *sizes, kind, reduce)]


@lowers_custom_call("stablehlo.dynamic_reduce_window")
def _dynamic_reduce_window(interpreter: Interpreter, operation: Operation, *operands: Any) -> list[Any]:
    *values, windows, strides, base, dilations, padding = operands
    sizes = [known(size, "a window") for size in (windows, strides, base, dilations)]
    pads = np.array(known(padding, "a padding")).reshape(-1, 2).tolist()
    block = interpreter.module.functions[operation.attrs["called_computations"][0]]
    return _windows(interpreter, block, {}, values, *sizes, pads)


@lowers_blocks("select_and_scatter")
def _select_and_scatter(
    interpreter: Interpreter, operation: Operation, outer: Outer, x: Any, source: Any, initial: Any
) -> list[Any]:
    attrs = operation.attrs
    windows = attrs.get("window_dimensions") or [1] * x.ndim
    strides = attrs.get("window_strides") or [1] * x.ndim
    padding = attrs["padding"].reshape(-1, 2).tolist() if "padding" in attrs else [[0, 0]] * x.ndim
    select, scatter = operation.blocks
    kind = monoid(as_function(scatter))
    if kind == "add" and _prefers_largest(select) and isinstance(initial, np.ndarray) and not initial.any():
        return [scatter_to_largest(array(x), windows, strides, padding, array(source))]
    prefer = interpreter.elementwise(select, outer)
    reduce = combined(kind) if kind else interpreter.elementwise(scatter, outer)
    sizes = windows, strides, padding
    return [select_and_scatter(array(x), *sizes, array(source), array(initial), prefer, kind, reduce)]


def _prefers_largest(block: Block) -> bool:
    if len(block.operations) != 1:
        return False
    operation = block.operations[0]
    return (
        operation.name == "stablehlo.compare"
        and operation.attrs["comparison_direction"] == "GE"
        and operation.operands == block.parameters
        and operation.results == block.results
    )


@lowers_blocks("sort")
def _sort(interpreter: Interpreter, operation: Operation, outer: Outer, *operands: Any) -> list[Any]:
    values = [array(x) for x in operands]
    axis = operation.attrs.get("dimension", -1) % max(values[0].ndim, 1)
    block = operation.blocks[0]
    found = comparator_keys(as_function(block))
    compare = interpreter.elementwise(block, outer)
    if found is None:
        return network(values, axis, lambda pairs: compare(pairs)[0])
    keys = []
    for key in found:
        x = values[key.operand]
        # All parameters are given the one operand: the key depends on that alone.
        wanted = Block(block.parameters, block.types, block.operations, (int(_number(key.value)),))
        shown = [array(v) for v in values for _ in range(2)]
        (k,) = interpreter.elementwise(wanted, outer)(shown)
        k = jnp.broadcast_to(array(k), x.shape)
        keys.append(_fallen(k) if key.falling else k)
    ordered = lax.sort((*keys, *values), dimension=axis, is_stable=True, num_keys=len(keys))
    return list(ordered[len(keys) :])


def _number(value: Value) -> str:
    return value.node


def _fallen(key: Any) -> Any:
    return -key if jnp.issubdtype(key.dtype, jnp.inexact) else ~key


@lowers_blocks("map")
def _map(interpreter: Interpreter, operation: Operation, outer: Outer, *operands: Any) -> list[Any]:
    return interpreter.elementwise(operation.blocks[0], outer)([array(x) for x in operands])
