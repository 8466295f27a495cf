"""Refuse a model whose endpoints or initialisers reach ops that touch more than the model's own files.

A SavedModel is a program. Before a runtime loads one, everything that calling or loading it can run is walked:
traced functions, signatures, initialisers, restore functions, custom gradients.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from hublayer.errors import SideEffectsError
from hublayer.graph.library import Library, tensor_source
from hublayer.graph.side_effect_ops import CHECKPOINT_READERS, FILE_READERS, side_effect
from hublayer.savedmodel.reader import MetaGraph, SavedModel

# Ops whose output is the very string that comes in.
_PASS_THROUGH = frozenset({"Identity", "PlaceholderWithDefault", "StopGradient", "EnsureShape", "Squeeze", "Reshape"})
# Ops that call a function with all their inputs, or with all after the first.
_CALLS = {"PartitionedCall": 0, "StatefulPartitionedCall": 0, "If": 1, "StatelessIf": 1, "Case": 1, "StatelessCase": 1}
# Collections whose members run when a model is loaded; each names nodes of the main graph.
_INITIALISERS = ("saved_model_main_op", "legacy_init_op", "table_initializer", "tables_initializer")


@dataclass(frozen=True)
class SideEffect:
    """An op that reaches beyond the model: its node, where it stands, and what it does."""

    op: str
    node: str
    function: str
    what: str

    def __str__(self) -> str:
        where = f" of function {self.function}" if self.function else ""
        return f"{self.op} (node {self.node}{where}) {self.what}"


@dataclass
class _Body:
    """One graph body under scan: how to find a node, and which of its tensors are the model's own file names."""

    nodes: dict[str, Any]
    is_own_file: Callable[[str], bool]

    def names_own_file(self, tensor: str, seen: frozenset[str] = frozenset()) -> bool:
        """Whether `tensor` can only hold the path of a file that the model brought along."""
        if self.is_own_file(tensor):
            return True
        name = tensor_source(tensor)[0]
        node = self.nodes.get(name)
        if node is None or name in seen or not node.input:
            return False
        if node.op in _PASS_THROUGH:
            return self.names_own_file(node.input[0], seen | {name})
        if node.op == "ReadVariableOp":  # TF2 exporters keep asset paths in string variables of the main graph
            handle = tensor_source(node.input[0])[0]
            assigned = [
                other.input[1]
                for other in self.nodes.values()
                if other.op == "AssignVariableOp" and tensor_source(other.input[0])[0] == handle
            ]
            return bool(assigned) and all(self.names_own_file(value, seen | {name}) for value in assigned)
        return False

    def constant_input(self, node: Any, index: int) -> bytes | None:
        if index >= len(node.input):
            return None
        source = self.nodes.get(tensor_source(node.input[index])[0])
        if source is None or source.op != "Const":
            return None
        values = source.attr["value"].tensor.string_val
        return values[0] if len(values) == 1 else None


