"""The functions that XLA's reductions, scatters and windows are given: recognised, or applied to whole tensors."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from hublayer.graph.ir import Function, Value
from hublayer.lowering.dtypes import cast, dtype_of
from hublayer.lowering.execute import Run
from hublayer.lowering.windows import ops

_KINDS = {
    "Add": "add",
    "AddV2": "add",
    "Mul": "mul",
    "Maximum": "max",
    "Minimum": "min",
    "LogicalAnd": "and",
    "LogicalOr": "or",
}
_SAME = frozenset({"Identity", "StopGradient", "PreventGradient", "EnsureShape"})

Reduce = Callable[[list[Any]], list[Any]]


def monoid(function: Function) -> str | None:
    """What a function of two numbers is: "add", "mul", "max", "min", "and", "or", "second" (it returns its second
    argument), or None for anything else.
    """
    if len(function.parameters) != 2 or len(function.outputs) != 1:
        return None
    first, second = (Value(parameter.name) for parameter in function.parameters)
    nodes = {node.name: node for node in function.nodes}

    def source(value: Value) -> Value:
        node = nodes.get(value.node)
        return source(node.inputs[0]) if node is not None and node.op in _SAME else value

    result = source(function.outputs[0])
    if result == second:
        return "second"
    node = nodes.get(result.node)
    if node is None or {source(value) for value in node.inputs} != {first, second}:
        return None
    return _KINDS.get(node.op)


def _first_larger(x: Any, y: Any) -> Any:
    """The maximum; of two equal ones x has the gradient, as in XLA."""
    later = ops.logical_or(ops.greater(y, x), ops.not_equal(y, y))
    return ops.where(ops.logical_and(later, ops.equal(x, x)), y, x)


def _first_smaller(x: Any, y: Any) -> Any:
    later = ops.logical_or(ops.less(y, x), ops.not_equal(y, y))
    return ops.where(ops.logical_and(later, ops.equal(x, x)), y, x)


_PAIRS: dict[str, Callable[[Any, Any], Any]] = {
    "add": ops.add,
    "mul": ops.multiply,
    "max": _first_larger,
    "min": _first_smaller,
    "and": ops.logical_and,
    "or": ops.logical_or,
    "second": lambda x, y: y,
}


def combined(kind: str) -> Reduce:
    """The recognised function `kind` of two tensors, as a list of one."""
    return lambda pair: [_PAIRS[kind](*pair)]


def identity(kind: str, dtype: str) -> Any:
    """The number that `kind` leaves everything as it is with."""
    if kind in ("and", "or"):
        return np.array(kind == "and")
    if kind in ("add", "mul"):
        return np.array(kind == "mul", "float32" if dtype == "bfloat16" else dtype)
    if dtype == "bfloat16" or np.dtype(dtype).kind == "f":
        return np.array(-np.inf if kind == "max" else np.inf, "float32" if dtype == "bfloat16" else dtype)
    info = np.iinfo(dtype)
    return np.array(info.min if kind == "max" else info.max, dtype)


# Ops that do to each element what they do to one number, so that a function of them works on tensors.
# fmt: off
ELEMENTWISE = frozenset({
    "Abs", "Add", "AddV2", "Atan2", "BitwiseAnd", "BitwiseOr", "BitwiseXor", "Bitcast", "Cast", "Ceil", "Const",
    "Cos", "Div", "Equal", "Erf", "Exp", "Expm1", "Floor", "FloorDiv", "FloorMod", "Greater", "GreaterEqual",
    "Identity", "Invert", "IsFinite", "IsInf", "IsNan", "LeftShift", "Less", "LessEqual", "Log", "Log1p",
    "LogicalAnd", "LogicalNot", "LogicalOr", "Maximum", "Minimum", "Mod", "Mul", "Neg", "NotEqual", "OnesLike", "Pow",
    "PreventGradient", "RealDiv", "Reciprocal", "RightShift", "Round", "Rsqrt", "SelectV2", "Sigmoid", "Sign", "Sin",
    "Sqrt", "Square", "SquaredDifference", "StopGradient", "Sub", "Tanh", "TruncateDiv", "TruncateMod", "Xdivy",
    "Xlogy", "ZerosLike",
})
# fmt: on


def elementwise(function: Function) -> bool:
    """Whether the function of numbers can be called with tensors of one shape in their place."""
    return all(
        node.op in ELEMENTWISE and (node.op != "Const" or node.attrs["value"].size == 1) for node in function.nodes
    )


def applied(run: Run, name: str) -> Reduce:
    """The function `name` of numbers, for tensors of one shape."""
    executable = run.executable(name)
    if elementwise(executable.function):
        return lambda values: executable(run, values)

    def each(values: list[Any]) -> list[Any]:
        shape = tuple(values[0].shape)
        flat = tuple(ops.reshape(value, (-1,)) for value in values)
        results = ops.vectorized_map(lambda numbers: tuple(executable(run, list(numbers))), flat)
        return [ops.reshape(result, shape) for result in results]

    return each


def folded(reduce: Reduce, values: Sequence[Any], initial: Sequence[Any]) -> list[Any]:
    """Tensors reduced along their first axes, neighbours in pairs, and joined with the initial values.

    reduce: of twice as many tensors as there are values, and returns as many.
    """
    values = list(values)
    rest = tuple(values[0].shape[1:])
    start = [ops.broadcast_to(cast(x, dtype_of(v)), rest) for x, v in zip(initial, values, strict=True)]
    if values[0].shape[0] == 0:
        return start
    while (size := values[0].shape[0]) > 1:
        even = size - size % 2
        joined = reduce([*(v[0:even:2] for v in values), *(v[1:even:2] for v in values)])
        odd = [v[even:] for v in values]
        values = [ops.concatenate([j, o]) if size % 2 else j for j, o in zip(joined, odd, strict=True)]
    return [cast(x, dtype_of(v)) for x, v in zip(reduce([*start, *(v[0] for v in values)]), values, strict=True)]
