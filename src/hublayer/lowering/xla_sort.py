"""XLA's sorts.

A comparator is read: most say that a key of one element is less than the same key of another, or compare further keys
where the first are equal. Then the keys are computed for whole tensors and sorted. Any other comparator is asked about
pairs, in a sorting network.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np

from hublayer.graph.ir import Function, FunctionName, Node, Parameter, Value
from hublayer.lowering.dtypes import cast, dtype_of
from hublayer.lowering.execute import Executable, Run
from hublayer.lowering.registry import Static, lowers
from hublayer.lowering.windows import ops, tensor
from hublayer.lowering.xla_computations import ELEMENTWISE, applied

_SAME = frozenset({"Identity", "StopGradient", "PreventGradient", "EnsureShape"})


@dataclass(frozen=True)
class Key:
    """What is compared first, second, …: `value` of the comparator for operand number `operand`, rising or falling."""

    operand: int
    value: Value
    falling: bool


class _Comparator:
    """The comparator as expressions over its parameters: x0, y0, x1, y1, …"""

    def __init__(self, function: Function):
        self.nodes = {node.name: node for node in function.nodes}
        self.places = {parameter.name: i for i, parameter in enumerate(function.parameters)}

    def node(self, value: Value) -> Node | None:
        """What computes `value`; None if it is a parameter."""
        node = self.nodes.get(value.node)
        return self.node(node.inputs[0]) if node is not None and node.op in _SAME else node

    def source(self, value: Value) -> Value:
        """`value` seen through identities."""
        node = self.nodes.get(value.node)
        return self.source(node.inputs[0]) if node is not None and node.op in _SAME else value

    def expression(self, value: Value) -> tuple[Any, set[int]]:
        """The value as nested tuples in which x and y of one operand look the same, and the parameters in it."""
        value = self.source(value)
        if value.node in self.places:
            place = self.places[value.node]
            return ("operand", place // 2), {place}
        node = self.nodes.get(value.node)
        if node is None:  # what encloses a region
            return ("outer", value), set()
        if node.op not in ELEMENTWISE and not node.op.startswith("stablehlo."):
            return ("unknown", object()), set()
        attrs = tuple(sorted((key, _text(attr)) for key, attr in node.attrs.items()))
        parts, places = [], set()
        for source in node.inputs:
            part, found = self.expression(source)
            parts.append(part)
            places |= found
        return (node.op, attrs, value.index, tuple(parts)), places

    def keys(self, value: Value) -> list[Key] | None:
        """The keys that a comparison compares; None if it is not of a known form."""
        node = self.node(value)
        if node is None:
            return None
        if node.op in ("Less", "Greater"):
            sides = self._sides(node)
            if sides is None:
                return None
            (place, mine), _ = sides
            return [Key(place // 2, mine, (node.op == "Greater") != bool(place % 2))]
        if node.op == "SelectV2":  # equal(a, b) ? later keys : a < b
            return self._nested(node.inputs[0], node.inputs[1], node.inputs[2])
        if node.op == "LogicalOr":  # a < b or (equal(a, b) and later keys)
            for first, second in (node.inputs, node.inputs[::-1]):
                both = self.node(second)
                if both is not None and both.op == "LogicalAnd":
                    for same, later in (both.inputs, both.inputs[::-1]):
                        if (found := self._nested(same, later, first)) is not None:
                            return found
        return None

    def _nested(self, same: Value, later: Value, first: Value) -> list[Key] | None:
        head, equality = self.keys(first), self.node(same)
        if head is None or len(head) != 1 or equality is None or equality.op != "Equal":
            return None
        sides, rest = self._sides(equality), self.keys(later)
        wanted = self.expression(head[0].value)[0]
        if sides is None or rest is None or self.expression(sides[0][1])[0] != wanted:
            return None
        return head + rest

    def _sides(self, node: Node) -> tuple[tuple[int, Value], tuple[int, Value]] | None:
        """(parameter, value) of both sides if they are one function of x and of y of one operand."""
        (a, of_a), (b, of_b) = (self.expression(value) for value in node.inputs)
        if a != b or len(of_a) != 1 or len(of_b) != 1 or of_a == of_b:
            return None
        return (of_a.pop(), self.source(node.inputs[0])), (of_b.pop(), self.source(node.inputs[1]))


def comparator_keys(function: Function) -> list[Key] | None:
    """What a comparator compares, in order; None if it is not of a known form."""
    return _Comparator(function).keys(function.outputs[0])


def _text(attr: Any) -> str:
    return f"{attr.dtype} {attr.tobytes()!r}" if isinstance(attr, np.ndarray) else repr(attr)


def _key_function(function: Function, key: Key) -> tuple[Function, int]:
    """The key as a function of its one parameter, and which parameter of the comparator that is."""
    nodes = {node.name: node for node in function.nodes}
    needed: set[str] = set()
    pending = [key.value.node]
    while pending:
        name = pending.pop()
        if name not in needed:
            needed.add(name)
            pending += [value.node for value in nodes[name].inputs] if name in nodes else []
    place, parameter = next((i, p) for i, p in enumerate(function.parameters) if p.name in needed)
    body = tuple(node for node in function.nodes if node.name in needed)
    return Function(f"{function.name}/key", (Parameter(parameter.name, parameter.dtype),), body, (key.value,)), place


def order_by(keys: Sequence[tuple[Any, bool]], axis: int) -> Any:
    """The stable order along `axis` by (key, whether it falls), the first key first."""
    order = None
    for key, falling in reversed(keys):
        if falling:
            key = ops.subtract(-1, key) if "int" in dtype_of(key) else ops.negative(key)
        key = key if order is None else ops.take_along_axis(key, order, axis=axis)
        step = _argsort(key, axis)
        order = step if order is None else ops.take_along_axis(order, step, axis=axis)
    return order


def _argsort(x: Any, axis: int) -> Any:
    dtype = dtype_of(x)
    if dtype == "bool":
        x = ops.cast(x, "int32")
    elif dtype in ("uint16", "uint32") and keras.config.backend() != "jax":
        x = ops.cast(x, "int64")
    return ops.cast(ops.argsort(x, axis=axis), "int32")


def network(operands: Sequence[Any], axis: int, before: Callable[[list[Any]], Any]) -> list[Any]:
    """The operands sorted along `axis` by before([x0, y0, x1, y1, …]), stably, in a bitonic network.

    Where the comparator holds neither element less, places decide; what fills up to a power of two comes last.
    """
    values = [ops.moveaxis(x, axis, 0) for x in operands]
    count = values[0].shape[0]
    size = 1 << max(count - 1, 0).bit_length()
    line = np.arange(size, dtype=np.int32).reshape((size,) + (1,) * (len(values[0].shape) - 1))
    places = ops.convert_to_tensor(np.broadcast_to(line, (size, *values[0].shape[1:])).copy())
    if size > count:
        values = [ops.concatenate([v, ops.broadcast_to(v[:1], (size - count, *v.shape[1:]))]) for v in values]
    width = 2
    while width <= size:
        half = width // 2
        while half:
            pairs = [ops.reshape(v, (size // (2 * half), 2, half, *v.shape[1:])) for v in (*values, places)]
            first, second = [p[:, 0] for p in pairs], [p[:, 1] for p in pairs]
            interleaved = [side for pair in zip(first[:-1], second[:-1], strict=True) for side in pair]
            swapped = [side for pair in zip(second[:-1], first[:-1], strict=True) for side in pair]
            real, other = ops.less(first[-1], count), ops.less(second[-1], count)
            later = ops.logical_and(ops.less(first[-1], second[-1]), ops.logical_not(before(swapped)))
            keep = ops.logical_or(before(interleaved), later)
            keep = ops.where(ops.logical_and(real, other), keep, ops.less(first[-1], second[-1]))
            rising = (np.arange(size // (2 * half)) * 2 * half // width) % 2 == 0
            rising = rising.reshape((-1,) + (1,) * (len(first[0].shape) - 1))
            keep = ops.equal(keep, ops.convert_to_tensor(rising))
            ordered = [
                ops.reshape(ops.stack([ops.where(keep, a, b), ops.where(keep, b, a)], axis=1), (size, *a.shape[2:]))
                for a, b in zip(first, second, strict=True)
            ]
            values, places = ordered[:-1], ordered[-1]
            half //= 2
        width *= 2
    return [ops.moveaxis(v[:count], 0, axis) for v in values]


def sort_keys(run: Run, operands: Sequence[Any], comparator: str) -> list[tuple[Any, bool]] | None:
    """The comparator's keys for whole operands, and whether each falls; None if it is not of a known form."""
    executable = run.executable(comparator)
    function = executable.function
    found = comparator_keys(function)
    if found is None:
        return None
    keys = []
    for key in found:
        body, place = _key_function(function, key)
        keys.append((Executable(body, executable.backend)(run, [operands[place // 2]])[0], key.falling))
    return keys


@lowers("XlaVariadicSort")
def xla_variadic_sort(
    run: Run, inputs: list[Any], dimension: Static, *, comparator: FunctionName, is_stable: bool
) -> list[Any]:
    """The operands in the order of the comparator along an axis; always stable."""
    operands = [tensor(x) for x in inputs]
    axis = int(dimension) % max(len(operands[0].shape), 1)
    if not operands[0].shape or operands[0].shape[axis] < 2:
        return operands
    keys = sort_keys(run, operands, comparator)
    if keys is None:
        compare = applied(run, comparator)
        return network(operands, axis, lambda pairs: compare(pairs)[0])
    return sorted_by(operands, keys, axis)


def sorted_by(operands: Sequence[Any], keys: Sequence[tuple[Any, bool]], axis: int) -> list[Any]:
    """The operands in the order of the keys."""
    order = order_by(keys, axis)
    return [ops.take_along_axis(x, order, axis=axis) for x in operands]


@lowers("XlaSort")
def xla_sort(input: Any) -> Any:
    """The elements of the last axis from the least to the largest."""
    return ops.sort(tensor(input), axis=-1)


@lowers("XlaKeyValueSort")
def xla_key_value_sort(keys: Any, values: Any) -> tuple[Any, Any]:
    """Keys in ascending order along the last axis, and their values."""
    keys, values = tensor(keys), tensor(values)
    first, second = sorted_by([keys, values], [(keys, False)], len(keys.shape) - 1)
    return first, cast(second, dtype_of(values))
