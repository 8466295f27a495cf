"""The registry of lowerings, and the check of every node against its lowering's signature.

A lowering's signature is its schema: positional parameters are the op's inputs (a list for an input that is a list of
tensors), keyword-only parameters are its attributes with the op's defaults. An attribute that a lowering does not name
is an error, except those that only repeat the dtype or the number of inputs.
"""

from __future__ import annotations

import importlib
import importlib.util
import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import cache
from typing import Any

import numpy as np

from hublayer.graph.ir import Node
from hublayer.graph.op_schema import op_schema, redundant_attributes

# An input that must be known when the graph is traced: axes, shapes, paddings.
Static = np.ndarray

_FAMILIES = (
    "elementwise",
    "powers",
    "comparison",
    "activations",
    "passthrough",
    "checks",
    "special",
    "incomplete_beta",
    "fresnel",
    "reduce",
    "shape",
    "slicing",
    "gather",
    "inplace",
    "linalg",
    "solvers",
    "conv",
    "fused_conv",
    "pool",
    "norm",
    "image",
    "crops",
    "random_crops",
    "optionals",
    "glimpses",
    "colors",
    "signal",
    "control_flow",
    "loops",
    "lists",
    "stacks",
    "variables",
    "variable_parts",
    "random",
    "generators",
    "counts",
    "filling",
    "padding",
    "reordering",
    "layouts",
    "diagonals",
    "segments",
    "rows",
    "sorting",
    "ctc",
    "ctc_beam_search",
    "approximate_top",
    "suppression",
    "quantize",
    "quantized",
    "recurrent",
    "xla_linalg",
    "xla_conv",
    "xla_pad",
    "xla_numbers",
    "xla_indexing",
    "xla_reduce",
    "xla_windows",
    "xla_sort",
    "xla_control_flow",
    "xla_call_module",
)
# By op, backend (None: general) and platform (None: all that have no lowering of their own).
_REGISTRY: dict[tuple[str, str | None, str | None], Lowering] = {}
# Lowerings of one backend for one dtype: the op, the backend, the dtype.
_OF_DTYPE: dict[tuple[str, str, str], Lowering] = {}


@dataclass(frozen=True)
class Lowering:
    """A lowering and what its signature says.

    static: for each positional parameter, its name if it must be static, else None.
    variadic: the last positional parameter is ``*args`` and takes all remaining inputs.
    wants_run: the first parameter is the Run (variables, seeds, functions).
    decode: for attributes that hold a serialised message, what reads it. It is read once, when a node is bound.
    picks: the integers that it gives are some of those that it is given, or positions and sizes, and so no larger:
    where 32 bits hold the inputs, they hold the outputs. orders: it asks which of two numbers is the larger one.
    widens: it computes with integers in 64 bits, whatever their own width.
    """

    op: str
    function: Callable[..., Any]
    inputs: tuple[str, ...]
    static: tuple[str | None, ...]
    attributes: tuple[str, ...]
    variadic: bool
    wants_run: bool
    decode: Mapping[str, Callable[[Any], Any]] = field(default_factory=dict)
    picks: bool = False
    orders: bool = False
    widens: bool = False


