"""Inputs, outputs and attributes of TensorFlow's ops, from op_schema.json (written by tools/make_op_schema.py)."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any


@dataclass(frozen=True, slots=True)
class Argument:
    """An input or output. length: the attribute that counts or lists it, None for a single tensor.

    dtype: the attribute that is its dtype, or None.
    """

    name: str
    length: str | None
    dtype: str | None


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
