"""Note on slices whose start the model computes what is known of it, as a compiled program needs it.

x[:, i : i + 3, 0] becomes StridedSlice(x, Pack([0, i, 0]), Pack([0, i + 3, 1])): two vectors that are traced, of which
some entries and some differences are known. They are attributes of the node's own: `_begin`, per entry the start or
None; `_sizes`, per entry of StridedSlice end - begin or None.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from hublayer.graph.ir import Function, Node, Value


def note_moving_slices(function: Function) -> Function:
    """`function`, its slices with notes."""
    nodes = {node.name: node for node in function.nodes}
    return replace(function, nodes=tuple(_noted(node, nodes) for node in function.nodes))


def _noted(node: Node, nodes: Mapping[str, Node]) -> Node:
    if node.op not in ("Slice", "StridedSlice"):
        return node
    starts = _elements(node.inputs[1], nodes)
    if starts is None:
        return node
    notes: dict[str, object] = {"_begin": tuple(start if isinstance(start, int) else None for start in starts)}
    if node.op == "StridedSlice":
        ends = _elements(node.inputs[2], nodes)
        if ends is not None and len(ends) == len(starts):
            pairs = zip(starts, ends, strict=True)
            notes["_sizes"] = tuple(_difference(start, end, nodes) for start, end in pairs)
    return replace(node, attrs={**node.attrs, **notes})


def _source(value: Value, nodes: Mapping[str, Node]) -> Value:
    node = nodes.get(value.node)
    while node is not None and node.op == "Identity":
        value = node.inputs[0]
        node = nodes.get(value.node)
    return value


def _elements(value: Value, nodes: Mapping[str, Node]) -> list[int | Value] | None:
    """The entries of a vector: known integers, and values of the graph."""
    node = nodes.get(_source(value, nodes).node)
    if node is None:
        return None
    if node.op == "Const" and node.attrs["value"].ndim == 1:
        return node.attrs["value"].tolist()
    if node.op == "Pack" and not node.attrs.get("axis", 0):
        return [_scalar(_source(entry, nodes), nodes) for entry in node.inputs]
    return None


def _scalar(value: Value, nodes: Mapping[str, Node]) -> int | Value:
    node = nodes.get(value.node)
    if node is not None and node.op == "Const" and not node.attrs["value"].ndim:
        return int(node.attrs["value"])
    return value


def _difference(start: int | Value, end: int | Value, nodes: Mapping[str, Node]) -> int | None:
    """end - start where it is a known number that is not negative."""
    (base, more), (base_2, more_2) = _sum(start, nodes), _sum(end, nodes)
    if base != base_2 or (base is None and (more < 0) != (more_2 < 0)):
        return None
    return more_2 - more if more_2 >= more else None


def _sum(value: int | Value, nodes: Mapping[str, Node]) -> tuple[Value | None, int]:
    """`value` as a value of the graph plus a known number."""
    more = 0
    while isinstance(value, Value):
        node = nodes.get(value.node)
        if node is None or node.op not in ("Add", "AddV2", "Sub"):
            return value, more
        left, right = (_scalar(_source(item, nodes), nodes) for item in node.inputs)
        if isinstance(right, int):
            value, more = left, more + (-right if node.op == "Sub" else right)
        elif isinstance(left, int) and node.op != "Sub":
            value, more = right, more + left
        else:
            return value, more
    return None, value + more
