"""Which drawer draws the inputs of an op: its own, or the one for ops whose inputs have these names."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from hublayer.graph.op_schema import op_schema
from values.drawing import Drawing

# Draws the inputs of a node, by position, and may set its attributes.
Drawer = Callable[[Drawing], list[Any]]
_BY_INPUTS: dict[tuple[str, ...], Drawer] = {}
_BY_OP: dict[str, Drawer] = {}


def draws(*inputs: str) -> Callable[[Drawer], Drawer]:
    """Register a drawer for ops with such inputs: each of `inputs` is the names of all inputs, with spaces between."""

    def register(drawer: Drawer) -> Drawer:
        for names in inputs:
            assert tuple(names.split()) not in _BY_INPUTS, f"{names} has a drawer already"
            _BY_INPUTS[tuple(names.split())] = drawer
        return drawer

    return register


def draws_op(*ops: str) -> Callable[[Drawer], Drawer]:
    """Register a drawer for ops whose inputs mean something else than their names say in general."""

    def register(drawer: Drawer) -> Drawer:
        for op in ops:
            assert op not in _BY_OP and op_schema(op) is not None, op
            _BY_OP[op] = drawer
        return drawer

    return register


def find_drawer(op: str) -> Drawer | None:
    """The drawer of `op`; None if it has none."""
    schema = op_schema(op)
    if schema is None:
        return None
    by_inputs = None
    if all(argument.dtype or argument.fixed for argument in schema.inputs):  # lists of mixed dtypes mean what they will
        by_inputs = _BY_INPUTS.get(tuple(argument.name for argument in schema.inputs))
    return _BY_OP.get(op) or by_inputs
