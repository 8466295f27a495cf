"""The translated runtime: the SavedModel's graph on whatever backend Keras runs, without TensorFlow."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from functools import partial
from typing import Any

import keras
import numpy as np

from hublayer.errors import UnsupportedOpsError
from hublayer.graph.endpoint_graph import EndpointGraph, GraphSource, reached, variable_keys
from hublayer.graph.library import Library
from hublayer.graph.passes.channel_scales import fold_channel_scales
from hublayer.graph.resources import Recipe, ResourceKey
from hublayer.host.resources import ResourceRecipes, Resources, as_host_value, needed
from hublayer.host.string_tensor import StringTensor
from hublayer.lowering.execute import unsupported_error
from hublayer.ops.traits import takes_seed
from hublayer.runtime.compile import outside_of_programs
from hublayer.runtime.cut import cut
from hublayer.runtime.device_part import DevicePart
from hublayer.runtime.host_tensors import flat_components
from hublayer.runtime.host_values import from_host
from hublayer.runtime.keras_tensors import KerasTensors
from hublayer.runtime.staged import StagedEndpoint
from hublayer.runtime.structures import pack
from hublayer.runtime.tf1 import Training, loss_tensors, training_graph
from hublayer.runtime.variables import Variables
from hublayer.runtime.weights import in_layer_order
from hublayer.savedmodel.endpoints import Endpoint, Trace
from hublayer.savedmodel.reader import MetaGraph, SavedModel
from hublayer.savedmodel.specs import is_spec

# On TensorFlow nothing is computed ahead: a larger filter is scaled at each call for longer than that saves.
_LARGEST_SCALED = 1 << 16


def load(saved_model: SavedModel, meta_graph: MetaGraph, options: Any = None) -> TranslatedProgram:
    """Prepare `meta_graph` for the Keras backend at hand. Endpoints are translated when they are first used.

    options: of TensorFlow's own loader; they do not concern this one.
    """
    return TranslatedProgram(saved_model, meta_graph)


class _Recipes:
    """How a MetaGraph's tables are made, what its variables of strings hold, and those that have been made."""

    def __init__(self, source: GraphSource, variables: Variables, saved_model: SavedModel):
        self._source = source
        self._variables = variables
        self._folder = saved_model.folder
        self._known: dict[ResourceKey, Recipe] = {}
        self._restored: dict[ResourceKey, tuple[Any, Any]] = {}
        self._strings: dict[str, StringTensor] = {}
        self._resources: Resources | None = None
        initializers = source.table_initializers()
        functions = {f.name: f for entry in initializers for f in reached(entry, source.functions)}
        self._all = ResourceRecipes(self._folder, self._known, self._restored, self._strings, initializers, functions)

    def of(self, graph: EndpointGraph) -> ResourceRecipes:
        """The recipes of all resources that `graph` uses."""
        keys = [capture for capture in graph.captures if isinstance(capture, ResourceKey)]
        found = needed(keys, self._source.recipe)
        new = {key: recipe for key, recipe in found.items() if key not in self._known}
        self._known.update(new)
        strings = [str(key.node_id) for key, recipe in new.items() if recipe.is_variable]
        for key in (*strings, *graph.named_variables(of_strings=True)):
            if key not in self._strings:
                self._strings[key] = self._variables.strings(key)
        contents = self._variables.table_contents([key.node_id for key in new])
        self._restored.update(
            {ResourceKey(i): (as_host_value(keys), as_host_value(values)) for i, (keys, values) in contents.items()}
        )
        return self._all

    def resources(self, recipes: ResourceRecipes) -> Resources:
        """The resources, which all endpoints share."""
        if self._resources is None:
            self._resources = Resources(recipes)
        return self._resources


class PlainEndpoint:
    """One trace of an endpoint that runs on the device as a whole."""

    def __init__(self, graph: EndpointGraph, captured: Mapping[str, str], variables: Mapping[str, Any], backend: str):
        self.graph = graph
        self.keys = list(variables)
        self._device = DevicePart(graph.graph, graph.functions(), captured, variables, backend)
        self.draws = self._device.draws
        self._backend = backend

    def __call__(self, inputs: list[Any], seed: Any) -> list[Any]:
        """The outputs; variables that the trace assigns get their new values."""
        return [from_host(output, self._backend) for output in self._device(inputs, seed)]


