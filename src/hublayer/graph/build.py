"""Protocol buffers of a MetaGraph to the graph of ir.py."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from hublayer.errors import CorruptSavedModelError
from hublayer.graph.body import Body, Wired
from hublayer.graph.control_flow import functional
from hublayer.graph.effects import has_effect
from hublayer.graph.ir import Function, FunctionName, Node, Parameter, Value
from hublayer.graph.node_check import check_node, check_value
from hublayer.graph.op_schema import count, op_schema
from hublayer.ops.traits import Trait, facts
from hublayer.savedmodel import dtypes
from hublayer.savedmodel.specs import shape_of
from hublayer.savedmodel.tensors import tensor_array

# Attributes that only help a runtime we do not have.
_DROPPED = frozenset({"config", "config_proto", "executor_type"})
_KEPT_PRIVATE = frozenset({"_gradient_op_type"})


def decode_attr(message: Any, where: str) -> Any:
    """An AttrValue message as a Python value."""
    kind = message.WhichOneof("value")
    match kind:
        case "s":
            return _text(message.s)
        case "i" | "f" | "b":
            return getattr(message, kind)
        case "type":
            return dtypes.name(message.type)
        case "shape":
            return shape_of(message.shape)
        case "tensor":
            return tensor_array(message.tensor, where)
        case "func":
            return FunctionName(message.func.name)
        case "list":
            return _decode_list(message.list, where)
    return None


def _text(value: bytes) -> str | bytes:
    try:
        return value.decode()
    except UnicodeDecodeError:
        return value


def _decode_list(items: Any, where: str) -> list[Any]:
    if items.func:
        return [FunctionName(function.name) for function in items.func]
    for kind, decode in (
        ("s", _text),
        ("i", int),
        ("f", float),
        ("b", bool),
        ("type", dtypes.name),
        ("shape", shape_of),
        ("tensor", lambda tensor: tensor_array(tensor, where)),
    ):
        values = getattr(items, kind)
        if values:
            return [decode(value) for value in values]
    return []


def decode_attrs(node: Any, where: str) -> dict[str, Any]:
    """The attributes of a Node message that matter to its value."""
    kept = _KEPT_PRIVATE | {"_output_shapes"} if Trait.CHOOSES in facts(node.op).traits else _KEPT_PRIVATE
    return {
        key: decode_attr(value, where)
        for key, value in node.attr.items()
        if key not in _DROPPED and (not key.startswith("_") or key in kept)
    }


class _Reader:
    """Names of one body's nodes, and how its inputs name their outputs.

    fed: tensors, as value of the body, that are given, and the parameters that hold them.
    """

    def __init__(self, nodes: Iterable[Any], parameters: Sequence[str], where: str):
        self.where = where
        self.messages = {node.name: node for node in nodes}
        self.parameters = frozenset(parameters)
        self.fed: dict[Value, Value] = {}
        self._attrs: dict[str, dict[str, Any]] = {}

    def attrs(self, name: str) -> dict[str, Any]:
        if name not in self._attrs:
            message = self.messages[name]
            self._attrs[name] = decode_attrs(message, f"{self.where}, node {name}")
            if message.op in ("Stack", "StackV2"):
                self._attrs[name]["_key"] = name  # its other names need not be unique
        return self._attrs[name]

    def value(self, tensor: str) -> Value:
        """The value that `tensor`, such as ``node``, ``node:1`` or ``node:out:1``, names."""
        value = self._value(tensor)
        return self.fed.get(value, value)

    def _value(self, tensor: str) -> Value:
        name, *rest = tensor.split(":")
        if name not in self.messages and name not in self.parameters:
            raise CorruptSavedModelError(f"{self.where}: the tensor {tensor!r} comes from no node of the function.")
        if not rest or name in self.parameters:
            return Value(name, 0)
        if not rest[-1].isdecimal():
            raise CorruptSavedModelError(f"{self.where}: {tensor!r} is no name of a tensor.")
        index = int(rest[-1])
        if len(rest) == 1:
            return Value(name, index)
        schema = op_schema(self.messages[name].op)
        offset = 0
        for output in schema.outputs if schema else ():
            if output.name == rest[0]:
                break
            offset += count(output, self.attrs(name))
        else:
            offset = 0  # an op (a function called as one, or another package's) whose outputs have one name
        return Value(name, offset + index)

    def body(self, roots: Iterable[str]) -> Body:
        """The nodes that `roots` need."""
        nodes: dict[str, Wired] = {}
        pending = list(roots)
        while pending:
            name = pending.pop()
            if name in nodes or name in self.parameters or name not in self.messages:
                continue
            message = self.messages[name]
            inputs = tuple(self.value(source) for source in message.input if not source.startswith("^"))
            before = (source[1:].split(":")[0] for source in message.input if source.startswith("^"))
            controls = tuple(other for other in before if not self._is_given(other))
            node = Node(name, message.op, inputs, self.attrs(name), self.where)
            check_node(node)
            nodes[name] = Wired(node, controls)
            pending += nodes[name].sources()
        for wired in nodes.values():
            for value in wired.node.inputs:
                if value.node in nodes:
                    check_value(value, nodes[value.node].node)
        return Body(self.where, nodes)

    def _is_given(self, name: str) -> bool:
        """Whether the node `name` is a placeholder that is fed, so that nothing needs to wait for it."""
        message = self.messages.get(name)
        return Value(name) in self.fed and message is not None and not message.input


def _built(
    reader: _Reader,
    name: str,
    parameters: Sequence[Parameter],
    outputs: Sequence[Value],
    effects: Sequence[str],
    parts: dict[str, Function] | None,
) -> Function:
    body = reader.body([*(value.node for value in outputs), *effects])
    body, found = functional(body, outputs, effects, f"{name}/")
    function = body.function(name, parameters, outputs, effects)
    stateless = _without_effects(found)
    if parts is not None:
        parts.update({key: _named_by_effects(part, stateless) for key, part in found.items()})
    return _named_by_effects(function, stateless)


def _without_effects(parts: Mapping[str, Function]) -> set[str]:
    """Names of those of `parts` that change nothing, nor call others that do."""
    stateless = set(parts)
    while True:
        changing = {name for name in stateless if not _changes_nothing(parts[name], stateless)}
        if not changing:
            return stateless
        stateless -= changing


def _changes_nothing(function: Function, stateless: set[str]) -> bool:
    for node in function.nodes:
        called = [attr for attr in node.attrs.values() if isinstance(attr, FunctionName)]
        if called and all(name in stateless for name in called):
            continue
        if has_effect(node):
            return False
    return True


def _named_by_effects(function: Function, stateless: set[str]) -> Function:
    """`function` with StatelessIf and StatelessWhile where nothing is changed, which may so be left out or moved."""

    def named(node: Node) -> Node:
        called = [attr for attr in node.attrs.values() if isinstance(attr, FunctionName)]
        if node.op in ("If", "While") and called and all(name in stateless for name in called):
            return replace(node, op=f"Stateless{node.op}")
        return node

    return replace(function, nodes=tuple(map(named, function.nodes)))


def build_function(message: Any, parts: dict[str, Function] | None = None) -> Function:
    """A Function message as a Function; what neither its outputs nor its control outputs need is left out.

    parts: receives the functions that TF1's control flow was turned into, if there was any.
    """
    where = message.signature.name
    parameters = tuple(Parameter(arg.name, dtypes.name(arg.type)) for arg in message.signature.input_arg)
    reader = _Reader(message.node_def, [parameter.name for parameter in parameters], where)
    outputs = []
    for arg in message.signature.output_arg:
        if arg.name not in message.ret:
            raise CorruptSavedModelError(f"{where}: nothing is returned for the output {arg.name!r}.")
        outputs.append(reader.value(message.ret[arg.name]))
    effects = [message.control_ret[key] for key in sorted(message.control_ret)]
    # Effects that no control output names still run in TensorFlow's own executor if they precede an output.
    return _built(reader, where, parameters, outputs, effects, parts)


def build_subgraph(
    nodes: Iterable[Any],
    feeds: Sequence[tuple[str, str]],
    fetches: Sequence[str],
    effects: Sequence[str] = (),
    name: str = "main",
    parts: dict[str, Function] | None = None,
) -> Function:
    """The part of a main graph between tensors that are fed and tensors that are fetched, as a Function.

    feeds: (tensor name, dtype) of the inputs; each becomes a parameter called like its tensor. A tensor that is fed
    twice takes the last of them. effects: names of nodes that run as well. name: of the function.
    parts: as for build_function.
    """
    reader = _Reader(nodes, (), "the main graph")
    parameters = []
    for tensor, dtype in feeds:
        node, _, index = tensor.partition(":")
        parameter = tensor if index else f"{node}:0"
        parameters.append(Parameter(parameter, dtype))
        reader.fed[Value(node, int(index or 0))] = Value(parameter)
    outputs = tuple(reader.value(fetch) for fetch in fetches)
    return _built(reader, name, parameters, outputs, effects, parts)
