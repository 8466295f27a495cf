"""Which inputs of a function must be known while it is traced, because a shape or an axis is computed from them."""

from __future__ import annotations

from collections.abc import Collection

from hublayer.graph.ir import Function, Node, Value
from hublayer.graph.numpy_ops import NUMPY_OPS
from hublayer.graph.op_schema import input_groups
from hublayer.lowering.registry import Lowering, find_lowering

# What they return is known while tracing, whatever they are given.
_KNOWN = frozenset({"Shape", "ShapeN", "Size", "Rank"})


def static_inputs(function: Function, parameters: Collection[str], backend: str) -> set[str]:
    """Those of `parameters` that some node of `function` needs as an array."""
    producers = {node.name: node for node in function.nodes}
    pending = [value for node in function.nodes for value in _static_values(node, backend)]
    found: set[str] = set()
    seen: set[Value] = set()
    while pending:
        value = pending.pop()
        if value in seen:
            continue
        seen.add(value)
        if value.node in parameters:
            found.add(value.node)
        node = producers.get(value.node)
        if node is not None and node.op in NUMPY_OPS and node.op not in _KNOWN:
            pending += node.inputs
    return found


def _static_values(node: Node, backend: str) -> list[Value]:
    # What is static in general is a size, even where a backend of its own would take it as a tensor.
    return [value for name in (backend, "") for value in _declared(node, find_lowering(node.op, name))]


def _declared(node: Node, lowering: Lowering | None) -> list[Value]:
    if lowering is None:
        return []
    groups = None if lowering.variadic else input_groups(node.op, node.attrs)
    values: list[Value] = []
    for index, name in enumerate(lowering.static):
        if name is None:
            continue
        if groups is None:
            values += node.inputs[index : index + 1]
        else:
            group = groups[index] if index < len(groups) else None
            if isinstance(group, tuple):
                values += node.inputs[group[0] : group[1]]
            elif group is not None:
                values.append(node.inputs[group])
    return values