class TranslatedProgram:
    """A MetaGraph on Keras's backend. See hublayer.runtime.program.Program."""

    name = "translated"

    def __init__(self, saved_model: SavedModel, meta_graph: MetaGraph):
        self.meta_graph = meta_graph
        self.tensors = KerasTensors()
        self.backend = keras.config.backend()
        self._saved_model = saved_model
        self._source = GraphSource(Library(meta_graph))
        graph = training_graph(saved_model, meta_graph)
        random = any(_draws(each) for each in (meta_graph, graph) if each is not None)
        # Making one compiles JAX's first program: a model without random numbers need not wait for it.
        self.seed_generator = keras.random.SeedGenerator() if random else None
        self._training = None if graph is None else Training(meta_graph, graph, self._source)
        stored = {**self._training.source.main.stored, **self._source.main.stored} if self._training else None
        self._variables = Variables(
            saved_model,
            meta_graph,
            [self._training.graph] if self._training else [],
            stored or self._source.main.stored,
            self._initial_value,
        )
        self._recipes = _Recipes(self._source, self._variables, saved_model)
        self._endpoints: dict[int, PlainEndpoint | StagedEndpoint] = {}
        self._losses: dict[str, PlainEndpoint | StagedEndpoint] = {}

    def prepare(self, endpoint: Endpoint) -> None:
        """Translate every trace of `endpoint`. Raises one UnsupportedOpsError for what the backend cannot run."""
        endpoint.work_out()  # now: torch.compile cannot follow how
        missing: dict[str, str] = {}
        for trace in endpoint.traces:
            try:
                self._endpoint(endpoint, trace)
            except UnsupportedOpsError as error:
                if not error.ops:
                    raise
                missing = {**error.ops, **missing}
        if missing:
            raise unsupported_error(missing, self.backend)

    def _endpoint(self, endpoint: Endpoint, trace: Trace) -> PlainEndpoint | StagedEndpoint:
        if id(trace) not in self._endpoints:
            self._endpoints[id(trace)] = outside_of_programs(self._translated)(endpoint, trace)
        return self._endpoints[id(trace)]

    def _translated(self, endpoint: Endpoint, trace: Trace) -> PlainEndpoint | StagedEndpoint:
        source = self._training.source if self._training and self._training.runs(trace) else self._source
        return self._prepare(source.endpoint(endpoint, trace))

    def layer_endpoint(self, endpoint: Endpoint) -> Endpoint:
        """See Program.layer_endpoint."""
        return self._training.endpoint(endpoint) if self._training else endpoint

    def _initial_value(self, key: str, after: bool) -> Callable[[], np.ndarray] | None:
        """What computes the value that TF1's initialisers set the variable `key` to; `after`: those after restoring."""
        tensor = self._source.initial_value(key, after)
        if tensor is None:
            return None

        def compute() -> np.ndarray:
            (value,) = self._call(self._prepare(self._source.value(tensor)), [])
            return np.asarray(keras.ops.convert_to_numpy(value))

        return compute

    def _prepare(self, graph: EndpointGraph) -> PlainEndpoint | StagedEndpoint:
        parameters = graph.graph.entry.parameters[len(graph.inputs) :]
        captured = {
            p.name: capture for p, capture in zip(parameters, graph.captures, strict=True) if isinstance(capture, str)
        }
        infos = {name: self._variables.info(key) for name, key in captured.items()}
        shapes = {name: info.shape for name, info in infos.items() if info is not None}
        largest = _LARGEST_SCALED if self.backend == "tensorflow" else None
        entry = fold_channel_scales(graph.graph.entry, shapes, largest)
        graph = replace(graph, graph=replace(graph.graph, entry=entry))
        parts = cut(graph, self.backend)
        variables = {key: self._variables[key] for key in variable_keys(graph) if self._variables.has_value(key)}
        if parts is None:
            return PlainEndpoint(graph, captured, variables, self.backend)
        recipes = self._recipes.of(graph)
        resources = self._recipes.resources(recipes)
        return StagedEndpoint(graph, parts, resources, recipes, captured, variables, self.backend)

    def staged(self, endpoint: Endpoint, trace: Trace) -> StagedEndpoint | None:
        """The trace's three parts; None if it needs nothing of the host."""
        prepared = self._endpoint(endpoint, trace)
        return prepared if isinstance(prepared, StagedEndpoint) else None

    def run(self, endpoint: Endpoint, trace: Trace, arguments: Mapping[str, Any]) -> Any:
        """See Program.run."""
        outputs = self._call(self._endpoint(endpoint, trace), flat_inputs(trace, arguments))
        return pack(trace.outputs, iter(outputs))

    def _call(self, prepared: PlainEndpoint | StagedEndpoint, inputs: list[Any]) -> list[Any]:
        return prepared(inputs, self.seed(prepared.draws))

    def seed(self, draws: bool) -> Any:
        """The next seed if random numbers are drawn, else None."""
        return self.seed_generator.next() if draws and self.seed_generator is not None else None

    def values(self) -> dict[str, np.ndarray]:
        """See Program.values. Variables that nothing has needed yet are those of the file."""
        made = self._variables.made()
        return {key: np.asarray(keras.ops.convert_to_numpy(variable)) for key, variable in made.items()}

    def set_values(self, values: Mapping[str, np.ndarray]) -> None:
        """See Program.set_values."""
        for key, value in values.items():
            self._variables[key].assign(value)

    def adopt(self, variables: Mapping[str, Any]) -> None:
        """Use these keras.Variables, by key, instead of those of the checkpoint."""
        self._variables.adopt(variables)

    def _by_key(self, endpoint: Endpoint | None) -> dict[str, Any]:
        """The publisher's variables in their order, then those that `endpoint` uses besides."""
        keys, _ = self._variables.listed()
        for trace in endpoint.traces if endpoint else ():
            keys += self._endpoint(endpoint, trace).keys if endpoint else []
        return {key: self._variables[key] for key in dict.fromkeys(keys) if self._variables.has_value(key)}

    def trackable(self, endpoint: Endpoint) -> Any:
        """See Program.trackable."""
        if self.backend != "tensorflow":
            return None
        from hublayer.runtime.tensorflow_trackables import trackable

        seed = None if self.seed_generator is None else self.seed_generator.state
        return trackable(self.meta_graph.objects, self._by_key(endpoint), seed)

    def variables(self, endpoint: Endpoint | None = None) -> list[tuple[Any, bool]]:
        """(keras.Variable, trainable): the publisher's in their order, then those that `endpoint` uses besides."""
        found, trainable = self._by_key(endpoint), self._variables.listed()[1]
        if trainable is None:
            infos = {key: self._variables.info(key) for key in found}
            return [(variable, bool(getattr(infos[key], "trainable", False))) for key, variable in found.items()]
        marked = frozenset(trainable)
        return [(variable, key in marked) for key, variable in found.items()]

    def weights(self, endpoint: Endpoint | None) -> list[Any]:
        """See Program.weights."""
        variables, listed = self.variables(endpoint), self._variables.listed()[1]
        if self.meta_graph.objects is None:
            return [variable for variable, _ in variables]
        if listed is None:
            return in_layer_order(variables)
        return in_layer_order(variables, [self._variables[key] for key in listed if self._variables.has_value(key)])

    def regularization_losses(self) -> list[Callable[[], Any]]:
        """See Program.regularization_losses."""
        objects = self.meta_graph.objects
        if objects is not None:
            return [
                self._loss(name, partial(self._source.concrete, name, (), None)) for name in objects.loss_functions()
            ]
        tensors = loss_tensors(self._source, self._training)
        return [self._loss(tensor, partial(source.value, tensor)) for source, tensor in tensors]

    def _loss(self, name: str, graph: Callable[[], EndpointGraph]) -> Callable[[], Any]:
        def loss() -> Any:
            if name not in self._losses:
                self._losses[name] = self._prepare(graph())
            return self._call(self._losses[name], [])[0]

        return loss

    def attribute(self, name: str) -> Any:
        """A variable that the publisher saved on the root object. Raises AttributeError if there is none."""
        objects = self.meta_graph.objects
        node_id = objects.root_children.get(name) if objects else None
        if objects is None or node_id is None or objects.variable(node_id) is None:
            raise AttributeError(name)
        return self._variables[str(node_id)]


