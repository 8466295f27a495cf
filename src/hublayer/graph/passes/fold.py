"""Compute at load what depends on constants only."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from hublayer.graph.ir import Function, Node, Value
from hublayer.graph.numpy_ops import NUMPY_OPS
from hublayer.graph.op_schema import count, op_schema
from hublayer.graph.output_sizes import output_elements
from hublayer.ops.traits import facts

# Folding must not turn a small recipe into a large array.
_MAX_BYTES = 1 << 20


def fold_constants(function: Function) -> Function:
    """`function` with Const nodes in place of nodes whose inputs are all constants and that NumPy can compute."""
    constants: dict[Value, np.ndarray] = {}
    nodes: list[Node] = []
    for node in function.nodes:
        if node.op == "Const":
            constants[Value(node.name)] = node.attrs["value"]
        elif node.op in NUMPY_OPS and node.inputs and all(value in constants for value in node.inputs):
            result = folded(node, [constants[value] for value in node.inputs])
            if result is not None and result.nbytes <= _MAX_BYTES:
                constants[Value(node.name)] = result
                nodes.append(Node(node.name, "Const", (), {"value": result}, node.origin))
                continue
        nodes.append(node)
    return replace(function, nodes=tuple(nodes))


def folded(node: Node, inputs: list[np.ndarray]) -> np.ndarray | None:
    """The one output of `node`; None for an op with several, or one whose NumPy version does not take these inputs."""
    schema = op_schema(node.op)
    if (
        not facts(node.op).is_function
        or schema is None
        or len(schema.outputs) != 1
        or schema.outputs[0].length is not None
    ):
        return None
    if output_elements(node.op, inputs, node.attrs) > _MAX_BYTES or any(x.nbytes > 64 * _MAX_BYTES for x in inputs):
        return None
    grouped: list[object] = []
    start = 0
    for argument in schema.inputs:
        length = count(argument, node.attrs)
        grouped.append(inputs[start] if argument.length is None else inputs[start : start + length])
        start += length
    try:
        with np.errstate(all="ignore"):
            return np.asarray(NUMPY_OPS[node.op](grouped, dict(node.attrs)))
    except (ValueError, TypeError, LookupError, ArithmeticError, AttributeError):
        return None  # left to the executor, which reports it with the node's name if it is ever reached
