"""TF1's reference variables as resource variables.

A reference is read whenever a node uses it, and written by ops that take it as their first input; both become explicit.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from hublayer.graph.ir import Function, FunctionName, Node, Parameter, Value

_VARIABLES = frozenset({"VariableV2", "Variable", "TemporaryVariable"})
_WRITES = {
    "Assign": "AssignVariableOp",
    "AssignAdd": "AssignAddVariableOp",
    "AssignSub": "AssignSubVariableOp",
    "ScatterAdd": "ResourceScatterAdd",
    "ScatterDiv": "ResourceScatterDiv",
    "ScatterMax": "ResourceScatterMax",
    "ScatterMin": "ResourceScatterMin",
    "ScatterMul": "ResourceScatterMul",
    "ScatterNdAdd": "ResourceScatterNdAdd",
    "ScatterNdSub": "ResourceScatterNdSub",
    "ScatterNdUpdate": "ResourceScatterNdUpdate",
    "ScatterSub": "ResourceScatterSub",
    "ScatterUpdate": "ResourceScatterUpdate",
}
# TensorFlow's kernels hand the variable's own buffer on, so a later assignment shows in what they returned.
_ALIASES = frozenset({"Identity", "RefIdentity"})
# Ops of TF1's graphs that do nothing of their own here.
_PLAIN = {"RefIdentity": "Identity", "ControlTrigger": "NoOp"}
_CONDITIONALS = frozenset({"If", "StatelessIf"})
_LOOPS = frozenset({"While", "StatelessWhile"})
_CALLS = _CONDITIONALS | _LOOPS


@dataclass
class _Reference:
    """The handle behind a reference, and its dtype. index: the parameter of the function that it came through."""

    handle: Value
    dtype: str
    index: int | None = None


@dataclass
class _Scope:
    """One function on the way: what is a reference in it, and its new nodes."""

    references: dict[Value, _Reference] = field(default_factory=dict)
    nodes: list[Node] = field(default_factory=list)

    def read(self, value: Value, name: str, origin: str) -> Value:
        """`value`, read at this place if it is a reference."""
        if value not in self.references:
            return value
        reference = self.references[value]
        node = Node(name, "ReadVariableOp", (reference.handle,), {"dtype": reference.dtype}, origin)
        self.nodes.append(node)
        return Value(name)


def resolve_references(function: Function, parts: dict[str, Function] | None = None) -> Function:
    """`function` with VarHandleOp, ReadVariableOp and AssignVariableOp in place of reference variables and their uses.

    A variable's key is its node's name, under which the checkpoint has it. parts: functions that the conditionals and
    loops of `function` call, each from one place; those that are given references are changed in the same way.
    """
    return _resolved(function, {}, {} if parts is None else parts)[0]


def _resolved(
    function: Function, given: dict[int, str], parts: dict[str, Function]
) -> tuple[Function, list[_Reference | None]]:
    """The function, whose parameters `given` (position to dtype) are handles, and which outputs are references."""
    scope = _Scope()
    parameters = list(function.parameters)
    for index, dtype in given.items():
        name = parameters[index].name
        scope.references[Value(name)] = _Reference(Value(name), dtype, index)
        parameters[index] = Parameter(name, "resource")
    for node in function.nodes:
        _resolve(node, scope, parts)
    results = [scope.references.get(value) for value in function.outputs]
    outputs = tuple(scope.read(value, f"{value.node}/result_{i}", "") for i, value in enumerate(function.outputs))
    changed = replace(function, parameters=tuple(parameters), nodes=tuple(scope.nodes), outputs=outputs)
    return changed, results


def _resolve(node: Node, scope: _Scope, parts: dict[str, Function]) -> None:
    references, nodes = scope.references, scope.nodes
    if node.op in _VARIABLES:
        handle = f"{node.name}/handle"
        dtype = node.attrs.get("dtype", "float32")
        attrs = {"shared_name": node.name, "dtype": dtype, "shape": node.attrs.get("shape")}
        nodes.append(Node(handle, "VarHandleOp", (), attrs, node.origin))
        references[Value(node.name)] = _Reference(Value(handle), dtype)
    elif node.op in _WRITES and node.inputs[0] in references:
        reference = references[node.inputs[0]]
        inputs = tuple(
            scope.read(value, f"{node.name}/value_{i}", node.origin) for i, value in enumerate(node.inputs[1:])
        )
        attrs = {"dtype": reference.dtype}
        if "Tindices" in node.attrs:
            attrs["Tindices"] = node.attrs["Tindices"]
        nodes.append(Node(f"{node.name}/write", _WRITES[node.op], (reference.handle, *inputs), attrs, node.origin))
        references[Value(node.name)] = reference
    elif node.op in _ALIASES and node.inputs[0] in references:
        references[Value(node.name)] = references[node.inputs[0]]
    elif node.op == "IsVariableInitialized" and node.inputs[0] in references:
        handle = references[node.inputs[0]].handle
        nodes.append(Node(node.name, "VarIsInitializedOp", (handle,), {}, node.origin))
    elif node.op == "DestroyTemporaryVariable" and node.inputs[0] in references:
        name = scope.read(node.inputs[0], f"{node.name}/last", node.origin)
        nodes.append(Node(node.name, "Identity", (name,), {}, node.origin))
    elif node.op in _CALLS and any(value in references for value in node.inputs):
        nodes.append(_resolved_call(node, scope, parts))
    else:
        inputs = tuple(scope.read(value, f"{node.name}/read_{i}", node.origin) for i, value in enumerate(node.inputs))
        nodes.append(replace(node, inputs=inputs))


def _resolved_call(node: Node, scope: _Scope, parts: dict[str, Function]) -> Node:
    """A conditional or loop that is given handles in place of references."""
    inputs = list(node.inputs)
    first = 0
    if node.op in _CONDITIONALS:
        inputs[0] = scope.read(inputs[0], f"{node.name}/read_0", node.origin)
        first = 1
    given = {i - first: scope.references[v].dtype for i, v in enumerate(inputs) if i >= first and v in scope.references}
    names = [name for name in node.attrs.values() if isinstance(name, FunctionName) and name in parts]
    if node.op in _LOOPS:
        body = parts[node.attrs["body"]]
        given = {i: dtype for i, dtype in given.items() if _handed_on(body, i)}
    results: list[list[_Reference | None]] = []
    for name in names:
        parts[name], outputs = _resolved(parts[name], given, parts)
        if node.op in _LOOPS and name == node.attrs["body"]:
            keep = [Value(p.name) if i in given else v for i, (p, v) in enumerate(_pairs(parts[name]))]
            parts[name] = replace(parts[name], outputs=tuple(keep))
        results.append(outputs)
    arguments = []
    for i, value in enumerate(inputs):
        if i - first in given and i >= first:
            arguments.append(scope.references[value].handle)
        else:
            arguments.append(scope.read(value, f"{node.name}/read_{i}", node.origin))
    _pass_on(node, inputs[first:], given, results, scope)
    return replace(node, inputs=tuple(arguments))


def _pairs(body: Function) -> Sequence[tuple[Parameter, Value]]:
    return list(zip(body.parameters, body.outputs, strict=True))


def _handed_on(body: Function, index: int) -> bool:
    """Whether a loop's body returns a parameter as it got it, or as what an assignment to it returned."""
    sources = {Value(body.parameters[index].name)}
    for node in body.nodes:
        if node.inputs and node.inputs[0] in sources and (node.op in _ALIASES or node.op in _WRITES):
            sources.add(Value(node.name))
    return body.outputs[index] in sources


def _pass_on(
    node: Node,
    arguments: Sequence[Value],
    given: dict[int, str],
    results: Sequence[Sequence[_Reference | None]],
    scope: _Scope,
) -> None:
    """Take the outputs for references that are the same reference whichever way the call goes."""
    if node.op in _LOOPS:
        for index in given:
            scope.references[Value(node.name, index)] = scope.references[arguments[index]]
        return
    for index, ends in enumerate(zip(*results, strict=True)):
        sources = {end.index if end is not None else None for end in ends}
        if len(sources) == 1 and None not in sources:
            (source,) = sources
            assert source is not None
            scope.references[Value(node.name, index)] = scope.references[arguments[source]]
