"""Shorten what TensorFlow's Python functions write for text: one node where they write five or fifteen.

tf.strings.split, RaggedTensor.from_value_rowids, to_sparse, tables with out-of-vocabulary buckets, tf.boolean_mask and
safe_embedding_lookup_sparse are functions of Python, and a SavedModel holds their many small ops. On the host each op
costs more than its work when a batch is small. Values stay the same, and so do the errors of what is left.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from hublayer.graph.ir import Function, Node, Value
from hublayer.graph.passes.dead_code import drop_dead_code
from hublayer.ops.traits import changes_table

KEEP_ROWS = "hublayer>KeepRows"
ROW_SPLITS = "hublayer>RowSplits"
VOCABULARY_LOOKUP = "hublayer>VocabularyLookup"

SPLITS = frozenset({"StringSplit", "StringSplitV2"})
_SAME = frozenset({"Cast", "Identity"})


def shorten_text_idioms(function: Function) -> Function:
    """`function` with the idioms above as single nodes, and without the nodes that are not needed any more."""
    return drop_dead_code(_Rewriting(function).result())


class _Rewriting:
    def __init__(self, function: Function):
        self._function = function
        self._nodes: dict[str, Node] = {}  # as rewritten so far
        self._same: dict[Value, Value] = {}  # values that another one stands for
        self._changes_tables = any(changes_table(node.op) for node in function.nodes)

    def result(self) -> Function:
        rules = (self._absorbed, self._row_splits, self._sparse_again, self._same_shape, self._vocabulary, self._kept)
        for node in self._function.nodes:
            node = replace(node, inputs=tuple(self._same.get(value, value) for value in node.inputs))
            for rule in rules:
                node = rule(node) or node
            self._nodes[node.name] = node
        outputs = tuple(self._same.get(value, value) for value in self._function.outputs)
        return replace(self._function, nodes=tuple(self._nodes.values()), outputs=outputs)

    def _of(self, value: Value, *ops: str) -> Node | None:
        """The node whose first output `value` is, if it is one of `ops`."""
        node = self._nodes.get(value.node)
        return node if node is not None and node.op in ops and value.index == 0 else None

    def _constant(self, value: Value) -> np.ndarray | None:
        return _constant(value, self._nodes)

    def _is(self, value: Value, *numbers: int) -> bool:
        return _is(value, self._nodes, *numbers)

    def _behind(self, value: Value) -> Value:
        """`value` without casts between integers, and without reshaping a vector to a vector."""
        while (node := self._nodes.get(value.node)) is not None and value.index == 0:
            to_vector = node.op == "Reshape" and self._is(node.inputs[1], -1)
            if node.op not in _SAME and not to_vector:
                break
            value = node.inputs[0]
        return value

    def _absorbed(self, node: Node) -> Node | None:
        """min(a, max(a, scalar)) is a: tf.math.bincount with both lengths the same."""
        if node.op != "Minimum":
            return None
        limit, other = node.inputs
        largest = self._of(other, "Maximum")
        if largest is None or largest.inputs[0] != limit:
            return None
        product = self._of(largest.inputs[1], "Mul")
        positive = product and self._of(product.inputs[0], "Cast")
        greater = positive and self._of(positive.inputs[0], "Greater")
        if greater and self._of(greater.inputs[0], "Size"):  # so it is a scalar, whatever the limit is
            self._same[Value(node.name)] = limit
        return None

    def _row_splits(self, node: Node) -> Node | None:
        """[0, *cumsum(bincount(rows, size))]: how RaggedTensor.from_value_rowids makes row splits."""
        if node.op != "ConcatV2" or len(node.inputs) != 3 or not self._is(node.inputs[2], 0):
            return None
        total = self._of(node.inputs[1], "Cumsum")
        start = self._constant(node.inputs[0])
        if total is None or start is None or start.shape != (1,) or int(start[0]) != 0:
            return None
        if total.attrs.get("exclusive") or total.attrs.get("reverse") or not self._is(total.inputs[1], 0):
            return None
        counted = self._of(total.inputs[0], "DenseBincount")
        weights = counted and self._constant(counted.inputs[2])
        if counted is None or weights is None or weights.size or counted.attrs.get("binary_output"):
            return None
        rows = self._of(counted.inputs[0], "Reshape")
        if rows is None or not self._is(rows.inputs[1], -1):
            return None
        attrs = {"dtype": str(start.dtype)}
        return Node(node.name, ROW_SPLITS, (counted.inputs[0], counted.inputs[1]), attrs, node.origin)

    def _sparse_again(self, node: Node) -> Node | None:
        """tf.strings.split(...).to_sparse() is what the split itself returned."""
        if node.op != "RaggedTensorToSparse" or len(node.inputs) != 2:
            return None
        split = self._nodes.get(node.inputs[1].node)
        splits = self._of(node.inputs[0], ROW_SPLITS)
        if split is None or split.op not in SPLITS or node.inputs[1].index != 1 or splits is None:
            return None
        rows, size = self._behind(splits.inputs[0]), self._behind(splits.inputs[1])
        sliced = self._of(rows, "StridedSlice")
        if sliced is None or not is_first_column(sliced, Value(split.name), self._nodes):
            return None
        if self._is_element(size, Value(split.name, 2)):
            self._same |= {Value(node.name, index): Value(split.name, index) for index in range(3)}
        return None

    def _is_element(self, value: Value, shape: Value) -> bool:
        """Whether `value` is shape[0]."""
        node = self._of(value, "StridedSlice")
        return (
            node is not None
            and node.inputs[0] == shape
            and self._is(node.inputs[1], 0)
            and self._is(node.inputs[2], 1)
            and self._is(node.inputs[3], 1)
            and _masks(node) == (0, 0, 0, 0, 1)
        )

    def _same_shape(self, node: Node) -> Node | None:
        """A sparse matrix reshaped to [product of the shape up to the last dimension, the last] stays what it is."""
        if node.op != "SparseReshape":
            return None
        indices, shape, wanted = node.inputs
        split = self._nodes.get(indices.node)
        if split is None or split.op not in SPLITS or (indices, shape) != (Value(split.name, 0), Value(split.name, 2)):
            return None
        pack = self._of(wanted, "Pack")
        if pack is None or len(pack.inputs) != 2:
            return None
        product, last = self._of(pack.inputs[0], "Prod"), self._of(pack.inputs[1], "GatherV2")
        leading = product and self._of(product.inputs[0], "Slice")
        if (
            leading is not None
            and last is not None
            and leading.inputs[0] == shape
            and self._is(leading.inputs[1], 0)
            and self._is(leading.inputs[2], 1)
            and last.inputs[0] == shape
            and self._is(last.inputs[1], 1)
            and not last.attrs.get("batch_dims")
        ):
            self._same |= {Value(node.name, 0): indices, Value(node.name, 1): shape}
        return None

    def _vocabulary(self, node: Node) -> Node | None:
        """A table with out-of-vocabulary buckets: only words that the table does not have need a hash."""
        if node.op not in ("SelectV2", "Select"):
            return None
        known, found, bucket = node.inputs
        differs = self._of(known, "NotEqual")
        lookup = self._of(found, "LookupTableFindV2", "LookupTableFind")
        added = self._of(bucket, "AddV2", "Add")
        if differs is None or lookup is None or added is None or differs.inputs != (found, lookup.inputs[2]):
            return None
        hashed = self._of(added.inputs[0], "StringToHashBucketFast", "StringToHashBucketStrong")
        size = self._of(added.inputs[1], "LookupTableSizeV2", "LookupTableSize")
        table, keys, default = lookup.inputs
        if hashed is None or size is None or hashed.inputs[0] != keys or size.inputs[0] != table:
            return None
        if self._changes_tables:
            return None
        attrs = {"num_buckets": hashed.attrs["num_buckets"], "key": hashed.attrs.get("key")}
        return Node(node.name, VOCABULARY_LOOKUP, (table, keys, default), attrs, node.origin)

    def _kept(self, node: Node) -> Node | None:
        """tf.boolean_mask: rows gathered where a vector is true."""
        if node.op != "GatherV2" or node.attrs.get("batch_dims") or not self._is(node.inputs[2], 0):
            return None
        places = self._of(node.inputs[1], "Reshape", "Squeeze")
        if places is None or not self._picks_a_vector(places):
            return None
        where = self._of(places.inputs[0], "Where")
        if where is None:
            return None
        return Node(node.name, KEEP_ROWS, (node.inputs[0], where.inputs[0]), {}, node.origin)

    def _picks_a_vector(self, node: Node) -> bool:
        if node.op == "Reshape":
            return self._is(node.inputs[1], -1)
        return list(node.attrs.get("squeeze_dims") or ()) in ([1], [-1])


def _constant(value: Value, nodes: Mapping[str, Node]) -> np.ndarray | None:
    node = nodes.get(value.node)
    return node.attrs["value"] if node is not None and node.op == "Const" else None


def _is(value: Value, nodes: Mapping[str, Node], *numbers: int) -> bool:
    """Whether `value` is the constant vector, or the scalar, of these numbers."""
    array = _constant(value, nodes)
    return array is not None and array.dtype.kind in "iu" and array.ravel().tolist() == list(numbers)


def is_first_column(node: Node, indices: Value, nodes: Mapping[str, Node]) -> bool:
    """Whether a StridedSlice is indices[:, 0]. nodes: those before it, by name."""
    return (
        node.inputs[0] == indices
        and _is(node.inputs[1], nodes, 0, 0)
        and _is(node.inputs[2], nodes, 0, 1)
        and _is(node.inputs[3], nodes, 1, 1)
        and _masks(node) == (1, 1, 0, 0, 2)
    )


def _masks(node: Node) -> tuple[int, ...]:
    return tuple(_number(node, name) for name in _MASKS)


_MASKS = ("begin_mask", "end_mask", "ellipsis_mask", "new_axis_mask", "shrink_axis_mask")


def _number(node: Node, name: str) -> int:
    return int(node.attrs.get(name) or 0)
