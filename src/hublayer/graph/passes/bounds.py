"""Find the smaller or larger of two whole numbers where their bounds tell which it is.

Minimum(5, Maximum(5, x)) is 5, whatever x is. tf.math.bincount writes the size of a one-hot encoding like that, and so
the size is known while a program is traced.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from hublayer.graph.ir import Function, Node, Value
from hublayer.ops.traits import Trait, facts
from hublayer.savedmodel.tensors import constant_dtype

# The lowest and the highest value that an element may have; None where nothing is known.
Bounds = tuple[int | None, int | None]

_OPPOSITE = {"Minimum": "Maximum", "Maximum": "Minimum"}


def choose_by_bounds(function: Function) -> Function:
    """`function` with the operand itself, broadcast, in place of each Minimum and Maximum that always gives it."""
    nodes: list[Node] = []
    known = _Known()
    for node in function.nodes:
        new = _chosen(node, known) if node.op in _OPPOSITE else [node]
        for each in new:
            known.add(each)
        nodes += new
    return replace(function, nodes=tuple(nodes))


class _Known:
    """What is known of the values of the nodes so far."""

    def __init__(self) -> None:
        self._producers: dict[str, Node] = {}
        self._bounds: dict[Value, Bounds] = {}

    def add(self, node: Node) -> None:
        self._producers[node.name] = node
        bounds = self._of(node)
        if bounds != (None, None):
            self._bounds[Value(node.name)] = bounds

    def bounds(self, value: Value) -> Bounds:
        return self._bounds.get(value, (None, None))

    def producer(self, value: Value) -> Node | None:
        """The node that `value` comes from, behind Identity nodes; None for a parameter."""
        return self._producers.get(self._source(value).node)

    def _source(self, value: Value) -> Value:
        node = self._producers.get(value.node)
        while node is not None and node.op == "Identity":
            value = node.inputs[0]
            node = self._producers.get(value.node)
        return value

    def same(self, a: Value, b: Value) -> bool:
        """Whether both are one value, or equal constants."""
        if self._source(a) == self._source(b):
            return True
        one, other = self.producer(a), self.producer(b)
        if one is None or other is None or not one.op == other.op == "Const":
            return False
        x, y = one.attrs["value"], other.attrs["value"]
        return x.dtype == y.dtype and x.shape == y.shape and bool((x == y).all())

    def _of(self, node: Node) -> Bounds:
        if Trait.OF_SHAPES in facts(node.op).traits:
            return 0, None
        if node.op == "Const":
            value = node.attrs["value"]
            return (int(value.min()), int(value.max())) if value.dtype.kind in "iub" and value.size else (None, None)
        if node.op == "Identity":
            return self.bounds(node.inputs[0])
        if node.op == "Cast":
            low, high = (0, 1) if node.attrs.get("SrcT") == "bool" else self.bounds(node.inputs[0])
            return (low, high) if _holds(node.attrs.get("DstT"), low, high) else (None, None)
        if node.op in _OPPOSITE:
            (a, c), (b, d) = map(self.bounds, node.inputs)
            if node.op == "Minimum":
                return (None if a is None or b is None else min(a, b)), min(_given(c, d), default=None)
            return max(_given(a, b), default=None), (None if c is None or d is None else max(c, d))
        return None, None


def _given(*bounds: int | None) -> list[int]:
    return [bound for bound in bounds if bound is not None]


def _limits(dtype: str | None) -> np.iinfo | None:
    """The range of whole numbers of `dtype`; None for other dtypes."""
    kept = constant_dtype(dtype) if dtype else None
    return np.iinfo(kept) if kept is not None and kept.kind in "iu" else None


def _holds(dtype: str | None, low: int | None, high: int | None) -> bool:
    """Whether a cast to `dtype` leaves whole numbers between these bounds as they are."""
    limits = _limits(dtype)
    return limits is not None and low is not None and high is not None and limits.min <= low and high <= limits.max


def _chosen(node: Node, known: _Known) -> list[Node]:
    if _limits(node.attrs.get("T")) is None:  # of floats, either may be NaN
        return [node]
    for given, other in (node.inputs, node.inputs[::-1]):
        if _wins(node.op, given, other, known):
            return _broadcast(node, given, other)
    return [node]


def _wins(op: str, given: Value, other: Value, known: _Known) -> bool:
    """Whether `op` of the two is always `given`."""
    (low, high), (other_low, other_high) = known.bounds(given), known.bounds(other)
    below, above = (high, other_low) if op == "Minimum" else (other_high, low)
    if below is not None and above is not None and below <= above:
        return True
    inner = known.producer(other)
    return inner is not None and inner.op == _OPPOSITE[op] and any(known.same(given, value) for value in inner.inputs)


def _broadcast(node: Node, given: Value, other: Value) -> list[Node]:
    """`given` in the shape of the node's result, under the node's name."""
    if node.attrs.get("_output_shapes") == [()]:  # then so is `given`
        return [Node(node.name, "Identity", (given,), {"T": node.attrs["T"]}, node.origin)]

    def name(what: str) -> str:
        return f"{node.name}/bounds/{what}"

    shapes = [
        Node(name(what), "Shape", (value,), {"T": node.attrs["T"], "out_type": "int32"}, node.origin)
        for what, value in (("given", given), ("other", other))
    ]
    inputs = (Value(name("given")), Value(name("other")))
    both = Node(name("both"), "BroadcastArgs", inputs, {"T": "int32"}, node.origin)
    attrs = {"T": node.attrs["T"], "Tidx": "int32"}
    return [*shapes, both, Node(node.name, "BroadcastTo", (given, Value(name("both"))), attrs, node.origin)]
