"""Lookups in the parts of a partitioned variable as one lookup in the weight that they make up.

tf.nn.embedding_lookup sorts ids by the part that has them, gathers from each part, and stitches the rows together. The
parts lie in one weight here, one behind the other, so a row's place in it is where its part starts plus its place in
the part.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from hublayer.graph.ir import Function, Node, Value
from hublayer.graph.numpy_ops import NUMPY_OPS
from hublayer.graph.passes.fold import folded

_STITCHES = frozenset({"DynamicStitch", "ParallelDynamicStitch"})
_SAME = frozenset({"Identity", "Cast"})
_MOST_ROWS = 1 << 22  # for which ids are tried out


def join_partitioned_lookups(function: Function) -> Function:
    """`function` with a GatherV2 from the whole weight in place of each such lookup."""
    nodes = {node.name: node for node in function.nodes}
    changed: dict[str, list[Node]] = {}
    for node in function.nodes:
        if node.op in _STITCHES:
            lookup = _Lookup.of(node, nodes)
            if lookup is not None:
                changed.update(lookup.replacements(function))
    if not changed:
        return function
    return replace(function, nodes=tuple(new for node in function.nodes for new in changed.get(node.name, [node])))


class _Lookup:
    """ids: the flat ids. parts: (first row, rows) of each part. places: the ids' places within their parts."""

    def __init__(self, stitch: Node, nodes: Mapping[str, Node], ids: Value, places: Value, which: Value, handle: Node):
        self.stitch = stitch
        self.nodes = nodes
        self.ids = ids
        self.places = places
        self.which = which
        self.handle = handle
        self.starts = np.zeros(0, np.int64)
        self.rows = 0

    @classmethod
    def of(cls, stitch: Node, nodes: Mapping[str, Node]) -> _Lookup | None:
        """The lookup that `stitch` ends; None if it ends something else."""
        half = len(stitch.inputs) // 2
        orders, found = stitch.inputs[:half], [_source(value, nodes) for value in stitch.inputs[half:]]
        order = _partition(orders, nodes)
        gathers = [nodes.get(value.node) for value in found]
        if order is None or any(g is None or g.op not in ("GatherV2", "ResourceGather", "Gather") for g in gathers):
            return None
        gathers = [gather for gather in gathers if gather is not None]
        if any(gather.op == "GatherV2" and not _is_zero(gather.inputs[2], nodes) for gather in gathers):
            return None
        places = _partition([gather.inputs[1] for gather in gathers], nodes)
        handles = [_handle(gather.inputs[0], nodes) for gather in gathers]
        if places is None or places.inputs[1] != order.inputs[1] or any(handle is None for handle in handles):
            return None
        flat = _counted(order.inputs[0], nodes)
        first = handles[0]
        assert first is not None
        if flat is None:
            return None
        lookup = cls(stitch, nodes, flat, places.inputs[0], order.inputs[1], first)
        return lookup if lookup._lies_in_one([handle for handle in handles if handle is not None]) else None

    def _lies_in_one(self, handles: Sequence[Node]) -> bool:
        """Whether the parts are whole rows, one behind the other, of one weight."""
        starts, end = [], 0
        for handle in handles:
            part = handle.attrs.get("_part")
            if handle.attrs.get("shared_name") != self.handle.attrs.get("shared_name") or not part:
                return False
            if part[0][0] != end or any(start for start, _ in part[1:]):
                return False
            starts.append(end)
            end += part[0][1]
        self.starts, self.rows = np.array(starts, np.int64), end
        return True

    def _straight(self) -> bool:
        """Whether each id is its own place in the weight, tried out for all of them."""
        if self.rows > _MOST_ROWS:
            return False
        known: dict[Value, np.ndarray | None] = {self.ids: np.arange(self.rows)}
        which, places = self._tried(self.which, known), self._tried(self.places, known)
        if which is None or places is None or which.shape != (self.rows,) or which.min(initial=0) < 0:
            return False
        if which.max(initial=0) >= len(self.starts):
            return False
        return bool(np.array_equal(self.starts[which] + places, np.arange(self.rows)))

    def _tried(self, value: Value, known: dict[Value, np.ndarray | None]) -> np.ndarray | None:
        if value not in known:
            known[value] = None
            node = self.nodes.get(value.node)
            if node is not None and node.op == "Const":
                known[value] = node.attrs["value"]
            elif node is not None and node.op in NUMPY_OPS and node.inputs:
                inputs = [self._tried(source, known) for source in node.inputs]
                # Arithmetic of the ids needs them in one dtype, whichever theirs is.
                if all(x is not None for x in inputs):
                    given = [x for x in inputs if x is not None]
                    common = np.result_type(*given) if node.op not in ("Select", "SelectV2", "Cast") else None
                    known[value] = folded(node, given if common is None else [x.astype(common) for x in given])
        return known[value]

    def replacements(self, function: Function) -> dict[str, list[Node]]:
        """New nodes for those that end the lookup, by name."""
        base, origin = f"{self.stitch.name}/whole", self.stitch.origin

        def node(name: str, op: str, *inputs: Value, **attrs: object) -> Node:
            return Node(f"{base}/{name}", op, inputs, attrs, origin)

        dtype = self.handle.attrs.get("dtype", "float32")
        attrs = {key: value for key, value in self.handle.attrs.items() if key not in ("_part", "shape")}
        weight = [
            node("handle", "VarHandleOp", **attrs, shape=None),
            node("read", "ReadVariableOp", Value(f"{base}/handle"), dtype=dtype),
            node("axis", "Const", value=np.array(0, np.int32)),
        ]
        sources = (Value(f"{base}/read"), Value(f"{base}/axis"))
        if not self._straight():
            return {self.stitch.name: [*weight, *self._places(base), self._gather(self.stitch.name, *sources, base)]}
        found = {self.stitch.name: [*weight, self._row_gather(self.stitch.name, sources, self.ids)]}
        shaped = _reshaped(self.ids, self.nodes)
        if shaped is None:
            return found
        for other in function.nodes:
            # Rows of flat ids are given the ids' own shape afterwards: look up the ids as they are.
            of_rows = other.op == "Reshape" and other.inputs[0] == Value(self.stitch.name)
            if of_rows and _is_shape_of(other.inputs[1], shaped, self.nodes):
                found[other.name] = [self._row_gather(other.name, sources, shaped)]
        return found

    def _row_gather(self, name: str, sources: tuple[Value, Value], ids: Value) -> Node:
        return Node(name, "GatherV2", (sources[0], ids, sources[1]), {"batch_dims": 0}, self.stitch.origin)

    def _places(self, base: str) -> list[Node]:
        """The rows' places in the weight: where their parts start, plus their places in those."""
        origin = self.stitch.origin
        which = Value(f"{base}/start")
        return [
            Node(f"{base}/starts", "Const", (), {"value": self.starts}, origin),
            Node(f"{base}/start", "GatherV2", (Value(f"{base}/starts"), self.which, Value(f"{base}/axis")), {}, origin),
            Node(f"{base}/inner", "Cast", (self.places,), {"DstT": "int64", "SrcT": "int64"}, origin),
            Node(f"{base}/place", "AddV2", (which, Value(f"{base}/inner")), {"T": "int64"}, origin),
        ]

    def _gather(self, name: str, weight: Value, axis: Value, base: str) -> Node:
        return Node(name, "GatherV2", (weight, Value(f"{base}/place"), axis), {"batch_dims": 0}, self.stitch.origin)


