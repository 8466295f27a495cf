"""Which runtime loads a model."""

from __future__ import annotations

import warnings
from typing import Any

from hublayer.choices import choose_endpoint
from hublayer.errors import BackendError, EndpointError, HubLayerError, ModelLoadError, UnsupportedOpsError
from hublayer.savedmodel.endpoints import Endpoint
from hublayer.savedmodel.reader import MetaGraph, SavedModel
from hublayer.savedmodel.restoring import stored_variables

RUNTIMES = ("auto", "native", "translated")
_REFERENCES = frozenset({"VariableV2", "Variable"})


def load_program(runtime: str, saved_model: SavedModel, meta_graph: MetaGraph, options: Any) -> Any:
    """Load `meta_graph` with the runtime of that name, which gives a hublayer.runtime.program.Program.

    "auto" takes the translated runtime on JAX and PyTorch. On the TensorFlow backend it takes the native one, except
    for TF1 models that TensorFlow's loader cannot train rightly, and, with a warning, for models that it cannot load at
    all: some have types that this TensorFlow does not know, as the policies of agents do.

    Raises BackendError for a runtime that is not known or that the Keras backend cannot offer, and what the runtimes
    raise.
    """
    if runtime not in RUNTIMES:
        raise BackendError(f"runtime={runtime!r} is not known; pass one of {', '.join(map(repr, RUNTIMES))}.")
    import keras

    from hublayer.runtime import translated

    backend = keras.config.backend()
    if runtime == "translated" or (runtime == "auto" and backend != "tensorflow"):
        return translated.load(saved_model, meta_graph, options)
    if backend != "tensorflow":
        raise BackendError(
            f"The native runtime runs on Keras's TensorFlow backend, but the backend is {backend!r}. Leave runtime= "
            "out, or set the environment variable KERAS_BACKEND=tensorflow before Keras is imported."
        )
    from hublayer.runtime import native

    if runtime == "native":
        return native.load(saved_model, meta_graph, options)
    if trains_better_translated(saved_model, meta_graph):
        program = translated.load(saved_model, meta_graph, options)
        if _runs_in_graphs(program, list(meta_graph.endpoints.values())):
            return program
    try:
        return native.load(saved_model, meta_graph, options)
    except (ModelLoadError, UnsupportedOpsError) as error:
        program = translated.load(saved_model, meta_graph, options)
        if not _runs_what_it_can(program, _obvious(meta_graph)):
            raise
        warnings.warn(
            f"The model runs translated, because TensorFlow's own loader does not load it. {error} "
            "Pass runtime='translated' to choose that without a warning.",
            stacklevel=3,
        )
        return program


def trains_better_translated(saved_model: SavedModel, meta_graph: MetaGraph) -> bool:
    """Whether TensorFlow's loader could not train `meta_graph` as its publisher meant it.

    It loads one MetaGraph of TF1, so there is no other one for training and its update ops do not run; it does not
    train reference variables; parts of a partitioned variable are weights of their own there.
    """
    from hublayer.runtime.tf1 import training_graph

    if meta_graph.objects is not None:
        return False
    if training_graph(saved_model, meta_graph) is not None:
        return True
    trainable = {info.name for info in meta_graph.variables if info.trainable}
    nodes = {node.name: node.op for node in meta_graph.message.graph_def.node}
    stored = stored_variables(meta_graph.message, str(meta_graph.path))
    return any(nodes.get(name) in _REFERENCES for name in trainable) or any(
        place.part is not None and place.name in trainable for place in stored.values()
    )


def _obvious(meta_graph: MetaGraph) -> list[Endpoint]:
    """The endpoint that a layer would call; all of them if none stands out, for the caller names one then."""
    try:
        return [choose_endpoint(meta_graph, None, "")]
    except EndpointError:
        return list(meta_graph.endpoints.values())


def _runs_what_it_can(program: Any, endpoints: list[Endpoint]) -> bool:
    """Whether `program` runs one of `endpoints`, and the others only use what no runtime but TensorFlow's has."""
    ran = False
    for endpoint in map(program.layer_endpoint, endpoints):
        try:
            program.prepare(endpoint)
            program.weights(endpoint)
            ran = True
        except UnsupportedOpsError:
            continue
        except HubLayerError:  # a damaged file is damaged for both
            return False
    return ran


def _runs_in_graphs(program: Any, endpoints: list[Endpoint]) -> bool:
    """Whether `program` runs all of `endpoints`, as parts of a graph of TensorFlow's too."""
    try:
        for endpoint in map(program.layer_endpoint, endpoints):
            program.prepare(endpoint)
            program.weights(endpoint)
            for trace in endpoint.traces:
                staged = program.staged(endpoint, trace)
                if staged is not None:
                    staged.prepare_in_graph()
    except HubLayerError:
        return False
    return bool(endpoints)
