"""Cut an endpoint's graph between host and backend, and refuse it with everything that neither side can run."""

from __future__ import annotations

from dataclasses import replace

from hublayer.errors import UnsupportedOpsError
from hublayer.graph.endpoint_graph import EndpointGraph, reached
from hublayer.graph.ir import Function
from hublayer.graph.partition import partition
from hublayer.graph.parts import Partition
from hublayer.graph.passes.dead_code import drop_dead_code
from hublayer.graph.passes.same_nodes import merge_same_nodes
from hublayer.graph.passes.split_rows import keep_rows_of_splits
from hublayer.graph.passes.text_idioms import shorten_text_idioms
from hublayer.graph.passes.unique_lookups import look_up_every_token
from hublayer.host.registry import runs_on_host
from hublayer.lowering.execute import missing_ops, unsupported_error
from hublayer.lowering.registry import find_lowering


def cut(graph: EndpointGraph, backend: str) -> Partition | None:
    """The graph's three parts; None if it needs nothing of the host.

    Raises one UnsupportedOpsError for all ops that neither the host nor `backend` knows, that strings need on the host
    and the host cannot run, and that the backend cannot run as the model uses them.
    """
    entry, functions = drop_dead_code(look_up_every_token(graph.graph.entry)), graph.graph.functions
    host_parameters = frozenset(entry.parameters[i].name for i in graph.partitions)
    missing = dict(graph.graph.unknown)
    missing |= {
        op: where
        for op, where in missing_ops(reached(entry, functions), backend).items()
        if not runs_on_host(op.split(" ")[0])
    }
    found = None
    try:
        found = partition(
            entry,
            functions,
            runs_on_host,
            lambda op: find_lowering(op, backend) is not None,
            host_parameters,
            frozenset(graph.host_resources()),
        )
    except UnsupportedOpsError as error:
        missing = {**error.ops, **missing}
    else:
        on_backend = [entry] if found is None else found.on_device()
        for function in on_backend:
            missing |= missing_ops(reached(function, functions), backend)
    if missing:
        raise unsupported_error(missing, backend)
    if found is None or found.before is None:
        return found
    return replace(found, before=_shortened(found.before))


def host_alone(graph: EndpointGraph) -> Function | None:
    """The whole of a graph that only preprocesses, as the host runs it; None if it has weights or needs the device."""
    entry = drop_dead_code(look_up_every_token(graph.graph.entry))
    used = {value.node for node in entry.nodes for value in node.inputs}
    captured = zip(entry.parameters[len(graph.inputs) :], graph.captures, strict=True)
    if any(isinstance(capture, str) and parameter.name in used for parameter, capture in captured):
        return None
    if not all(runs_on_host(node.op) for function in reached(entry, graph.graph.functions) for node in function.nodes):
        return None
    return _shortened(entry)


def _shortened(function: Function) -> Function:
    return merge_same_nodes(keep_rows_of_splits(shorten_text_idioms(function)))