def _source(value: Value, nodes: Mapping[str, Node]) -> Value:
    while (node := nodes.get(value.node)) is not None and node.op == "Identity":
        value = node.inputs[0]
    return value


def _is_zero(value: Value, nodes: Mapping[str, Node]) -> bool:
    node = nodes.get(value.node)
    return node is not None and node.op == "Const" and not np.any(node.attrs["value"])


def _partition(values: Sequence[Value], nodes: Mapping[str, Node]) -> Node | None:
    """The DynamicPartition whose outputs `values` are, all of them in order."""
    sources = [_source(value, nodes) for value in values]
    node = nodes.get(sources[0].node) if sources else None
    if node is None or node.op != "DynamicPartition" or node.attrs.get("num_partitions") != len(sources):
        return None
    return node if sources == [Value(node.name, i) for i in range(len(sources))] else None


def _handle(value: Value, nodes: Mapping[str, Node]) -> Node | None:
    node = nodes.get(_source(value, nodes).node)
    if node is not None and node.op == "ReadVariableOp":
        node = nodes.get(_source(node.inputs[0], nodes).node)
    return node if node is not None and node.op == "VarHandleOp" else None


def _counted(value: Value, nodes: Mapping[str, Node]) -> Value | None:
    """The flat tensor whose elements `value`, 0, 1, 2, …, counts."""
    node = nodes.get(value.node)
    while node is not None and node.op in _SAME:
        node = nodes.get(node.inputs[0].node)
    if node is None or node.op != "Range" or not _is_zero(node.inputs[0], nodes):
        return None
    size = nodes.get(node.inputs[1].node)
    while size is not None and size.op in _SAME:
        size = nodes.get(size.inputs[0].node)
    return size.inputs[0] if size is not None and size.op == "Size" else None


def _reshaped(value: Value, nodes: Mapping[str, Node]) -> Value | None:
    node = nodes.get(value.node)
    return node.inputs[0] if node is not None and node.op == "Reshape" else None


def _is_shape_of(value: Value, ids: Value, nodes: Mapping[str, Node]) -> bool:
    """Whether `value` is the shape of `ids` with further dimensions behind it."""
    node = nodes.get(value.node)
    if node is None or node.op != "ConcatV2":
        return False
    first = nodes.get(node.inputs[0].node)
    return first is not None and first.op == "Shape" and first.inputs[0] == ids
