"""An endpoint's trace as a graph of its own: inputs first, then what it captures."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from hublayer.errors import CorruptSavedModelError, UnsupportedOpsError
from hublayer.graph.build import build_function, decode_attr
from hublayer.graph.ir import Function, FunctionName, Graph, Node
from hublayer.graph.library import Library
from hublayer.graph.main_graph import MainGraph
from hublayer.graph.op_schema import unknown_attributes
from hublayer.graph.passes.batch_norm import fold_batch_norm
from hublayer.graph.passes.bounds import choose_by_bounds
from hublayer.graph.passes.custom_gradients import bind_gradients, saved_gradients
from hublayer.graph.passes.dead_code import drop_dead_code
from hublayer.graph.passes.fold import fold_constants
from hublayer.graph.passes.inline import inline_calls
from hublayer.graph.passes.moving_slices import note_moving_slices
from hublayer.graph.resources import Recipe, ResourceKey
from hublayer.savedmodel.endpoints import Endpoint, Trace
from hublayer.savedmodel.specs import CompositeSpec, TensorSpec, components, is_spec, leaves


class _Functions(Mapping[str, Function]):
    """Functions of a library, built when they are first needed, and the parts that building them leaves in `parts`."""

    def __init__(self, names: Mapping[str, Any], make: Callable[[str], Function], parts: Mapping[str, Function]):
        self._names = names
        self._make = make
        self._parts = parts
        self._made: dict[str, Function] = {}

    def __getitem__(self, name: str) -> Function:
        if name not in self._made:
            if name not in self:
                raise KeyError(name)
            self._made[name] = self._make(name)
        return self._made[name]

    def __contains__(self, name: object) -> bool:
        return name in self._names or name in self._parts

    def __iter__(self) -> Iterator[str]:
        return iter({**self._names, **self._parts})

    def __len__(self) -> int:
        return len({**self._names, **self._parts})


@dataclass(frozen=True)
class EndpointGraph:
    """inputs: (parameter of the trace, spec) of each tensor in the order of the entry function's parameters.

    captures: what the remaining parameters hold: the key of a weight, or that of a table or a variable of strings.
    outputs: the structure that the entry function's outputs fill in order. partitions: which inputs are row splits,
    indices or shapes of composite tensors.
    """

    graph: Graph
    inputs: tuple[TensorSpec, ...]
    captures: tuple[str | ResourceKey, ...]
    outputs: Any
    partitions: frozenset[int] = frozenset()

    def functions(self) -> list[Function]:
        """The entry and every function that its control flow reaches."""
        return reached(self.graph.entry, self.graph.functions)

    def named_variables(self, of_strings: bool) -> list[str]:
        """Names of the variables of VarHandleOp nodes, as TF1 has them: those of strings, or the others."""
        return [
            node.attrs.get("shared_name") or node.name
            for function in self.functions()
            for node in function.nodes
            if node.op == "VarHandleOp" and (node.attrs.get("dtype") == "string") == of_strings
        ]

    def host_resources(self) -> list[str]:
        """The names of the parameters that hold what only the host has: tables, variables of strings."""
        parameters = self.graph.entry.parameters[len(self.inputs) :]
        return [p.name for p, held in zip(parameters, self.captures, strict=True) if isinstance(held, ResourceKey)]


def unknown_attributes_in(functions: Iterable[Function]) -> dict[str, str]:
    """``OP with ATTRIBUTES`` for nodes with attributes that the op registry does not have: how often, and where."""
    places: dict[str, list[str]] = {}
    for function in functions:
        for node in function.nodes:
            if unknown := unknown_attributes(node.op, node.attrs):
                places.setdefault(f"{node.op} with {', '.join(unknown)}", []).append(node.origin)
    return {op: f"{len(found)} times, in {found[0] or 'the main graph'}" for op, found in sorted(places.items())}


def reached(entry: Function | None, functions: Mapping[str, Function]) -> list[Function]:
    """`entry` and every one of `functions` that its control flow reaches."""
    found: dict[str, Function] = {}
    pending = [] if entry is None else [entry]
    while pending:
        function = pending.pop()
        if function.name in found:
            continue
        found[function.name] = function
        for node in function.nodes:
            for attr in node.attrs.values():
                for name in attr if isinstance(attr, list) else [attr]:
                    if isinstance(name, FunctionName) and name in functions:
                        pending.append(functions[name])
    return list(found.values())


def _partitions(trace: Trace) -> frozenset[int]:
    """The numbers of the dense inputs that say how composite tensors are laid out."""
    found: set[int] = set()
    number = 0
    for _, leaf in [leaf for value in trace.arguments.values() for leaf in leaves(value)]:
        if is_spec(leaf):
            parts = components(leaf)
            values = 1 if isinstance(leaf, CompositeSpec) and leaf.kind == "sparse" else 0
            found |= {number + i for i in range(len(parts)) if len(parts) > 1 and i != values}
            number += len(parts)
    return frozenset(found)


class GraphSource:
    """Makes the graphs of a MetaGraph's endpoints."""

    def __init__(self, library: Library):
        self._library = library
        self._meta_graph = library.meta_graph
        gradients = saved_gradients(library)
        self._parts: dict[str, Function] = {}  # what TF1's control flow was turned into
        self._plain = _Functions(
            library.functions,
            lambda name: bind_gradients(self._parts.get(name) or self._built(name), gradients),
            self._parts,
        )
        self._inlined = _Functions(library.functions, lambda name: self._simplify(self._plain[name]), self._parts)
        self.main = MainGraph(library, self._parts.update)

    def _built(self, name: str) -> Function:
        return build_function(self._library.functions[name], self._parts)

    def _simplify(self, function: Function) -> Function:
        function = choose_by_bounds(fold_constants(inline_calls(function, self._plain)))
        return drop_dead_code(note_moving_slices(fold_constants(function)))

    def _graph(self, entry: Function) -> Graph:
        unknown = unknown_attributes_in(reached(entry, self._plain))  # before a pass takes such a node for another
        return Graph(fold_batch_norm(self._simplify(entry)), self._inlined, unknown)

    def endpoint(self, endpoint: Endpoint, trace: Trace) -> EndpointGraph:
        """The graph of one trace.

        Raises UnsupportedOpsError for composite types other than ragged and sparse tensors, CorruptSavedModelError if
        the trace's function is not in the file or does not fit its signature.
        """
        specs = self._flat([leaf for value in trace.arguments.values() for _, leaf in leaves(value)], endpoint)
        self._flat([leaf for _, leaf in leaves(trace.outputs)], endpoint)
        if trace.function:
            found = self.concrete(trace.function, specs, trace.outputs)
            return replace(found, partitions=_partitions(trace))
        return self._signature(endpoint.name, trace, specs)

    def _flat(self, found: list[Any], endpoint: Endpoint) -> tuple[TensorSpec, ...]:
        flat: list[TensorSpec] = []
        for leaf in found:
            if not is_spec(leaf):
                continue
            parts = components(leaf)
            if not parts or any(part.dtype in ("variant", "resource") for part in parts):
                raise UnsupportedOpsError(
                    f"The {endpoint.kind} {endpoint.name!r} takes or returns {leaf} values. The translated runtime "
                    "knows dense, ragged and sparse tensors. TensorFlow's own loader (runtime='native', on Keras's "
                    "TensorFlow backend) knows other types once the package that defines them is imported."
                )
            flat += parts
        return tuple(flat)

    def concrete(self, name: str, inputs: tuple[TensorSpec, ...], outputs: Any) -> EndpointGraph:
        """The graph of the concrete function `name` of a TF2 SavedModel."""
        function, captures = self._captured(name, len(inputs))
        return EndpointGraph(self._graph(function), inputs, captures, outputs)

    def _captured(self, name: str, inputs: int) -> tuple[Function, tuple[str | ResourceKey, ...]]:
        """The function with the constants that it captures inside, and what the rest of its captures are."""
        if name not in self._plain:
            raise CorruptSavedModelError(f"{self._meta_graph.path}: the function {name!r} is not in the library.")
        objects = self._meta_graph.objects
        assert objects is not None
        function = self._plain[name]
        bound = objects.concrete(name).bound_inputs
        if len(function.parameters) != inputs + len(bound):
            raise CorruptSavedModelError(
                f"{self._meta_graph.path}: the function {name!r} has {len(function.parameters)} parameters, but "
                f"{inputs} inputs and {len(bound)} captures."
            )
        kept, captures, constants = list(function.parameters[:inputs]), [], []
        for parameter, node_id in zip(function.parameters[inputs:], bound, strict=True):
            capture = self._capture(node_id)
            if isinstance(capture, np.ndarray):
                constants.append(Node(parameter.name, "Const", (), {"value": capture}, name))
            else:
                kept.append(parameter)
                captures.append(capture)
        function = replace(function, parameters=tuple(kept), nodes=(*constants, *function.nodes))
        return function, tuple(captures)

    def _capture(self, node_id: int) -> str | ResourceKey | np.ndarray:
        objects = self._meta_graph.objects
        assert objects is not None
        node = objects.node(node_id)
        kind = node.WhichOneof("kind")
        if kind == "variable":
            return ResourceKey(node_id) if self._holds_strings(node_id) else str(node_id)
        if kind == "resource":
            return ResourceKey(node_id)
        if kind == "asset":
            return self._asset(node.asset.asset_file_def_index)
        if kind == "constant":
            source = self._library.main.get(node.constant.operation)
            if source is not None and "value" in source.attr:
                return decode_attr(source.attr["value"], f"{self._meta_graph.path}, node {source.name}")
        raise UnsupportedOpsError(
            f"{self._meta_graph.path}: an endpoint uses a {kind} (node {node_id} of the object graph), which the "
            "translated runtime does not have. On Keras's TensorFlow backend, runtime='native' has."
        )

    def _holds_strings(self, node_id: int) -> bool:
        objects = self._meta_graph.objects
        variable = None if objects is None else objects.variable(node_id)
        return variable is not None and variable.dtype == "string"

    def _asset(self, index: int) -> np.ndarray:
        """The path of an asset, as the constant that functions take it for."""
        assets = self._meta_graph.message.asset_file_def
        if not 0 <= index < len(assets):
            raise CorruptSavedModelError(
                f"{self._meta_graph.path}: the object graph refers to asset {index}, but the model has {len(assets)}."
            )
        path = np.empty((), object)
        path[()] = str(self._meta_graph.path.parent / "assets" / assets[index].filename).encode()
        return path

    def recipe(self, key: ResourceKey) -> Recipe:
        """How the resource `key` is made and filled."""
        objects = self._meta_graph.objects
        assert objects is not None
        if self._holds_strings(key.node_id):
            return Recipe(None, None, (), is_variable=True)
        children = objects.children(key.node_id)
        create = self._resource_function(children.get("_create_resource"))
        initialize = self._resource_function(children.get("_initialize"))
        made = None if create is None else self._simplify(create[0])
        if initialize is None:
            return Recipe(made, None, ())
        function, captures = initialize
        if not all(isinstance(capture, ResourceKey) for capture in captures):
            raise UnsupportedOpsError(
                f"{self._meta_graph.path}: {function.name!r} fills a table from a variable, which the translated "
                "runtime cannot do. On Keras's TensorFlow backend, runtime='native' can."
            )
        return Recipe(made, self._simplify(function), captures)  # type: ignore[arg-type]

    def _resource_function(self, node_id: int | None) -> tuple[Function, tuple[str | ResourceKey, ...]] | None:
        objects = self._meta_graph.objects
        assert objects is not None
        if node_id is None:
            return None
        node = objects.node(node_id)
        if node.WhichOneof("kind") == "function" and node.function.concrete_functions:
            return self._captured(node.function.concrete_functions[0], 0)
        if node.WhichOneof("kind") == "bare_concrete_function":
            return self._captured(node.bare_concrete_function.concrete_function_name, 0)
        return None

    def _signature(self, name: str, trace: Trace, specs: tuple[TensorSpec, ...]) -> EndpointGraph:
        function = self.main.signature(name, trace, trace.effects)
        return EndpointGraph(self._graph(function), specs, (), trace.outputs)

    def value(self, tensor: str) -> EndpointGraph:
        """The graph that computes `tensor` of the main graph, which takes no inputs."""
        return EndpointGraph(self._graph(self.main.function(f"the tensor {tensor}", [], [tensor])), (), (), None)

    def initial_value(self, key: str, after: bool) -> str | None:
        """The tensor that initialises the weight `key` of TF1; `after`: in what runs after restoring."""
        return self.main.initial_values[after].get(key)

    @property
    def functions(self) -> Mapping[str, Function]:
        """The functions that graphs refer to."""
        return self._inlined

    def table_initializers(self) -> tuple[Function, ...]:
        """Functions of no arguments that fill TF1's tables, which are named in the graph."""
        if self._meta_graph.objects is not None:
            return ()  # TF2 keeps them with the resources; its main graph repeats them for other loaders
        return tuple(self._simplify(function) for function in self.main.table_initializers())


def variable_keys(graph: EndpointGraph) -> list[str]:
    """Keys of the weights that a graph uses: those it captures, and those of its VarHandleOp nodes."""
    keys = [capture for capture in graph.captures if isinstance(capture, str)]
    return list(dict.fromkeys([*keys, *graph.named_variables(of_strings=False)]))
