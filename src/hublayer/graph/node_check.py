"""Check a node that came from a file against the op registry, before anything is built on it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from hublayer.errors import CorruptSavedModelError
from hublayer.graph.ir import FunctionName, Node, Value
from hublayer.graph.op_schema import Argument, count, op_schema, redundant_attributes

# More than any model has; a damaged count must not become a list of as many names.
_MOST_TENSORS = 1 << 20
_TYPES: dict[str, tuple[type, ...]] = {
    "int": (int,),
    "float": (float, int),
    "bool": (bool,),
    "string": (str, bytes),
    "type": (str,),
    "shape": (tuple, type(None)),
    "tensor": (np.ndarray,),
    "func": (FunctionName,),
}


def check_node(node: Node) -> None:
    """Raise CorruptSavedModelError if attributes are missing or of another type, or the inputs of another number.

    Ops that the registry does not have are left to whoever looks for a function or a lowering of that name.
    """
    schema = op_schema(node.op)
    if schema is None:
        return
    redundant = redundant_attributes(schema)
    for name, attribute in schema.attrs.items():
        if name not in node.attrs:
            if not attribute.has_default and name not in redundant:
                raise _damaged(node, f"it lacks the attribute {name!r}")
        elif not _is_a(node.attrs[name], attribute.kind):
            raise _damaged(node, f"its attribute {name!r} should be a {attribute.kind}, but is {node.attrs[name]!r}")
    inputs = _number(node, schema.inputs, "inputs")
    if inputs != len(node.inputs):
        raise _damaged(node, f"it has {len(node.inputs)} inputs, but its op takes {inputs}")
    _number(node, schema.outputs, "outputs")


def check_value(value: Value, node: Node) -> None:
    """Raise CorruptSavedModelError if `node`, which `value` comes from, has fewer outputs than `value` counts."""
    schema = op_schema(node.op)
    if schema is not None and value.index >= (outputs := _number(node, schema.outputs, "outputs")):
        raise _damaged(node, f"its output {value.index} is used, but it has {outputs}")


def _is_a(value: Any, kind: str) -> bool:
    if kind.startswith("list("):
        inner = kind.removeprefix("list(").removesuffix(")")
        return isinstance(value, list) and all(_is_a(item, inner) for item in value)
    if isinstance(value, bool) and kind != "bool":
        return False
    return isinstance(value, _TYPES.get(kind, (object,)))


def _number(node: Node, arguments: Iterable[Argument], what: str) -> int:
    """How many tensors the arguments stand for."""
    number = 0
    for argument in arguments:
        length = count(argument, node.attrs)
        if not 0 <= length <= _MOST_TENSORS:
            raise _damaged(node, f"it has {length} {what}")
        number += length
    return number


def _damaged(node: Node, what: str) -> CorruptSavedModelError:
    return CorruptSavedModelError(
        f"{node.origin}, node {node.name} ({node.op}): {what[:500]}. The graph is damaged; fetch or export the model "
        "again."
    )
