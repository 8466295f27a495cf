"""TF1's reference variables as resource variables.

A reference is read whenever a node uses it, and written by ops that take it as their first input; both become explicit.
"""

from __future__ import annotations

from dataclasses import replace

from hublayer.graph.ir import Function, Node, Value

_VARIABLES = frozenset({"VariableV2", "Variable", "TemporaryVariable"})
_WRITES = {
    "Assign": "AssignVariableOp",
    "AssignAdd": "AssignAddVariableOp",
    "AssignSub": "AssignSubVariableOp",
}
# TensorFlow's kernels hand the variable's own buffer on, so a later assignment shows in what they returned.
_ALIASES = frozenset({"Identity", "RefIdentity"})


def resolve_references(function: Function) -> Function:
    """`function` with VarHandleOp, ReadVariableOp and AssignVariableOp in place of reference variables and their uses.

    A variable's key is its node's name, under which the checkpoint has it.
    """
    references: dict[Value, tuple[Value, str]] = {}  # what is a reference, the handle behind it, and its dtype
    nodes: list[Node] = []
    for node in function.nodes:
        if node.op in _VARIABLES:
            handle = f"{node.name}/handle"
            dtype = node.attrs.get("dtype", "float32")
            attrs = {"shared_name": node.name, "dtype": dtype, "shape": node.attrs.get("shape")}
            nodes.append(Node(handle, "VarHandleOp", (), attrs, node.origin))
            references[Value(node.name)] = (Value(handle), dtype)
        elif node.op in _WRITES and node.inputs[0] in references:
            handle, dtype = references[node.inputs[0]]
            value = _read(node.inputs[1], f"{node.name}/value", references, nodes, node.origin)
            nodes.append(Node(f"{node.name}/write", _WRITES[node.op], (handle, value), {"dtype": dtype}, node.origin))
            references[Value(node.name)] = (handle, dtype)
        elif node.op in _ALIASES and node.inputs[0] in references:
            references[Value(node.name)] = references[node.inputs[0]]
        else:
            inputs = tuple(
                _read(value, f"{node.name}/read_{i}", references, nodes, node.origin)
                for i, value in enumerate(node.inputs)
            )
            nodes.append(replace(node, inputs=inputs))
    outputs = tuple(
        _read(value, f"{value.node}/result_{i}", references, nodes, "") for i, value in enumerate(function.outputs)
    )
    return replace(function, nodes=tuple(nodes), outputs=outputs)


def _read(value: Value, name: str, references: dict[Value, tuple[Value, str]], nodes: list[Node], origin: str) -> Value:
    if value not in references:
        return value
    handle, dtype = references[value]
    nodes.append(Node(name, "ReadVariableOp", (handle,), {"dtype": dtype}, origin))
    return Value(name)
