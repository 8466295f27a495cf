"""The translated runtime: the SavedModel's graph on whatever backend Keras runs, without TensorFlow."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import keras
import numpy as np

from hublayer.errors import CorruptSavedModelError
from hublayer.graph.endpoint_graph import EndpointGraph, GraphSource, variable_keys
from hublayer.graph.library import Library
from hublayer.graph.passes.hoist import hoist
from hublayer.lowering.dtypes import backend_dtype
from hublayer.lowering.execute import Executable, Executables, Run, VariableHandle, check_supported
from hublayer.runtime.ahead import Ahead
from hublayer.runtime.compile import compiled
from hublayer.runtime.keras_tensors import KerasTensors
from hublayer.runtime.seeds import ForkedSeeds
from hublayer.runtime.weights import NamedVariable
from hublayer.savedmodel.bundle import Bundle
from hublayer.savedmodel.checkpoint_keys import checkpoint_keys
from hublayer.savedmodel.endpoints import Endpoint, Trace
from hublayer.savedmodel.objects import VariableInfo
from hublayer.savedmodel.reader import MetaGraph, SavedModel
from hublayer.savedmodel.specs import Shape, is_spec

_RANDOM = ("Random", "Multinomial", "TruncatedNormal", "ParameterizedTruncatedNormal")
_NO_VALUE = frozenset({"string", "resource", "variant", "unknown"})


def load(saved_model: SavedModel, meta_graph: MetaGraph, options: Any = None) -> TranslatedProgram:
    """Prepare `meta_graph` for the Keras backend at hand. Endpoints are translated when they are first used.

    options: of TensorFlow's own loader; they do not concern this one.
    """
    return TranslatedProgram(saved_model, meta_graph)


class _Variables:
    """A MetaGraph's variables by key, read from the checkpoint when they are first needed."""

    def __init__(self, saved_model: SavedModel, meta_graph: MetaGraph):
        self._folder = saved_model.folder
        self._meta_graph = meta_graph
        self._bundle: Bundle | None = None
        self._checkpoint: dict[str, str] = {}
        self._made: dict[str, NamedVariable] = {}

    def _open(self) -> Bundle:
        if self._bundle is None:
            self._bundle = Bundle.open(self._folder / "variables" / "variables")
            objects = self._meta_graph.objects
            if objects is not None:
                message = self._meta_graph.message.object_graph_def
                keys = checkpoint_keys(self._bundle, message)
                self._checkpoint = {str(node_id): key for node_id, key in keys.items()}
        return self._bundle

    def info(self, key: str) -> VariableInfo | None:
        """What the SavedModel says of the variable `key`: a node id of the object graph, or a TF1 name."""
        objects = self._meta_graph.objects
        if objects is not None and key.isdecimal():
            return objects.variable(int(key))
        return next((info for info in self._meta_graph.variables if info.name == key), None)

    def listed(self) -> tuple[list[str], set[str] | None]:
        """Keys of the publisher's variables in order, and of those listed as trainable (None: no such list)."""
        objects = self._meta_graph.objects
        if objects is None:
            infos = self._meta_graph.variables
            return [info.name for info in infos], {info.name for info in infos if info.trainable}
        trainable = objects.listed("trainable_variables")
        node_ids = [*(objects.listed("variables") or ()), *(trainable or ())]
        keys = [str(node_id) for node_id in dict.fromkeys(node_ids) if objects.variable(node_id) is not None]
        return keys, None if trainable is None else {str(node_id) for node_id in trainable}

    def __getitem__(self, key: str) -> NamedVariable:
        if key not in self._made:
            info = self.info(key)
            bundle = self._open()
            stored = self._checkpoint.get(key, key if info is None else info.name)
            if stored not in bundle:
                raise CorruptSavedModelError(f"{bundle.index}: it has no value for the variable {stored!r}.")
            array = bundle.array(stored)
            if info is not None and not _fits(array.shape, info.shape):
                raise CorruptSavedModelError(
                    f"{bundle.index}: the variable {stored!r} has the shape {array.shape}, but the model declares "
                    f"{info.shape}."
                )
            trainable = self.listed()[1]
            is_trainable = key in trainable if trainable is not None else bool(info and info.trainable)
            name = info.name if info else key
            self._made[key] = NamedVariable(_aligned(array), name, backend_dtype(array.dtype.name), is_trainable)
        return self._made[key]

    def has_value(self, key: str) -> bool:
        """Whether the checkpoint has numbers for the variable, so that it can be a weight."""
        info = self.info(key)
        if info is not None and info.dtype in _NO_VALUE:
            return False
        bundle = self._open()
        return self._checkpoint.get(key, key if info is None else info.name) in bundle


