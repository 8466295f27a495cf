"""Which checkpoint entry holds the value of which variable of a TF2 SavedModel.

The SavedModel and its checkpoint each save the tree of objects, with node numbers of their own. The names on the way
from the root are the same in both (tensorflow/core/protobuf/trackable_object_graph.proto).
"""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Any

from hublayer.savedmodel.bundle import OBJECT_GRAPH_KEY, Bundle
from hublayer.savedmodel.damage import damaged

if TYPE_CHECKING:
    from hublayer.savedmodel.reader import MetaGraph, SavedModel

_VALUE = "VARIABLE_VALUE"
_TABLE = "table"


def table_keys(bundle: Bundle, objects: Any) -> dict[int, str]:
    """The same for tables that can be changed: the prefix of the entries ``PREFIX-keys`` and ``PREFIX-values``."""
    return checkpoint_keys(bundle, objects, "resource", _TABLE)


def changing_tables(saved_model: SavedModel, meta_graph: MetaGraph) -> bool:
    """Whether the model has tables that can be changed: their contents are in the checkpoint, beside the variables."""
    prefix = saved_model.folder / "variables" / "variables"
    if meta_graph.objects is None or not prefix.with_name("variables.index").is_file():
        return False
    return bool(table_keys(Bundle.open(prefix), meta_graph.message.object_graph_def))


def checkpoint_keys(bundle: Bundle, objects: Any, kind: str = "variable", attribute: str = _VALUE) -> dict[int, str]:
    """Checkpoint key by node number, for every variable of the ObjectGraph message `objects` that has one.

    kind, attribute: of the nodes that are meant, and the attribute of theirs that was saved. The variables of a TF1
    model are stored under their own names instead.

    Raises CorruptSavedModelError if the bundle holds no object graph or a node that is referred to is not there.
    """
    stored = bundle.object_graph()
    if stored is None:
        raise damaged(bundle.index, f"it holds no {OBJECT_GRAPH_KEY!r}, which tells the variables of a TF2 model")
    saved_children = _children(objects, f"the object graph that belongs to {bundle.index}")
    stored_children = _children(stored, str(bundle.index))
    value_keys = [_value_key(node, attribute) for node in stored.nodes]

    keys: dict[int, str] = {}
    if not saved_children or not stored_children:
        return keys
    counterpart = {0: 0}
    waiting = deque([0])
    while waiting:
        saved = waiting.popleft()
        key = value_keys[counterpart[saved]]
        if key is not None and objects.nodes[saved].WhichOneof("kind") == kind:
            keys[saved] = key
        names = stored_children[counterpart[saved]]
        for name, child in saved_children[saved].items():
            if name in names and child not in counterpart:
                counterpart[child] = names[name]
                waiting.append(child)
    return keys


def _children(graph: Any, where: str) -> list[dict[str, int]]:
    """Child node numbers by name, for every node."""
    count = len(graph.nodes)
    children = [{child.local_name: child.node_id for child in node.children} for node in graph.nodes]
    for named in children:
        for name, node_id in named.items():
            if not 0 <= node_id < count:
                raise damaged(where, f"the child {name!r} is node {node_id} of an object graph with {count} nodes")
    return children


def _value_key(node: Any, name: str) -> str | None:
    for attribute in node.attributes:
        if attribute.name == name:
            return attribute.checkpoint_key
    return None
