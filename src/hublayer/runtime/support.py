"""Which of a model's ops the Keras backend at hand can run."""

from __future__ import annotations

from pathlib import Path

import keras

from hublayer.errors import HubLayerError, UnsupportedOpsError
from hublayer.graph.endpoint_graph import GraphSource
from hublayer.graph.library import Library
from hublayer.host.registry import runs_on_host
from hublayer.lowering.registry import registered_ops
from hublayer.runtime.cut import cut
from hublayer.savedmodel import read
from hublayer.savedmodel.reader import MetaGraph


def runtime_in_words() -> str:
    """The runtime and backend that `runtime="auto"` takes here, such as ``translated runtime on jax``."""
    backend = keras.config.backend()
    return f"{'native' if backend == 'tensorflow' else 'translated'} runtime on {backend}"


def unsupported_ops(folder: str | Path, tags: tuple[str, ...]) -> set[str]:
    """The ops of the MetaGraph `tags` in `folder` that the runtime of `runtime="auto"` cannot run here.

    They are those that it does not know, and those that loading an endpoint would refuse: an op of the backend's that
    strings need, a StableHLO module with operations that are not known.
    """
    meta_graph = read(folder).meta_graph(tags)
    library = Library(meta_graph)
    if keras.config.backend() == "tensorflow":
        from hublayer.runtime.native import unregistered_ops

        return set(unregistered_ops(library.op_counts))
    known = registered_ops(keras.config.backend())
    unknown = {op for op in library.op_counts if op not in known and op not in _NEVER_RUN and not runs_on_host(op)}
    return unknown | _refused(meta_graph, library)


def _refused(meta_graph: MetaGraph, library: Library) -> set[str]:
    """What an endpoint's translation refuses."""
    source = GraphSource(library)
    found: set[str] = set()
    for endpoint in meta_graph.endpoints.values():
        for trace in endpoint.traces:
            try:
                cut(source.endpoint(endpoint, trace), keras.config.backend())
            except UnsupportedOpsError as error:
                found |= {op.split(" ")[0] for op in error.ops}
            except HubLayerError:
                continue  # nothing that an op is to blame for
    return found & set(library.op_counts)


# Ops that are answered before a graph runs: inputs are parameters, calls are inlined, variables are read from the
# checkpoint by hublayer itself, TF1's control flow is turned into functions, its references into reads.
_NEVER_RUN = frozenset(
    {
        "Assign",
        "AssignAdd",
        "AssignSub",
        "ControlTrigger",
        "Enter",
        "Exit",
        "LoopCond",
        "Merge",
        "MergeV2Checkpoints",
        "NextIteration",
        "PartitionedCall",
        "Placeholder",
        "RefEnter",
        "RefExit",
        "RefIdentity",
        "RefMerge",
        "RefNextIteration",
        "RefSwitch",
        "RestoreV2",
        "SaveV2",
        "ShardedFilename",
        "StatefulPartitionedCall",
        "Switch",
        "Variable",
        "VariableV2",
    }
)
