"""Give the nodes that carry a publisher's own gradient what its function needs.

tf.custom_gradient leaves an IdentityN of the op's results and arguments, with a `_gradient_op_type`. A SavedModel
registers a function for that type: it takes a gradient for each output of the IdentityN and then what it captures,
and returns gradients for some of the IdentityN's inputs; the others' are zero.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from hublayer.graph.build import decode_attr
from hublayer.graph.effects import has_effect
from hublayer.graph.ir import Function, Node, Value
from hublayer.graph.library import Library


@dataclass(frozen=True)
class CapturedTensor:
    """A tensor of a concrete function, "node:index"."""

    tensor: str
    function: str


@dataclass(frozen=True)
class CapturedVariable:
    """A variable, by its key."""

    key: str


@dataclass(frozen=True, eq=False)
class Gradient:
    """function: its name in the library. positions: of the inputs for which it returns gradients, in order; None if the
    file does not say, which means the last ones.
    """

    function: str
    captures: tuple[CapturedTensor | CapturedVariable | np.ndarray, ...]
    positions: tuple[int, ...] | None


def saved_gradients(library: Library) -> dict[str, Gradient]:
    """The gradient of each `_gradient_op_type` that a MetaGraph registers and whose captures can be told."""
    objects = library.meta_graph.objects
    registered = library.meta_graph.message.graph_def.library.registered_gradients
    if objects is None:
        return {}
    names = set(objects.concrete_names)
    found = {}
    for entry in registered:
        if entry.gradient_func in names and entry.gradient_func in library.functions:
            concrete = objects.concrete(entry.gradient_func)
            captures = [_capture(library, objects.node(node_id), node_id) for node_id in concrete.bound_inputs]
            known = tuple(capture for capture in captures if capture is not None)
            if len(known) == len(captures):
                positions = _positions(concrete.output_signature)
                found[entry.registered_op_type] = Gradient(entry.gradient_func, known, positions)
    return found


def _capture(library: Library, node: Any, node_id: int) -> CapturedTensor | CapturedVariable | np.ndarray | None:
    match node.WhichOneof("kind"):
        case "captured_tensor":
            return CapturedTensor(node.captured_tensor.name, node.captured_tensor.concrete_function)
        case "variable":
            return CapturedVariable(str(node_id))
        case "constant":
            source = library.main.get(node.constant.operation)
            if source is not None and "value" in source.attr:
                return decode_attr(source.attr["value"], f"{library.meta_graph.path}, node {source.name}")
    return None


def _positions(signature: Any) -> tuple[int, ...] | None:
    """Where a structure of tensors and None has tensors; None for a structure of another kind."""
    match signature.WhichOneof("kind"):
        case "list_value" | "tuple_value" as kind:
            values = getattr(signature, kind).values
            kinds = [value.WhichOneof("kind") for value in values]
            if set(kinds) <= {"none_value", "tensor_spec_value"}:
                return tuple(i for i, item in enumerate(kinds) if item == "tensor_spec_value")
    return None


def bind_gradients(function: Function, gradients: Mapping[str, Gradient]) -> Function:
    """`function`, its nodes of a registered `_gradient_op_type` with the captures as further inputs.

    Such a node gets the attributes `_gradient_function` and `_gradient_positions`. A node whose captures are not in
    this function stays as it is; it is then differentiated like any other.
    """
    nodes = list(function.nodes)
    for node in function.nodes:
        gradient = gradients.get(str(node.attrs.get("_gradient_op_type", "")))
        if gradient is not None and node.op == "IdentityN":
            _bind(function, nodes, node, gradient)
    return replace(function, nodes=tuple(nodes))


def _bind(function: Function, nodes: list[Node], node: Node, gradient: Gradient) -> None:
    added: list[Node] = []
    values: list[Value] = []
    for number, capture in enumerate(gradient.captures):
        name = f"{node.name}/gradient_capture_{number}"
        if isinstance(capture, CapturedTensor):
            value = _value(function, capture)
            if value is None:
                return
            values.append(value)
            continue
        if isinstance(capture, CapturedVariable):
            added.append(Node(name, "VarHandleOp", (), {"shared_name": capture.key}, node.origin))
        else:
            added.append(Node(name, "Const", (), {"value": capture}, node.origin))
        values.append(Value(name))
    place = nodes.index(node)
    moved = _later(nodes, place, values)
    if moved is None:
        return
    attrs = {**node.attrs, "_gradient_function": gradient.function, "_gradient_positions": gradient.positions}
    bound = replace(node, inputs=(*node.inputs, *values), attrs=attrs)
    rest = [later for later in nodes[place + 1 :] if all(later is not other for other in moved)]
    nodes[place:] = [*added, *moved, bound, *rest]


def _value(function: Function, capture: CapturedTensor) -> Value | None:
    if capture.function != function.name:
        return None
    name, _, index = capture.tensor.partition(":")
    known = {parameter.name for parameter in function.parameters} | {node.name for node in function.nodes}
    return Value(name, int(index or 0)) if name in known and (not index or index.isdecimal()) else None


def _later(nodes: list[Node], place: int, values: list[Value]) -> list[Node] | None:
    """The nodes behind `place` that `values` need; None if they cannot stand before it."""
    needed = {value.node for value in values}
    moved = []
    for node in reversed(nodes[place + 1 :]):
        if node.name in needed:
            if has_effect(node):
                return None
            needed.update(value.node for value in node.inputs)
            moved.append(node)
    return None if nodes[place].name in needed else moved[::-1]
