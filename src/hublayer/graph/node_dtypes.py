"""Dtypes of a node's inputs and outputs, as far as its op and its attributes tell."""

from __future__ import annotations

from hublayer.graph.ir import Node
from hublayer.graph.op_schema import dtypes, op_schema


def input_dtypes(node: Node) -> list[str]:
    """Names in the order of the node's inputs; empty for an op that is not known."""
    schema = op_schema(node.op)
    return dtypes(schema.inputs, node.attrs) if schema else []


def output_dtypes(node: Node) -> list[str]:
    """Names in the order of the node's outputs; a constant's is that of its value."""
    if node.op == "Const":
        value = node.attrs["value"]
        return ["string" if value.dtype.kind in "OSU" else value.dtype.name]
    schema = op_schema(node.op)
    if schema is None:
        return []
    # A dtype attribute that is left out has its default.
    defaults = {name: attr.default for name, attr in schema.attrs.items() if attr.has_default}
    return dtypes(schema.outputs, {**defaults, **node.attrs})
