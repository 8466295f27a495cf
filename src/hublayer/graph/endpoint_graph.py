"""An endpoint's trace as a graph of its own: inputs first, then what it captures."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from hublayer.errors import CorruptSavedModelError, UnsupportedOpsError
from hublayer.graph.build import build_function, build_subgraph, decode_attr
from hublayer.graph.ir import Function, FunctionName, Graph
from hublayer.graph.library import Library
from hublayer.graph.passes.batch_norm import fold_batch_norm
from hublayer.graph.passes.custom_gradients import bind_gradients, saved_gradients
from hublayer.graph.passes.dead_code import drop_dead_code
from hublayer.graph.passes.fold import fold_constants
from hublayer.graph.passes.inline import inline_calls
from hublayer.graph.passes.moving_slices import note_moving_slices
from hublayer.graph.passes.ref_variables import resolve_references
from hublayer.savedmodel.endpoints import Endpoint, Trace
from hublayer.savedmodel.specs import CompositeSpec, TensorSpec, is_spec, leaves


class _Functions(Mapping[str, Function]):
    """Functions of a library, built when they are first needed."""

    def __init__(self, names: Mapping[str, Any], make: Callable[[str], Function]):
        self._names = names
        self._make = make
        self._made: dict[str, Function] = {}

    def __getitem__(self, name: str) -> Function:
        if name not in self._made:
            if name not in self._names:
                raise KeyError(name)
            self._made[name] = self._make(name)
        return self._made[name]

    def __contains__(self, name: object) -> bool:
        return name in self._names

    def __iter__(self) -> Iterator[str]:
        return iter(self._names)

    def __len__(self) -> int:
        return len(self._names)


@dataclass(frozen=True)
class EndpointGraph:
    """inputs: (parameter of the trace, spec) of each tensor in the order of the entry function's parameters.

    captures: what the remaining parameters hold: a variable's key, or a constant. variables: all keys that are used.
    outputs: the structure that the entry function's outputs fill in order.
    """

    graph: Graph
    inputs: tuple[TensorSpec, ...]
    captures: tuple[str | np.ndarray, ...]
    outputs: Any

    def functions(self) -> list[Function]:
        """The entry and every function that its control flow reaches."""
        found: dict[str, Function] = {}
        pending = [self.graph.entry]
        while pending:
            function = pending.pop()
            if function.name in found:
                continue
            found[function.name] = function
            for node in function.nodes:
                for attr in node.attrs.values():
                    for name in attr if isinstance(attr, list) else [attr]:
                        if isinstance(name, FunctionName) and name in self.graph.functions:
                            pending.append(self.graph.functions[name])
        return list(found.values())


class GraphSource:
    """Makes the graphs of a MetaGraph's endpoints."""

    def __init__(self, library: Library):
        self._library = library
        self._meta_graph = library.meta_graph
        gradients = saved_gradients(library)
        self._plain = _Functions(
            library.functions, lambda name: bind_gradients(build_function(library.functions[name]), gradients)
        )
        self._inlined = _Functions(library.functions, lambda name: self._simplify(self._plain[name]))

    def _simplify(self, function: Function) -> Function:
        return drop_dead_code(note_moving_slices(fold_constants(inline_calls(function, self._plain))))

    def _graph(self, entry: Function) -> Graph:
        return Graph(fold_batch_norm(self._simplify(entry)), self._inlined)

    def endpoint(self, endpoint: Endpoint, trace: Trace) -> EndpointGraph:
        """The graph of one trace.

        Raises UnsupportedOpsError for ragged and sparse inputs or outputs and for captured tables,
        CorruptSavedModelError if the trace's function is not in the file or does not fit its signature.
        """
        specs = self._dense([leaf for value in trace.arguments.values() for _, leaf in leaves(value)], endpoint)
        self._dense([leaf for _, leaf in leaves(trace.outputs)], endpoint)
        if trace.function:
            return self.concrete(trace.function, specs, trace.outputs)
        return self._signature(endpoint.name, trace)

    def _dense(self, found: list[Any], endpoint: Endpoint) -> tuple[TensorSpec, ...]:
        for leaf in found:
            if isinstance(leaf, CompositeSpec) or (is_spec(leaf) and leaf.dtype in ("string", "variant", "resource")):
                raise UnsupportedOpsError(
                    f"{leaf} tensors at the {endpoint.kind} {endpoint.name!r}: the translated runtime has none. On "
                    "Keras's TensorFlow backend, runtime='native' has."
                )
        return tuple(leaf for leaf in found if isinstance(leaf, TensorSpec))

    def concrete(self, name: str, inputs: tuple[TensorSpec, ...], outputs: Any) -> EndpointGraph:
        """The graph of the concrete function `name` of a TF2 SavedModel."""
        if name not in self._plain:
            raise CorruptSavedModelError(f"{self._meta_graph.path}: the function {name!r} is not in the library.")
        objects = self._meta_graph.objects
        assert objects is not None
        function = self._plain[name]
        captures = tuple(self._capture(node_id) for node_id in objects.concrete(name).bound_inputs)
        if len(function.parameters) != len(inputs) + len(captures):
            raise CorruptSavedModelError(
                f"{self._meta_graph.path}: the function {name!r} has {len(function.parameters)} parameters, but "
                f"{len(inputs)} inputs and {len(captures)} captures."
            )
        return EndpointGraph(self._graph(function), inputs, captures, outputs)

    def _capture(self, node_id: int) -> str | np.ndarray:
        objects = self._meta_graph.objects
        assert objects is not None
        node = objects.node(node_id)
        kind = node.WhichOneof("kind")
        if kind == "variable":
            return str(node_id)
        if kind == "constant":
            source = self._library.main.get(node.constant.operation)
            if source is not None and "value" in source.attr:
                return decode_attr(source.attr["value"], f"{self._meta_graph.path}, node {source.name}")
        raise UnsupportedOpsError(
            f"{self._meta_graph.path}: an endpoint uses a {kind} (node {node_id} of the object graph: a table, an "
            "asset or the like), which the translated runtime does not have. On Keras's TensorFlow backend, "
            "runtime='native' has."
        )

    def _signature(self, name: str, trace: Trace) -> EndpointGraph:
        signature = self._meta_graph.message.signature_def[name]
        feeds = [(signature.inputs[key].name, spec.dtype) for key, spec in trace.arguments.items()]
        fetches = [signature.outputs[key].name for key in trace.outputs]
        function = resolve_references(build_subgraph(self._library.main.values(), feeds, fetches))
        specs = tuple(spec for spec in trace.arguments.values() if is_spec(spec))
        return EndpointGraph(self._graph(function), specs, (), trace.outputs)


def variable_keys(graph: EndpointGraph) -> list[str]:
    """Keys of the variables that a graph uses: those it captures, and those of its VarHandleOp nodes."""
    keys = [capture for capture in graph.captures if isinstance(capture, str)]
    for function in graph.functions():
        for node in function.nodes:
            if node.op == "VarHandleOp":
                keys.append(node.attrs.get("shared_name") or node.name)
    return list(dict.fromkeys(keys))
