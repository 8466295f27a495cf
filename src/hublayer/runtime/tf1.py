"""Training of TF1 models: the graph that is run, what runs besides, and the losses.

TF1 exports one MetaGraph for serving and, if the publisher meant the model to be trained, another for that, which has
dropout and the batch statistics of BatchNorm. Their variables are the same by name.
"""

from __future__ import annotations

from collections.abc import Iterable

from hublayer.graph.endpoint_graph import GraphSource
from hublayer.graph.library import Library
from hublayer.savedmodel.endpoints import Endpoint, Trace
from hublayer.savedmodel.reader import MetaGraph, SavedModel

_TRAIN = "train"
_SERVE = "serve"


def training_graph(saved_model: SavedModel, meta_graph: MetaGraph) -> MetaGraph | None:
    """The MetaGraph of TF1 in which `meta_graph` is trained: itself if it is tagged ``train``; None if there is none.

    Otherwise the one with the same tags but for ``serve`` and ``train``.
    """
    if meta_graph.objects is not None:
        return None
    if _TRAIN in meta_graph.tags:
        return meta_graph
    graphs = [graph for graph in saved_model.meta_graphs if _TRAIN in graph.tags and graph.objects is None]
    for wanted in (meta_graph.tags - {_SERVE}, meta_graph.tags):
        for graph in graphs:
            if graph.tags - {_TRAIN} == wanted:
                return graph
    return None


class Training:
    """How the signatures of `meta_graph` are trained in `graph`, its training graph. source: of `meta_graph`."""

    def __init__(self, meta_graph: MetaGraph, graph: MetaGraph, source: GraphSource):
        self._meta_graph = meta_graph
        self.graph = graph
        self.source = source if graph is meta_graph else GraphSource(Library(graph))
        self._endpoints: dict[str, Endpoint] = {}
        self._traces: set[int] = set()

    def endpoint(self, endpoint: Endpoint) -> Endpoint:
        """The signature with a parameter `training`, whose value chooses the graph; as it was if it cannot be trained.

        In training its update ops run as well.
        """
        if endpoint.kind != "signature":
            return endpoint
        if endpoint.name not in self._endpoints:
            self._endpoints[endpoint.name] = self._trained(endpoint)
        return self._endpoints[endpoint.name]

    def _trained(self, endpoint: Endpoint) -> Endpoint:
        (serving,) = endpoint.traces
        in_training = self.graph.signatures.get(endpoint.name)
        if in_training is None:
            return endpoint
        (training,) = in_training.traces
        if set(training.arguments) != set(serving.arguments) or not set(serving.outputs) <= set(training.outputs):
            return endpoint
        updates = self.source.main.updates(self.source.main.feeds(endpoint.name, training))
        if self.graph is self._meta_graph and not updates:
            return endpoint
        traces = (
            Trace({**serving.arguments, "training": False}, serving.outputs),
            Trace(
                {**{key: training.arguments[key] for key in serving.arguments}, "training": True},
                {key: training.outputs[key] for key in serving.outputs},
                effects=updates,
            ),
        )
        self._traces.add(id(traces[1]))
        return Endpoint(endpoint.name, "signature", traces, defaults={"training": False})

    def runs(self, trace: Trace) -> bool:
        """Whether `trace` is one of the training graph."""
        return id(trace) in self._traces


def loss_tensors(source: GraphSource, training: Training | None) -> Iterable[tuple[GraphSource, str]]:
    """The regularisation losses of TF1 that follow from weights alone, and the graph that each is in."""
    graph = source if training is None else training.source
    return [(graph, name) for name in graph.main.losses()]
