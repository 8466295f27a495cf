"""Which tensor of the checkpoint TF1 restores each variable from.

The collections of variables say which are parts of one, and the graph mostly says it all: it assigns to the variable
what a RestoreV2 node reads, whose inputs name the tensors and the parts of them: ``"4 8 0,2:0,8"`` is rows 0 and 1 of a
tensor of shape (4, 8) (tensorflow/core/framework/tensor_slice.cc). Modules of the TF1 Hub format have no such nodes:
there a variable's name is its key.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from google.protobuf import message as protobuf_message

from hublayer.errors import CorruptSavedModelError
from hublayer.savedmodel import schema
from hublayer.savedmodel.tensors import tensor_array

_ASSIGNMENTS = frozenset({"Assign", "AssignVariableOp"})
_VARIABLE_COLLECTIONS = ("variables", "model_variables", "trainable_variables", "local_variables")


@dataclass(frozen=True)
class Stored:
    """Where a variable's value lies.

    key: of the checkpoint's tensor. name: of the weight that the variable is, or is a part of.
    part: (start, length) per dimension if the variable is a slice of the weight, else None. shape: of the weight, if
    the variable is a slice.
    """

    key: str
    name: str
    part: tuple[tuple[int, int], ...] | None = None
    shape: tuple[int, ...] | None = None


def stored_variables(message: Any, where: str) -> dict[str, Stored]:
    """Of the MetaGraph `message`, by the names of the variables' nodes. `where` names the file in messages.

    Raises CorruptSavedModelError for a part of a tensor that is none.
    """
    nodes = {node.name: node for node in message.graph_def.node}
    found = _from_collections(message, where)
    for node in nodes.values():
        if node.op not in _ASSIGNMENTS or len(node.input) < 2:
            continue
        variable = node.input[0].split(":")[0]
        source, index = _source(node.input[1], nodes)
        if source is None or source.op not in ("RestoreV2", "RestoreSlice", "Restore"):
            continue
        key, spec = _restored(source, index, nodes, where)
        if key is None:
            continue
        shape, part = _part(spec, where) if spec else (None, None)
        known = found.get(variable)
        name = known.name if known is not None else key if part else variable
        found[variable] = Stored(key, name, part, shape)
    return found


def _source(tensor: str, nodes: Mapping[str, Any]) -> tuple[Any | None, int]:
    while True:
        name, _, index = tensor.partition(":")
        node = nodes.get(name)
        if node is None or node.op != "Identity":
            return node, int(index) if index.isdecimal() else 0
        tensor = node.input[0]


def _restored(node: Any, index: int, nodes: Mapping[str, Any], where: str) -> tuple[str | None, str]:
    """The key and the slice that output `index` of a restoring node reads; no key if they are not constants."""
    names = _strings(node.input[1], nodes, where)
    specs = _strings(node.input[2], nodes, where) if len(node.input) > 2 else []
    if names is None or specs is None or index >= len(names):
        return None, ""
    return names[index], specs[index] if index < len(specs) else ""


def _strings(tensor: str, nodes: Mapping[str, Any], where: str) -> list[str] | None:
    node, _ = _source(tensor, nodes)
    if node is None or node.op != "Const":
        return None
    values = tensor_array(node.attr["value"].tensor, f"{where}, node {node.name}")
    return [item.decode() if isinstance(item, bytes) else str(item) for item in np.ravel(values).tolist()]


def _part(spec: str, where: str) -> tuple[tuple[int, ...], tuple[tuple[int, int], ...]]:
    *dims, parts = spec.split()
    try:
        shape = tuple(int(dim) for dim in dims)
        part = tuple(
            (0, size) if extent == "-" else (int(extent.split(",")[0]), int(extent.split(",")[1]))
            for extent, size in zip(parts.split(":"), shape, strict=True)
        )
    except (ValueError, IndexError) as error:
        raise CorruptSavedModelError(f"{where}: {spec!r} does not describe a part of a variable ({error}).") from error
    _check_part(shape, part, where)
    return shape, part


def _check_part(shape: tuple[int, ...], part: tuple[tuple[int, int], ...], where: str) -> None:
    if any(not 0 <= start <= start + length <= size for (start, length), size in zip(part, shape, strict=True)):
        raise CorruptSavedModelError(f"{where}: {part} (start, length per dimension) is no part of shape {shape}.")


def _from_collections(message: Any, where: str) -> dict[str, Stored]:
    """Parts of partitioned variables, by the names of their nodes, as the collections have them."""
    found: dict[str, Stored] = {}
    for collection in _VARIABLE_COLLECTIONS:
        if collection not in message.collection_def:
            continue
        for value in message.collection_def[collection].bytes_list.value:
            definition = _definition(value, where, collection)
            info = definition.save_slice_info_def
            if not info.full_name:
                continue
            shape, starts, sizes = tuple(info.full_shape), tuple(info.var_offset), tuple(info.var_shape)
            if not len(shape) == len(starts) == len(sizes):
                raise CorruptSavedModelError(
                    f"{where}: the variable {definition.variable_name!r} is the part of shape {sizes} at {starts} of "
                    f"{info.full_name!r}, whose shape is {shape}."
                )
            part = tuple(zip(starts, sizes, strict=True))
            _check_part(shape, part, where)
            stored = Stored(info.full_name, info.full_name, part, shape)
            found[definition.variable_name.split(":")[0]] = stored
    return found


def _definition(value: bytes, where: str, collection: str) -> Any:
    try:
        return schema.Variable.FromString(value)
    except protobuf_message.DecodeError as error:
        raise CorruptSavedModelError(
            f"{where}: the collection {collection!r} holds something other than variables ({error})."
        ) from error
