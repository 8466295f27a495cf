"""XLA's reductions: of one tensor or of several at once, by a function of numbers."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from hublayer.graph.ir import FunctionName
from hublayer.lowering.dtypes import cast, dtype_of
from hublayer.lowering.execute import Run
from hublayer.lowering.registry import lowers
from hublayer.lowering.windows import ops, tensor
from hublayer.lowering.xla_computations import Reduce, applied, combined, folded, identity, monoid

WHOLE: dict[str, Callable[..., Any]] = {
    "add": ops.sum,
    "mul": ops.prod,
    "max": ops.max,
    "min": ops.min,
    "and": ops.all,
    "or": ops.any,
}


def is_identity(value: Any, kind: str, dtype: str) -> bool:
    """Whether `value` is known, and is the number that `kind` leaves everything as it is with."""
    return isinstance(value, np.ndarray) and bool(value == identity(kind, dtype))


def reduce_by(kind: str, x: Any, initial: Any, axes: Sequence[int]) -> Any:
    """`x` reduced over `axes` by a recognised function, and joined with the initial value."""
    dtype = dtype_of(x)
    if kind in ("max", "min") and not math.prod(x.shape):
        rest = [size for axis, size in enumerate(x.shape) if axis not in axes]
        return ops.broadcast_to(cast(tensor(initial), dtype), rest)
    result = cast(WHOLE[kind](x, axis=tuple(axes)), dtype) if axes else x
    if is_identity(initial, kind, dtype):
        return result
    return cast(combined(kind)([ops.broadcast_to(cast(tensor(initial), dtype), tuple(result.shape)), result])[0], dtype)


def reduce_together(reduce: Reduce, values: Sequence[Any], initial: Sequence[Any], axes: Sequence[int]) -> list[Any]:
    """Several tensors of one shape reduced over `axes` together."""
    rank = len(values[0].shape)
    kept = [axis for axis in range(rank) if axis not in axes]
    rest = [values[0].shape[axis] for axis in kept]
    size = math.prod(values[0].shape[axis] for axis in axes)
    rows = [ops.reshape(ops.transpose(v, [*axes, *kept]), (size, *rest)) for v in values]
    return folded(reduce, rows, initial)


@lowers("XlaReduce")
def xla_reduce(
    run: Run, input: Any, init_value: Any, *, dimensions_to_reduce: Sequence[int], reducer: FunctionName
) -> Any:
    """`input` reduced over the given axes, beginning with `init_value`."""
    return variadic_reduce(run, [input], [init_value], dimensions_to_reduce, reducer)[0]


def variadic_reduce(
    run: Run, values: Sequence[Any], initial: Sequence[Any], axes: Sequence[int], reducer: str
) -> list[Any]:
    """Tensors reduced together, by whole reductions of the backend where the function is known."""
    values = [tensor(value) for value in values]
    kind = monoid(run.executable(reducer).function)
    if len(values) == 1 and kind in WHOLE and (dtype_of(values[0]) != "bool" or kind in ("and", "or")):
        return [reduce_by(kind, values[0], initial[0], axes)]
    return reduce_together(applied(run, reducer), values, [tensor(x) for x in initial], axes)


@lowers("XlaVariadicReduce")
def xla_variadic_reduce(
    run: Run, input: list[Any], init_value: list[Any], *, dimensions_to_reduce: Sequence[int], reducer: FunctionName
) -> list[Any]:
    """Several tensors of one dtype reduced together over the given axes."""
    return variadic_reduce(run, input, init_value, dimensions_to_reduce, reducer)


@lowers("XlaVariadicReduceV2")
def xla_variadic_reduce_v2(
    run: Run, inputs: list[Any], init_values: list[Any], *, dimensions_to_reduce: Sequence[int], reducer: FunctionName
) -> list[Any]:
    """Several tensors reduced together over the given axes."""
    return variadic_reduce(run, inputs, init_values, dimensions_to_reduce, reducer)