class _Scan:
    def __init__(self, meta_graph: MetaGraph):
        self.library = Library(meta_graph)
        self.found: dict[SideEffect, None] = {}
        self._visited: set[tuple[str, tuple[bool, ...]]] = set()
        self._pending: list[tuple[str, tuple[bool, ...]]] = []

    def run(self) -> list[SideEffect]:
        meta_graph = self.library.meta_graph
        if meta_graph.objects:
            self._scan_concrete_functions(meta_graph.objects)
        self._scan_main(meta_graph.message)
        while self._pending:
            self._scan_function(*self._pending.pop())
        return list(self.found)

    def _scan_concrete_functions(self, objects: Any) -> None:
        for name in objects.concrete_names:
            function = self.library.functions.get(name)
            if function is None:
                continue
            bound = [
                objects.node(node_id).WhichOneof("kind") == "asset" for node_id in objects.concrete(name).bound_inputs
            ]
            free = max(len(function.signature.input_arg) - len(bound), 0)
            self._call(name, (*[False] * free, *bound))

    def _scan_main(self, message: Any) -> None:
        assets = {tensor_source(name)[0] for name in self.library.meta_graph.asset_tensors}
        body = _Body(self.library.main, lambda tensor: tensor_source(tensor)[0] in assets)
        nodes: dict[str, Any] = {}
        for signature in message.signature_def.values():
            fetched = [name for info in signature.outputs.values() for name in _tensor_names(info)]
            fed = [name for info in signature.inputs.values() for name in _tensor_names(info)]
            nodes.update((node.name, node) for node in self.library.upstream(fetched, fed))
        for collection in _INITIALISERS:
            if collection in message.collection_def:
                value = message.collection_def[collection]
                roots = [*value.node_list.value]
                roots += [any_value.value.decode("utf-8", "replace") for any_value in value.any_list.value]
                nodes.update((node.name, node) for node in self.library.upstream(roots))
        self._scan_nodes(list(nodes.values()), body, "")

        restore = message.saver_def.restore_op_name
        if restore and not self.library.meta_graph.objects:
            checkpoint = tensor_source(message.saver_def.filename_tensor_name)[0]
            own = {*assets, checkpoint}
            body = _Body(self.library.main, lambda tensor: tensor_source(tensor)[0] in own)
            self._scan_nodes(self.library.upstream([restore]), body, "", restoring=True)

    def _scan_function(self, name: str, own_files: tuple[bool, ...]) -> None:
        function = self.library.functions[name]
        own = {arg.name for arg, is_own in zip(function.signature.input_arg, own_files, strict=False) if is_own}
        nodes = {node.name: node for node in function.node_def}
        self._scan_nodes(list(nodes.values()), _Body(nodes, lambda t: tensor_source(t)[0] in own), name)

    def _scan_nodes(self, nodes: list[Any], body: _Body, function: str, restoring: bool = False) -> None:
        for node in nodes:
            data_inputs = [source for source in node.input if not source.startswith("^")]
            for called in self.library.called(node):
                skip = _CALLS.get(node.op, 0 if node.op == called else None)
                self._call(
                    called,
                    () if skip is None else tuple(body.names_own_file(source) for source in data_inputs[skip:]),
                )
            what = side_effect(node, body.constant_input)
            if what is None:
                continue
            files = FILE_READERS.get(node.op, (0,) if restoring and node.op in CHECKPOINT_READERS else ())
            if files and all(i < len(data_inputs) and body.names_own_file(data_inputs[i]) for i in files):
                continue
            self.found[SideEffect(node.op, node.name, function, what)] = None

    def _call(self, name: str, own_files: tuple[bool, ...]) -> None:
        if (name, own_files) not in self._visited:
            self._visited.add((name, own_files))
            self._pending.append((name, own_files))


def _tensor_names(info: Any) -> list[str]:
    match info.WhichOneof("encoding"):
        case "name":
            return [info.name]
        case "coo_sparse":
            sparse = info.coo_sparse
            return [sparse.values_tensor_name, sparse.indices_tensor_name, sparse.dense_shape_tensor_name]
        case "composite_tensor":
            return [name for component in info.composite_tensor.components for name in _tensor_names(component)]
    return []


def side_effects(meta_graph: MetaGraph) -> list[SideEffect]:
    """Every op that an endpoint or initialiser of `meta_graph` reaches and that reaches beyond the model."""
    return _Scan(meta_graph).run()


def refuse_side_effects(saved_model: SavedModel, meta_graph: MetaGraph) -> None:
    """Raise SideEffectsError, which lists them all, if `meta_graph` has side effects."""
    found = side_effects(meta_graph)
    if found:
        listing = "\n".join(f"    {effect}" for effect in found[:20])
        more = f"\n    … and {len(found) - 20} more" if len(found) > 20 else ""
        raise SideEffectsError(
            f"{saved_model.folder} was not loaded: it reaches beyond its own files.\n{listing}{more}\n"
            "If you trust whoever published it, pass allow_side_effects=True."
        )
