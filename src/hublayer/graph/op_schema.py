"""Inputs, outputs and attributes of TensorFlow's ops, from op_schema.json (written by tools/make_op_schema.py)."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any


@dataclass(frozen=True, slots=True)
class Argument:
    """An input or output. length: the attribute that counts or lists it, None for a single tensor.

    dtype: the attribute that is its dtype, or None. fixed: the dtype's name where the op has no such attribute.
    """

    name: str
    length: str | None
    dtype: str | None
    fixed: str | None = None


@dataclass(frozen=True, slots=True)
class Attribute:
    """An attribute's kind ("int", "list(int)", "type", …) and default."""

    kind: str
    has_default: bool
    default: Any


@dataclass(frozen=True, slots=True)
class OpSchema:
    """What the op registry says of one op."""

    inputs: tuple[Argument, ...]
    outputs: tuple[Argument, ...]
    attrs: dict[str, Attribute]
    stateful: bool


@cache
def _raw() -> dict[str, Any]:
    return json.loads(files("hublayer.graph").joinpath("op_schema.json").read_text("utf-8"))


@cache
def op_schema(op: str) -> OpSchema | None:
    """The schema of `op`; None for an op that TensorFlow itself does not have."""
    entry = _raw().get(op)
    if entry is None:
        return None
    return OpSchema(
        tuple(Argument(*item) for item in entry["inputs"]),
        tuple(Argument(*item) for item in entry["outputs"]),
        {name: Attribute(*item) for name, item in entry["attrs"].items()},
        entry["stateful"],
    )


def count(argument: Argument, attrs: Any) -> int:
    """How many tensors `argument` stands for on a node with `attrs`."""
    if argument.length is None:
        return 1
    value = attrs.get(argument.length, 0)
    return len(value) if isinstance(value, list | tuple) else int(value)


def dtypes(arguments: tuple[Argument, ...], attrs: Mapping[str, Any]) -> list[str]:
    """The dtypes of the tensors that `arguments` stand for on a node with `attrs`; "unknown" where none is named."""
    found: list[str] = []
    for argument in arguments:
        length = attrs.get(argument.length) if argument.length else None
        if isinstance(length, list | tuple):
            found += [str(dtype) for dtype in length]
            continue
        dtype = argument.fixed if argument.dtype is None else attrs.get(argument.dtype)
        found += [str(dtype or "unknown")] * count(argument, attrs)
    return found


# Ops that passes write and that have several outputs.
_OWN_OUTPUTS = {"hublayer>SplitRows": 3, "hublayer>FillEmptyRows": 4}


def output_count(op: str, attrs: Mapping[str, Any]) -> int:
    """How many outputs a node of `op` with `attrs` has; 1 for an op that is not known."""
    schema = op_schema(op)
    return sum(count(output, attrs) for output in schema.outputs) if schema else _OWN_OUTPUTS.get(op, 1)


def has_list_output(op: str) -> bool:
    """Whether an output of `op` is a list of tensors."""
    schema = op_schema(op)
    return schema is not None and any(output.length is not None for output in schema.outputs)


def input_groups(op: str, attrs: Mapping[str, Any]) -> list[tuple[int, int] | int] | None:
    """How flat inputs become positional arguments: an index, or the range of a list; None if all are single."""
    schema = op_schema(op)
    if schema is None or not any(argument.length for argument in schema.inputs):
        return None
    groups: list[tuple[int, int] | int] = []
    start = 0
    for argument in schema.inputs:
        length = count(argument, attrs)
        groups.append(start if argument.length is None else (start, start + length))
        start += length
    return groups


def unknown_attributes(op: str, attrs: Iterable[str]) -> list[str]:
    """Those of `attrs` that `op` does not have, so that nobody knows what they ask for.

    Names that begin with an underscore only advise. An op that is not known is another's to refuse.
    """
    schema = op_schema(op)
    return [] if schema is None else [name for name in attrs if name not in schema.attrs and not name.startswith("_")]


def redundant_attributes(schema: OpSchema) -> frozenset[str]:
    """Attributes that only repeat what the inputs are: their dtypes and how many there are."""
    return frozenset(
        name for argument in schema.inputs for name in (argument.length, argument.dtype) if name is not None
    )
