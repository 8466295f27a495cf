"""Nodes that a run may not do without."""

from __future__ import annotations

from collections.abc import Iterable

from hublayer.graph.ir import Function, FunctionName, Node
from hublayer.graph.op_schema import op_schema
from hublayer.ops.traits import Trait, facts


def has_effect(node: Node) -> bool:
    """Whether `node` draws, changes a state, checks values, or calls stateful functions that may."""
    found = facts(node.op)
    if Trait.CALLS not in found.traits:
        return found.has_effect
    schema = op_schema(node.op)
    stateful = schema is None or schema.stateful
    return stateful and any(isinstance(attr, FunctionName | list) for attr in node.attrs.values())


def writes(functions: Iterable[Function]) -> bool:
    """Whether a node of `functions` changes a state. Functions that they call are not looked into."""
    return any(Trait.WRITES in facts(node.op).traits for function in functions for node in function.nodes)