def lowers(
    *ops: str,
    backend: str | None = None,
    platform: str | None = None,
    decode: Mapping[str, Callable[[Any], Any]] | None = None,
    picks: bool = False,
    orders: bool = False,
    widens: bool = False,
    dtype: str | None = None,
) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Register a function as the lowering of `ops`, in general, for one backend, or for one of its platforms only.

    platform: where it runs (hublayer.lowering.platforms); the backend has one for the others. decode: what turns the
    value of an attribute into what the function takes. picks, orders, widens: see Lowering; they are said of the
    general lowering and hold for those of the backends. dtype: of the op's numbers, for a lowering of `backend` that
    only these need.
    """

    def register(function: Callable[..., Any]) -> Callable[..., Any]:
        for op in ops:
            lowering = replace(_describe(op, function), decode=decode or {}, picks=picks, orders=orders, widens=widens)
            if dtype is not None and backend is not None:
                _OF_DTYPE[op, backend, dtype] = lowering
                continue
            if (op, backend, platform) in _REGISTRY:
                raise ValueError(f"{op} has a lowering for backend={backend}, platform={platform} already")
            _REGISTRY[op, backend, platform] = lowering
        return function

    return register


def lowers_table(
    table: dict[str, Callable[..., Any]], backend: str | None = None, picks: bool = False, orders: bool = False
) -> None:
    """Register one-line lowerings: functions of the op's inputs alone, for ops without attributes of their own."""
    for op, function in table.items():
        schema = op_schema(op)
        if schema is None or (op, backend, None) in _REGISTRY:
            raise ValueError(f"{op} is no op of TensorFlow's, or has a lowering for backend={backend} already")
        names = tuple(argument.name for argument in schema.inputs)
        _REGISTRY[op, backend, None] = Lowering(
            op, function, names, (None,) * len(names), (), False, False, picks=picks, orders=orders
        )


def _describe(op: str, function: Callable[..., Any]) -> Lowering:
    parameters = list(inspect.signature(function).parameters.values())
    wants_run = bool(parameters) and parameters[0].name == "run"
    positional = [p for p in parameters[wants_run:] if p.kind is p.POSITIONAL_OR_KEYWORD]
    static = tuple(p.name if p.annotation in ("Static", Static) else None for p in positional)
    keywords = tuple(p.name for p in parameters if p.kind is p.KEYWORD_ONLY)
    variadic = any(p.kind is p.VAR_POSITIONAL for p in parameters)
    return Lowering(op, function, tuple(p.name for p in positional), static, keywords, variadic, wants_run)


@cache
def load_families(backend: str) -> None:
    """Import every family of lowerings, and the backend's own."""
    for family in _FAMILIES:
        _import(f"hublayer.lowering.{family}")
        if importlib.util.find_spec(f"hublayer.lowering.backends.{backend}"):
            _import(f"hublayer.lowering.backends.{backend}.{family}")


def _import(module: str) -> None:
    if importlib.util.find_spec(module) is not None:
        importlib.import_module(module)


def find_lowering(op: str, backend: str, platform: str | None = None) -> Lowering | None:
    """The lowering of `op` for the platform, else the backend's own, else the general one, else None."""
    load_families(backend)
    return (
        _REGISTRY.get((op, backend, platform)) or _REGISTRY.get((op, backend, None)) or _REGISTRY.get((op, None, None))
    )


def platform_lowerings(op: str, backend: str) -> dict[str, Lowering]:
    """The lowerings of `op` for single platforms of `backend`; on all others `find_lowering` gives the one."""
    load_families(backend)
    platforms = {platform for _, _, platform in _REGISTRY if platform is not None}
    return {p: lowering for p in sorted(platforms) if (lowering := _REGISTRY.get((op, backend, p))) is not None}


def find_lowering_of_dtype(op: str, backend: str, dtype: str) -> Lowering | None:
    """The lowering of `op` that `backend` has for numbers of `dtype` alone."""
    load_families(backend)
    return _OF_DTYPE.get((op, backend, dtype))


def is_said_of(op: str, fact: str) -> bool:
    """Whether the general lowering of `op` says `fact` of it: "picks", "orders", "widens"."""
    lowering = _REGISTRY.get((op, None, None))
    return lowering is not None and getattr(lowering, fact)


def registered_ops(backend: str) -> dict[str, Lowering]:
    """All ops that run on `backend`."""
    load_families(backend)
    general = {op: lowering for (op, where, _), lowering in _REGISTRY.items() if where is None}
    own = {op: lowering for (op, where, _), lowering in _REGISTRY.items() if where == backend}
    return {**general, **own}


def unhandled_attributes(node: Node, lowering: Lowering) -> list[str]:
    """Attributes of `node` that its lowering does not name and that are not redundant."""
    schema = op_schema(node.op)
    redundant = redundant_attributes(schema) if schema else frozenset()
    return [
        name
        for name in node.attrs
        if name not in lowering.attributes and name not in redundant and not name.startswith("_")
    ]
