"""Look up every token instead of every distinct token.

tf.nn.embedding_lookup_sparse gathers the rows of the distinct ids and lets the combiner pick among them. That makes
the number of distinct ids a shape of the device's program; without it there is one shape less that changes with each
batch, and the lookup of a batch can be laid out row by row.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

from hublayer.graph.ir import Function, Node, Value

_UNIQUE = frozenset({"Unique", "UniqueV2"})
_GATHER = frozenset({"ResourceGather", "GatherV2", "Gather"})
_COMBINERS = {
    "SparseSegmentSum": "sum",
    "SparseSegmentMean": "mean",
    "SparseSegmentSqrtN": "sqrtn",
    "SparseSegmentSumWithNumSegments": "sum",
    "SparseSegmentMeanWithNumSegments": "mean",
    "SparseSegmentSqrtNWithNumSegments": "sqrtn",
}
SEGMENT_COMBINE = "hublayer>SegmentCombine"


def look_up_every_token(function: Function) -> Function:
    """`function` with combiners over distinct rows turned into combiners over all rows.

    SparseSegmentX(gather(table, y), idx, segments) with (y, idx) = Unique(x) becomes
    SegmentCombine(gather(table, x), segments), where nothing else uses what was gathered.
    """
    producers = {node.name: node for node in function.nodes}
    uses = Counter(value for node in function.nodes for value in node.inputs)
    uses.update(function.outputs)
    changed: dict[str, Node] = {}
    for node in function.nodes:
        if node.op not in _COMBINERS:
            continue
        chain = _chain(node.inputs[0], producers)
        gather = chain[-1] if chain else None
        if gather is None or gather.op not in _GATHER or not _plain(gather, producers):
            continue
        unique = producers.get(gather.inputs[1].node)
        if (
            unique is None
            or unique.op not in _UNIQUE
            or gather.inputs[1].index != 0
            or node.inputs[1] != Value(unique.name, 1)
            or any(uses[Value(link.name)] != 1 for link in chain)
        ):
            continue
        changed[gather.name] = replace(gather, inputs=(gather.inputs[0], unique.inputs[0], *gather.inputs[2:]))
        attrs = {"combiner": _COMBINERS[node.op]}
        changed[node.name] = Node(
            node.name, SEGMENT_COMBINE, (node.inputs[0], node.inputs[2], *node.inputs[3:]), attrs, node.origin
        )
    if not changed:
        return function
    return replace(function, nodes=tuple(changed.get(node.name, node) for node in function.nodes))


def _chain(value: Value, producers: dict[str, Node]) -> list[Node]:
    """The Identity nodes behind `value`, and the node that they repeat."""
    chain = []
    while (node := producers.get(value.node)) is not None:
        chain.append(node)
        if node.op != "Identity":
            break
        value = node.inputs[0]
    return chain


def _plain(gather: Node, producers: dict[str, Node]) -> bool:
    """Whether rows are gathered along the first axis."""
    if gather.attrs.get("batch_dims", 0):
        return False
    if gather.op != "GatherV2":
        return True
    axis = producers.get(gather.inputs[2].node)
    return axis is not None and axis.op == "Const" and int(axis.attrs["value"]) == 0
