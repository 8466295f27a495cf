"""Protocol buffers of a MetaGraph to the graph of ir.py."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from hublayer.errors import CorruptSavedModelError
from hublayer.graph.ir import Function, FunctionName, Node, Parameter, Value
from hublayer.graph.op_schema import count, op_schema
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
    return {
        key: decode_attr(value, where)
        for key, value in node.attr.items()
        if key not in _DROPPED and (not key.startswith("_") or key in _KEPT_PRIVATE)
    }


class _Body:
    """Names of one body's nodes, and how its inputs name their outputs."""

    def __init__(self, nodes: Iterable[Any], parameters: Sequence[str], where: str):
        self.where = where
        self.messages = {node.name: node for node in nodes}
        self.parameters = frozenset(parameters)
        self.attrs = {name: decode_attrs(node, f"{where}, node {name}") for name, node in self.messages.items()}

    def value(self, tensor: str) -> Value:
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
            offset += count(output, self.attrs[name])
        else:
            offset = 0  # an op (a function called as one, or another package's) whose outputs have one name
        return Value(name, offset + index)

    def ordered(self, roots: Iterable[str]) -> list[Node]:
        """The nodes that `roots` need, data and control inputs first, otherwise in the file's order."""
        order: list[Node] = []
        done: set[str] = set()
        open_: set[str] = set()
        stack: list[tuple[str, bool]] = [(root, False) for root in reversed(list(roots))]
        while stack:
            name, leaving = stack.pop()
            if leaving:
                open_.discard(name)
                done.add(name)
                order.append(self.node(name))
                continue
            if name in done or name in self.parameters or name not in self.messages:
                continue
            if name in open_:
                raise CorruptSavedModelError(f"{self.where}: the node {name!r} depends on itself.")
            open_.add(name)
            stack.append((name, True))
            for source in reversed(self.messages[name].input):
                producer = source.removeprefix("^").split(":")[0]
                if producer in open_ and producer in self.messages:
                    raise CorruptSavedModelError(f"{self.where}: the node {producer!r} depends on itself.")
                if producer not in done:
                    stack.append((producer, False))
        return order

    def node(self, name: str) -> Node:
        message = self.messages[name]
        inputs = tuple(self.value(source) for source in message.input if not source.startswith("^"))
        return Node(name, message.op, inputs, self.attrs[name], self.where)


def build_function(message: Any) -> Function:
    """A Function message as a Function; what neither its outputs nor its control outputs need is left out."""
    where = message.signature.name
    parameters = tuple(Parameter(arg.name, dtypes.name(arg.type)) for arg in message.signature.input_arg)
    body = _Body(message.node_def, [parameter.name for parameter in parameters], where)
    outputs = []
    for arg in message.signature.output_arg:
        if arg.name not in message.ret:
            raise CorruptSavedModelError(f"{where}: nothing is returned for the output {arg.name!r}.")
        outputs.append(body.value(message.ret[arg.name]))
    roots = [value.node for value in outputs] + [message.control_ret[key] for key in sorted(message.control_ret)]
    # Effects that no control output names still run in TensorFlow's own executor if they precede an output.
    return Function(where, parameters, tuple(body.ordered(roots)), tuple(outputs))


def build_subgraph(nodes: Iterable[Any], feeds: Sequence[tuple[str, str]], fetches: Sequence[str]) -> Function:
    """The part of a main graph between tensors that are fed and tensors that are fetched, as a Function.

    feeds: (tensor name, dtype) of the inputs; each becomes a parameter called by its node.
    """
    names = [name.split(":")[0] for name, _ in feeds]
    body = _Body(nodes, names, "the main graph")
    outputs = tuple(body.value(name) for name in fetches)
    parameters = tuple(Parameter(name, dtype) for name, (_, dtype) in zip(names, feeds, strict=True))
    return Function("main", parameters, tuple(body.ordered([value.node for value in outputs])), outputs)
