"""Regions of StableHLO as functions of the graph, so that reductions and comparators are recognised in one place."""

from __future__ import annotations

from hublayer.graph.ir import Function, Node, Parameter, Value
from hublayer.lowering.backends.jax.xla_module import Block, Operation

_OPS = {
    "stablehlo.add": "AddV2",
    "stablehlo.multiply": "Mul",
    "stablehlo.maximum": "Maximum",
    "stablehlo.minimum": "Minimum",
    "stablehlo.select": "SelectV2",
    "stablehlo.constant": "Const",
}
_LOGICAL = {"stablehlo.and": "LogicalAnd", "stablehlo.or": "LogicalOr"}
_DIRECTIONS = {"LT": "Less", "GT": "Greater", "EQ": "Equal"}


def as_function(block: Block) -> Function:
    """The region's operations as nodes, with TensorFlow's names where they have one and their own where not."""
    parameters = tuple(
        Parameter(str(number), kind.dtype) for number, kind in zip(block.parameters, block.types, strict=True)
    )
    nodes = tuple(_node(operation) for operation in block.operations)
    return Function("region", parameters, nodes, tuple(Value(str(number)) for number in block.results))


def _node(operation: Operation) -> Node:
    inputs = tuple(Value(str(number)) for number in operation.operands)
    op = _OPS.get(operation.name, operation.name)
    attrs = dict(operation.attrs)
    if operation.name in _LOGICAL and operation.types[0].dtype == "bool":
        op = _LOGICAL[operation.name]
    elif operation.name == "stablehlo.compare" and (known := _DIRECTIONS.get(attrs["comparison_direction"])):
        op, attrs = known, {}
    elif op == operation.name:
        attrs["types"] = operation.types
    return Node(str(operation.results[0]) if operation.results else "none", op, inputs, attrs)
