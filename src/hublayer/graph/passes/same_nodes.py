"""One node for all that compute the same: TensorFlow's Python functions ask again and again for the same shapes."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import replace
from typing import Any

import numpy as np

from hublayer.graph.ir import Function, Node, Value
from hublayer.graph.numpy_ops import NUMPY_OPS
from hublayer.graph.op_schema import output_count
from hublayer.ops.traits import facts

# Larger constants are hardly written twice, and take long to compare.
_MOST_ELEMENTS = 64


def merge_same_nodes(function: Function) -> Function:
    """`function` with one node where several are the same op on the same values, and without Identity nodes.

    Only ops on arrays that depend on nothing else are merged.
    """
    same: dict[Value, Value] = {}
    first: dict[Hashable, str] = {}
    kept: list[Node] = []
    for node in function.nodes:
        node = replace(node, inputs=tuple(same.get(value, value) for value in node.inputs))
        if node.op == "Identity":
            same[Value(node.name)] = node.inputs[0]
            continue
        key = _key(node)
        if key is not None and (name := first.setdefault(key, node.name)) != node.name:
            count = output_count(node.op, node.attrs)
            same |= {Value(node.name, index): Value(name, index) for index in range(count)}
            continue
        kept.append(node)
    outputs = tuple(same.get(value, value) for value in function.outputs)
    return replace(function, nodes=tuple(kept), outputs=outputs)


def _key(node: Node) -> Hashable | None:
    """What is equal for nodes that compute the same; None for nodes that stay as they are."""
    if node.op != "Const" and (node.op not in NUMPY_OPS or not facts(node.op).is_function):
        return None
    attrs = [(name, _hashable(value)) for name, value in sorted(node.attrs.items())]
    if any(value is None for _, value in attrs):
        return None
    return node.op, node.inputs, tuple(attrs)


def _hashable(value: Any) -> Hashable | None:
    if not isinstance(value, np.ndarray):
        return type(value).__name__, repr(value)
    if value.size > _MOST_ELEMENTS:
        return None
    return value.dtype.str, value.shape, repr(value.tolist())