def _fits(shape: tuple[int, ...], declared: Shape) -> bool:
    if declared is None:
        return True
    return len(shape) == len(declared) and all(d is None or d == s for d, s in zip(declared, shape, strict=True))


def _aligned(array: np.ndarray) -> np.ndarray:
    """The array itself, or a copy where the bytes of the file lie unaligned."""
    return np.require(array, requirements=["ALIGNED"])


class _Endpoint:
    """One trace of an endpoint: its executable, its variables, and the compiled call."""

    def __init__(self, graph: EndpointGraph, variables: _Variables, backend: str):
        functions = graph.functions()
        check_supported(functions, backend)
        self.graph = graph
        self.keys = variable_keys(graph)
        self.variables = {key: variables[key] for key in self.keys}
        self.draws = any(node.op.startswith(_RANDOM) for function in functions for node in function.nodes)
        self._executables = Executables(graph.graph, backend)
        self._entry = Executable(graph.graph.entry, backend)
        self._captures = [VariableHandle(c) if isinstance(c, str) else c for c in graph.captures]
        self._call = compiled(self._run)
        split = hoist(graph.graph.entry)
        self._ahead: Ahead | None = None
        if split is not None:
            prologue, main = Executable(split.prologue, backend), Executable(split.main, backend)
            self._ahead = Ahead(list(self.variables.values()), lambda values: self._prologue(prologue, values))
            self._call_main = compiled(lambda *arguments: self._run_main(main, *arguments))

    def __call__(self, inputs: list[Any], seed: Any) -> list[Any]:
        """The outputs; variables that the trace assigns get their new values."""
        values = {key: variable.value for key, variable in self.variables.items()}
        ahead = None if self._ahead is None else self._ahead.values(values)
        if ahead is not None:
            return self._call_main(values, ahead, inputs, seed)
        outputs, assigned = self._call(values, inputs, seed)
        for key, value in assigned.items():
            self.variables[key].assign(value)
        return outputs

    def _state(self, values: dict[str, Any], seed: Any) -> Run:
        seeds = None if seed is None else ForkedSeeds(seed)
        return Run(dict(values), self._executables, None if seeds is None else lambda: seeds)

    def _run(self, values: dict[str, Any], inputs: list[Any], seed: Any) -> tuple[list[Any], dict[str, Any]]:
        """Outputs, and the new values of the variables that were assigned."""
        run = self._state(values, seed)
        outputs = self._entry(run, [*inputs, *self._captures])
        return outputs, {key: run.variables[key] for key in sorted(run.assigned)}

    def _prologue(self, prologue: Executable, values: dict[str, Any]) -> list[Any]:
        unused = [None] * len(self.graph.inputs)
        return prologue(self._state(values, None), [*unused, *self._captures])

    def _run_main(
        self, main: Executable, values: dict[str, Any], ahead: list[Any], inputs: list[Any], seed: Any
    ) -> list[Any]:
        return main(self._state(values, seed), [*inputs, *self._captures, *ahead])


