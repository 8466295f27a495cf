"""Tables and other resources of a TF2 SavedModel: how each is made and filled."""

from __future__ import annotations

from dataclasses import dataclass

from hublayer.graph.ir import Function


@dataclass(frozen=True)
class ResourceKey:
    """Which resource a capture holds: a node of the object graph."""

    node_id: int


@dataclass(frozen=True, eq=False)
class Recipe:
    """create: a function of no arguments that returns the resource; None if nothing in the file makes it.

    is_variable: it is a variable of strings, whose value lies in the checkpoint.
    initialize: fills it; its parameters are the resources `arguments`. Constants and paths of assets stand in both as
    constants.
    """

    create: Function | None
    initialize: Function | None
    arguments: tuple[ResourceKey, ...]
    is_variable: bool = False
