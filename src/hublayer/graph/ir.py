"""The graph that passes transform and runtimes execute: functions of nodes in an order that may be executed.

A function's nodes stand in execution order: inputs before users, and effects (assignments, reads of variables) in the
order that the SavedModel's control edges ask for. So control edges themselves are gone.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Value:
    """Output number `index` of the node called `node`."""

    node: str
    index: int = 0

    def __str__(self) -> str:
        return f"{self.node}:{self.index}"


@dataclass(frozen=True, slots=True, eq=False)
class Node:
    """One op. `attrs` are decoded: str, int, float, bool, dtype names, shapes, NumPy arrays, FunctionName, lists.

    origin: the function of the SavedModel that holds it, for messages.
    """

    name: str
    op: str
    inputs: tuple[Value, ...] = ()
    attrs: Mapping[str, Any] = field(default_factory=dict)
    origin: str = ""

    def __str__(self) -> str:
        attrs = ", ".join(f"{key}={value!r}" for key, value in sorted(self.attrs.items()) if key != "value")
        return f"{self.name} = {self.op}({', '.join(map(str, self.inputs))}{'; ' if attrs else ''}{attrs})"


class FunctionName(str):
    """The name of a function in the library, as the value of an attribute."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class Parameter:
    """A function's input. Its value in the body is Value(name)."""

    name: str
    dtype: str


@dataclass(frozen=True, slots=True, eq=False)
class Function:
    """parameters, nodes in execution order, and the values that are returned."""

    name: str
    parameters: tuple[Parameter, ...]
    nodes: tuple[Node, ...]
    outputs: tuple[Value, ...]

    def __str__(self) -> str:
        parameters = ", ".join(f"{p.name}: {p.dtype}" for p in self.parameters)
        body = "".join(f"    {node}\n" for node in self.nodes)
        return f"{self.name}({parameters}):\n{body}    return {', '.join(map(str, self.outputs))}\n"


@dataclass(frozen=True, slots=True, eq=False)
class Graph:
    """An entry function and the functions that its control flow refers to.

    unknown: ``OP with ATTRIBUTES`` for attributes that the op registry does not have, and where they are.
    """

    entry: Function
    functions: Mapping[str, Function]
    unknown: Mapping[str, str] = field(default_factory=dict)