class TranslatedProgram:
    """A MetaGraph on Keras's backend. See hublayer.runtime.program.Program."""

    name = "translated"

    def __init__(self, saved_model: SavedModel, meta_graph: MetaGraph):
        self.meta_graph = meta_graph
        self.tensors = KerasTensors()
        self.loaded = None
        self.backend = keras.config.backend()
        self.seed_generator = keras.random.SeedGenerator()
        self._source = GraphSource(Library(meta_graph))
        self._variables = _Variables(saved_model, meta_graph)
        self._endpoints: dict[int, _Endpoint] = {}

    def prepare(self, endpoint: Endpoint) -> None:
        """Translate every trace of `endpoint`. Raises UnsupportedOpsError for what the backend cannot run."""
        for trace in endpoint.traces:
            self._endpoint(endpoint, trace)

    def _endpoint(self, endpoint: Endpoint, trace: Trace) -> _Endpoint:
        if id(trace) not in self._endpoints:
            graph = self._source.endpoint(endpoint, trace)
            self._endpoints[id(trace)] = _Endpoint(graph, self._variables, self.backend)
        return self._endpoints[id(trace)]

    def run(self, endpoint: Endpoint, trace: Trace, arguments: Mapping[str, Any]) -> Any:
        """See Program.run."""
        prepared = self._endpoint(endpoint, trace)
        inputs = [
            value for name, structure in trace.arguments.items() for value in _tensors(structure, arguments[name])
        ]
        outputs = self._call(prepared, inputs)
        return pack(trace.outputs, iter(outputs))

    def _call(self, prepared: _Endpoint, inputs: list[Any]) -> list[Any]:
        return prepared(inputs, self.seed_generator.next() if prepared.draws else None)

    def variables(self, endpoint: Endpoint | None = None) -> list[tuple[Any, bool]]:
        """(keras.Variable, trainable): the publisher's in their order, then those that `endpoint` uses besides."""
        keys, trainable = self._variables.listed()
        for trace in endpoint.traces if endpoint else ():
            keys += self._endpoint(endpoint, trace).keys if endpoint else []
        found = {key: self._variables[key] for key in dict.fromkeys(keys) if self._variables.has_value(key)}
        if trainable is None:
            infos = {key: self._variables.info(key) for key in found}
            return [(variable, bool(getattr(infos[key], "trainable", False))) for key, variable in found.items()]
        return [(variable, key in trainable) for key, variable in found.items()]

    def weights(self, endpoint: Endpoint | None) -> list[Any]:
        """See Program.weights."""
        return [variable for variable, _ in self.variables(endpoint)]

    def regularization_losses(self) -> list[Callable[[], Any]]:
        """See Program.regularization_losses."""
        objects = self.meta_graph.objects
        return [self._loss(name) for name in objects.loss_functions()] if objects else []

    def _loss(self, name: str) -> Callable[[], Any]:
        def loss() -> Any:
            key = hash(name)
            if key not in self._endpoints:
                graph = self._source.concrete(name, (), None)
                self._endpoints[key] = _Endpoint(graph, self._variables, self.backend)
            return self._call(self._endpoints[key], [])[0]

        return loss

    def attribute(self, name: str) -> Any:
        """A variable that the publisher saved on the root object. Raises AttributeError if there is none."""
        objects = self.meta_graph.objects
        node_id = objects.root_children.get(name) if objects else None
        if objects is None or node_id is None or objects.variable(node_id) is None:
            raise AttributeError(name)
        return self._variables[str(node_id)]


def _tensors(structure: Any, value: Any) -> Iterator[Any]:
    """The tensors of `value` where `structure` has specs, in the order of `leaves`."""
    if is_spec(structure):
        yield value
    elif isinstance(structure, dict):
        for key in sorted(structure):
            yield from _tensors(structure[key], value[key])
    elif isinstance(structure, list | tuple):
        for inner, item in zip(structure, value, strict=True):
            yield from _tensors(inner, item)


def pack(structure: Any, values: Iterator[Any]) -> Any:
    """`structure` with the next of `values` in place of each spec, dict keys sorted."""
    if is_spec(structure):
        return next(values)
    if isinstance(structure, dict):
        packed = {key: pack(structure[key], values) for key in sorted(structure)}
        return {key: packed[key] for key in structure}
    if isinstance(structure, list | tuple):
        items = [pack(item, values) for item in structure]
        return type(structure)(*items) if hasattr(structure, "_fields") else type(structure)(items)
    return structure
