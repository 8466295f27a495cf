"""The tables, variables of strings and other resources of a loaded model: made and filled when they are first used."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from hublayer.errors import CorruptSavedModelError
from hublayer.graph.ir import Function
from hublayer.graph.resources import Recipe, ResourceKey
from hublayer.host.execute import HostExecutable, HostExecutables, HostRun
from hublayer.host.string_tensor import StringTensor
from hublayer.host.variables import StringVariable


@dataclass(frozen=True, eq=False)
class ResourceRecipes:
    """How all resources of a MetaGraph are made. It can be pickled.

    recipes: of a TF2 SavedModel, by key. restored: contents (keys, values) that the checkpoint holds, by key.
    strings: values of variables of strings, by the number of their node or, in TF1, by name. initializers: functions of
    TF1 that fill tables, which are named in the graph. functions: those that they call.
    """

    folder: Path
    recipes: Mapping[ResourceKey, Recipe] = field(default_factory=dict)
    restored: Mapping[ResourceKey, tuple[Any, Any]] = field(default_factory=dict)
    strings: Mapping[str, StringTensor] = field(default_factory=dict)
    initializers: Sequence[Function] = ()
    functions: Mapping[str, Function] = field(default_factory=dict)


class Resources:
    """The resources of one loaded model, shared by its endpoints."""

    def __init__(self, recipes: ResourceRecipes):
        self._recipes = recipes
        self._made: dict[ResourceKey, Any] = {}
        self._variables: dict[str, StringVariable] = {}
        self._initialized = False
        self._named: dict[str, Any] = {}
        self._memo: dict[int, tuple[Any, Any]] = {}
        self._executables = HostExecutables(recipes.functions)

    def run(
        self,
        executable: Callable[[str], HostExecutable],
        weights: Mapping[str, Any] | None = None,
        seeds: Callable[[], Any] | None = None,
    ) -> HostRun:
        """The state in which an endpoint's host functions run, tables of TF1 filled.

        weights: variables by key that are not of strings, as the host reads them.
        """
        if not self._initialized:
            self._initialized = True
            for function in self._recipes.initializers:
                HostExecutable(function)(self._state(self._executables), ())
        run = self._state(executable)
        run.variables, run.seeds = {**run.variables, **(weights or {})}, seeds
        return run

    def _state(self, executable: Callable[[str], HostExecutable]) -> HostRun:
        variables = {key: self._variable(key) for key in self._recipes.strings}
        return HostRun(executable, self._recipes.folder, self._named, self._memo, variables)

    def _variable(self, key: str) -> StringVariable:
        if key not in self._variables:
            self._variables[key] = StringVariable(self._recipes.strings[key])
        return self._variables[key]

    def __getitem__(self, key: ResourceKey) -> Any:
        """The resource `key`. Raises CorruptSavedModelError if nothing in the model makes it."""
        if str(key.node_id) in self._recipes.strings:
            return self._variable(str(key.node_id))
        if key not in self._made:
            recipe = self._recipes.recipes[key]
            if recipe.create is None:
                raise CorruptSavedModelError(
                    f"{self._recipes.folder}: node {key.node_id} of the object graph is a resource that no function "
                    "makes."
                )
            state = self._state(self._executables)
            self._made[key] = HostExecutable(recipe.create)(state, ())[0]
            if recipe.initialize is not None:
                arguments = [self[argument] for argument in recipe.arguments]
                HostExecutable(recipe.initialize)(state, arguments)
            if key in self._recipes.restored:
                keys, values = self._recipes.restored[key]
                self._made[key].replace(keys, values)
        return self._made[key]


def as_host_value(array: np.ndarray) -> Any:
    """An array out of a checkpoint as the host has it."""
    return StringTensor.from_numpy(array) if array.dtype.kind in "OSU" else array


def needed(keys: Iterable[ResourceKey], recipe: Callable[[ResourceKey], Recipe]) -> dict[ResourceKey, Recipe]:
    """The recipes of `keys` and of all resources that filling them needs."""
    found: dict[ResourceKey, Recipe] = {}
    pending = list(keys)
    while pending:
        key = pending.pop()
        if key not in found:
            found[key] = recipe(key)
            pending += found[key].arguments
    return found