def _draws(meta_graph: MetaGraph) -> bool:
    """Whether an op of the MetaGraph draws random numbers from the run's seeds."""
    graph = meta_graph.message.graph_def
    return any(
        takes_seed(node.op) for nodes in (graph.node, *(f.node_def for f in graph.library.function)) for node in nodes
    )


def share_variables(program: TranslatedProgram, native: Any) -> None:
    """Let `program` compute with the variables that TensorFlow has loaded, so that both train the same weights."""
    from hublayer.runtime.native import loaded_variables

    program.adopt({key: native.weight(variable) for key, variable in loaded_variables(native).items()})


def flat_inputs(trace: Trace, arguments: Mapping[str, Any]) -> list[Any]:
    """The dense tensors of a trace's arguments by name, in the order of its function's parameters."""
    return [value for name, structure in trace.arguments.items() for value in _tensors(structure, arguments[name])]


def _tensors(structure: Any, value: Any) -> Iterator[Any]:
    """The tensors of `value` where `structure` has specs, in the order of `leaves`."""
    if is_spec(structure):
        yield from flat_components(value)
    elif isinstance(structure, dict):
        for key in sorted(structure):
            yield from _tensors(structure[key], value[key])
    elif isinstance(structure, list | tuple):
        for inner, item in zip(structure, value, strict=True):
            yield from _tensors(inner, item)
