"""The main graph of a TF1 MetaGraph, and functions cut out of it: signatures, losses, what fills tables."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from typing import Any

import numpy as np

from hublayer.errors import CorruptSavedModelError
from hublayer.graph.build import build_subgraph
from hublayer.graph.ir import Function, Node
from hublayer.graph.library import Library, tensor_source
from hublayer.graph.passes.name_variables import name_variables
from hublayer.graph.passes.partitioned_lookups import join_partitioned_lookups
from hublayer.graph.passes.ref_variables import resolve_references
from hublayer.ops.traits import changes_table
from hublayer.savedmodel.collections import collected, initializers
from hublayer.savedmodel.endpoints import Trace
from hublayer.savedmodel.restoring import Stored, stored_variables
from hublayer.savedmodel.specs import components, is_spec

PLACEHOLDERS = frozenset({"Placeholder", "PlaceholderV2"})
_ASSIGNMENTS = frozenset({"Assign", "AssignVariableOp"})
_VARIABLES = frozenset({"VarHandleOp", "VariableV2", "Variable"})
_NOT_INITIAL = PLACEHOLDERS | {"RestoreV2", "Restore", "RestoreSlice"}


class MainGraph:
    """Cuts functions out of the main graph of `library`.

    keep: receives the functions that TF1's control flow in them is turned into.
    """

    def __init__(self, library: Library, keep: Callable[[Mapping[str, Function]], None]):
        self._library = library
        self._meta_graph = library.meta_graph
        self._message = library.meta_graph.message
        self._where = str(library.meta_graph.path)
        self._keep = keep
        self.stored: dict[str, Stored] = {}
        if self._meta_graph.objects is None:
            self.stored = stored_variables(self._message, self._where)

    def signature(self, name: str, trace: Trace, effects: Sequence[str] = ()) -> Function:
        """The signature `name`: its inputs are parameters, composite tensors as their components.

        effects: names of ops that run besides.

        Raises CorruptSavedModelError if the outputs depend on a placeholder that is no input.
        """
        signature = self._message.signature_def[name]
        feeds = self.feeds(name, trace)
        fetches = [tensor for key in trace.outputs for tensor in tensor_names(signature.outputs[key])]
        role = "the training of " if effects else ""
        function = self.function(f"{role}the signature {name}", feeds, fetches, effects)
        return function

    def feeds(self, name: str, trace: Trace) -> list[tuple[str, str]]:
        """The tensors that are fed for a call of the signature `name`, and their dtypes."""
        signature = self._message.signature_def[name]
        feeds: list[tuple[str, str]] = []
        for key, spec in trace.arguments.items():
            if is_spec(spec):
                names = tensor_names(signature.inputs[key])
                feeds += [(tensor, part.dtype) for tensor, part in zip(names, components(spec), strict=True)]
        return feeds

    def function(
        self, name: str, feeds: Sequence[tuple[str, str]], fetches: Sequence[str], effects: Sequence[str] = ()
    ) -> Function:
        """The part of the graph between `feeds` (tensor, dtype) and `fetches`, its variables named as their weights."""
        parts: dict[str, Function] = {}
        function = build_subgraph(self._library.main.values(), feeds, fetches, effects, name=name, parts=parts)
        function = resolve_references(function, parts)
        finished = {key: self._finished(part) for key, part in parts.items()}
        function = self._finished(function)
        self._check_placeholders([function, *finished.values()], name)
        self._keep(finished)
        return function

    def _finished(self, function: Function) -> Function:
        return self._with_assets(join_partitioned_lookups(name_variables(function, self.stored)))

    def _with_assets(self, function: Function) -> Function:
        """`function` with the files of this folder in place of those that the publisher had."""
        assets = {tensor_source(tensor)[0]: file for tensor, file in self._meta_graph.asset_tensors.items()}
        if not assets:
            return function

        def placed(node: Node) -> Node:
            if node.op != "Const" or node.name not in assets:
                return node
            path = np.empty((), object)
            path[()] = str(self._meta_graph.path.parent / "assets" / assets[node.name]).encode()
            return replace(node, attrs={**node.attrs, "value": path})

        return replace(function, nodes=tuple(map(placed, function.nodes)))

    def _check_placeholders(self, functions: Iterable[Function], name: str) -> None:
        found = {
            node.name: f"{node.name} ({node.attrs.get('dtype', 'unknown')})"
            for function in functions
            for node in function.nodes
            if node.op in PLACEHOLDERS
        }
        if found:
            raise CorruptSavedModelError(
                f"{self._where}: {name} depends on {'placeholders' if len(found) > 1 else 'the placeholder'} "
                f"{', '.join(sorted(found.values()))} for which it has no input. Call another signature, or export the "
                "model again with an input or a default for it."
            )

    def needs(self, tensors: Iterable[str], fed: Iterable[str] = ()) -> bool:
        """Whether computing `tensors` from `fed` ones takes a placeholder that is not fed."""
        return any(node.op in PLACEHOLDERS for node in self._library.upstream(tensors, fed))

    def updates(self, feeds: Sequence[tuple[str, str]]) -> tuple[str, ...]:
        """Names of the update ops, such as those that move averages, that can run when `feeds` are given."""
        fed = [tensor for tensor, _ in feeds]
        names = [name.split(":")[0] for name in collected(self._message, "update_ops")]
        return tuple(name for name in names if name in self._library.main and not self.needs([name], fed))

    def losses(self, feeds: Sequence[tuple[str, str]] = ()) -> tuple[str, ...]:
        """Names of the tensors of the regularisation losses that can be computed when `feeds` are given."""
        fed = [tensor for tensor, _ in feeds]
        names = collected(self._message, "regularization_losses")
        return tuple(
            name for name in names if tensor_source(name)[0] in self._library.main and not self.needs([name], fed)
        )

    def table_initializers(self) -> tuple[Function, ...]:
        """Functions of no arguments that fill the graph's tables, in the order in which they have to run.

        They are the parts of what TensorFlow runs when it has restored the variables that concern tables.
        """
        roots = initializers(self._message)
        names = [node.name for node in self._library.upstream(roots) if self._fills_tables(node)]
        if not names:
            return ()
        return (self.function("the initialisers of the tables", [], [], tuple(reversed(names))),)

    def _fills_tables(self, node: Any) -> bool:
        """Whether `node`, or a function that it calls, fills a table."""
        pending, seen = [node], set()
        while pending:
            current = pending.pop()
            if changes_table(current.op):
                return True
            for name in set(self._library.called(current)) - seen:
                seen.add(name)
                pending += self._library.functions[name].node_def
        return False

    @cached_property
    def initial_values(self) -> dict[bool, dict[str, str]]:
        """The tensors that initialise variables, by their weights: those of what runs after restoring, and the others.

        Those that follow from the checkpoint are left out.
        """
        found: dict[bool, dict[str, str]] = {True: {}, False: {}}
        if self._meta_graph.objects is not None:
            return found
        after = {node.name for node in self._library.upstream(initializers(self._message))}
        for node in self._library.main.values():
            if node.op not in _ASSIGNMENTS or len(node.input) < 2:
                continue
            variable = tensor_source(node.input[0])[0]
            source = self._library.main.get(variable)
            if source is None or source.op not in _VARIABLES:
                continue
            if any(other.op in _NOT_INITIAL for other in self._library.upstream([node.input[1]])):
                continue
            place = self.stored.get(variable)
            if place is None or place.part is None:
                found[node.name in after].setdefault(variable if place is None else place.name, node.input[1])
        return found


def tensor_names(info: Any) -> list[str]:
    """Names of the dense tensors that a signature's TensorInfo stands for, in the order of `components`."""
    match info.WhichOneof("encoding"):
        case "coo_sparse":
            sparse = info.coo_sparse
            return [sparse.indices_tensor_name, sparse.values_tensor_name, sparse.dense_shape_tensor_name]
        case "composite_tensor":
            return [component.name for component in info.composite_tensor.components]
    return [info.name]
