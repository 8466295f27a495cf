"""The cut between host and device, shown before and after, and what cannot be cut."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import pytest

from hublayer.errors import UnsupportedOpsError
from hublayer.graph.ir import Function, FunctionName, Node, Parameter, Value
from hublayer.graph.partition import Partition, partition
from hublayer.graph.passes.unique_lookups import look_up_every_token
from hublayer.graph.token_rows import lay_out_rows
from hublayer.host.registry import runs_on_host

ON_DEVICE = frozenset(
    {"ArgMax", "Cast", "GatherV2", "Identity", "MatMul", "Mul", "ReadVariableOp", "ResourceGather", "Reshape", "Shape"}
    | {"SparseSegmentMean", "StridedSlice", "Where", "Unique", "NotEqual"}
)
TEXT = Parameter("text", "string")
WEIGHT = Parameter("weight", "resource")


def node(name: str, op: str, *inputs: str, **attrs: object) -> Node:
    values = [Value(i.split(":")[0], int(i.split(":")[1]) if ":" in i else 0) for i in inputs]
    return Node(name, op, tuple(values), attrs, "f")


def const(name: str, value: object) -> Node:
    return node(name, "Const", value=np.asarray(value))


def function(nodes: Iterable[Node], *outputs: str, parameters: tuple[Parameter, ...] = (TEXT, WEIGHT)) -> Function:
    values = [Value(o.split(":")[0], int(o.split(":")[1]) if ":" in o else 0) for o in outputs]
    return Function("f", parameters, tuple(nodes), tuple(values))


def cut(entry: Function) -> Partition:
    found = partition(entry, {}, runs_on_host, lambda op: op in ON_DEVICE)
    assert found is not None
    return found


def ops(entry: Function | None) -> list[str]:
    return [] if entry is None else [n.op for n in entry.nodes if n.op != "Const"]


HASHED = node("ids", "StringToHashBucketFast", "text", num_buckets=10)
LOOKUP = node("rows", "ResourceGather", "weight", "ids", dtype="float32", Tindices="int64")


def test_strings_stay_on_the_host_and_weights_on_the_device():
    found = cut(function([HASHED, LOOKUP], "rows"))
    assert ops(found.before) == ["StringToHashBucketFast"]
    assert ops(found.device) == ["ResourceGather"]
    assert [p.name for p in found.device.parameters] == ["weight", "ids/crossing_0"]
    assert found.after is None
    assert found.outputs == (("device", 0),)


def test_a_graph_without_strings_is_not_cut():
    entry = function([node("y", "Mul", "x", "x", T="float32")], "y", parameters=(Parameter("x", "float32"),))
    assert partition(entry, {}, runs_on_host, lambda op: True) is None


def test_integers_and_dynamic_shapes_that_follow_from_strings_stay_on_the_host():
    zero = const("zero", np.int64(0))
    mask = node("mask", "NotEqual", "ids", "zero", T="int64")
    where = node("where", "Where", "mask", T="bool")
    found = cut(function([HASHED, zero, mask, where, LOOKUP], "rows", "where"))
    assert ops(found.before) == ["StringToHashBucketFast", "NotEqual", "Where"]
    assert ops(found.device) == ["ResourceGather"]
    assert [kind for kind, _ in found.outputs] == ["device", "before"]


def test_checks_that_no_output_needs_stay_on_the_host():
    shape = node("shape", "Shape", "ids", T="int64", out_type="int32")
    check = node("check", "StatefulPartitionedCall", "shape", f=FunctionName("g"), Tin=["int32"], Tout=["bool"])
    found = partition(
        function([HASHED, shape, check, LOOKUP], "rows"),
        {"g": function([], "x", parameters=(Parameter("x", "int32"),))},
        runs_on_host,
        lambda op: op in ON_DEVICE,
    )
    assert found is not None
    assert ops(found.device) == ["ResourceGather"]


def test_number_inputs_that_a_string_needs_go_to_the_host():
    text = node("text", "AsString", "n", T="int64")
    entry = function([text, HASHED, LOOKUP], "rows", parameters=(Parameter("n", "int64"), WEIGHT))
    assert ops(cut(entry).before) == ["AsString", "StringToHashBucketFast"]


def test_labels_follow_on_the_host_after_the_weights():
    labels = const("labels", np.array([b"cat", b"dog"], object))
    axis = const("axis", np.int32(0))
    best = node("best", "ArgMax", "rows", "axis", T="float32", Tidx="int32")
    names = node("names", "GatherV2", "labels", "best", "axis", Tparams="string", Tindices="int64", Taxis="int32")
    found = cut(function([HASHED, LOOKUP, labels, axis, best, names], "names", "rows"))
    assert ops(found.device) == ["ResourceGather", "ArgMax"]
    assert ops(found.after) == ["GatherV2"]
    assert [kind for kind, _ in found.outputs] == ["after", "device"]


def test_weights_that_depend_on_strings_that_depend_on_weights_are_refused_by_name():
    words = node("words", "AsString", "rows", T="float32")
    again = node("again", "StringToHashBucketFast", "words", num_buckets=3)
    second = node("second", "ResourceGather", "weight", "again", dtype="float32", Tindices="int64")
    with pytest.raises(UnsupportedOpsError, match=r"ResourceGather .*node second.*follows from strings that depend"):
        cut(function([HASHED, LOOKUP, words, again, second], "second"))


def sparse_lookup() -> Function:
    """tf.nn.embedding_lookup_sparse over hashed words."""
    return function(
        [
            HASHED,
            node("unique", "Unique", "ids", T="int64", out_idx="int32"),
            node("rows", "ResourceGather", "weight", "unique", dtype="float32", Tindices="int64"),
            node("same", "Identity", "rows", T="float32"),
            node("lengths", "StringToHashBucketFast", "text", num_buckets=4),
            node("mean", "SparseSegmentMean", "same", "unique:1", "lengths", T="float32"),
        ],
        "mean",
    )


def test_every_token_is_looked_up_instead_of_every_distinct_one():
    before, after = sparse_lookup(), look_up_every_token(sparse_lookup())
    assert "SparseSegmentMean" in ops(before)
    assert ops(after)[-3:] == ["Identity", "StringToHashBucketFast", "hublayer>SegmentCombine"]
    gather = next(n for n in after.nodes if n.op == "ResourceGather")
    assert gather.inputs[1] == Value("ids")


def test_distinct_rows_that_something_else_uses_stay():
    entry = sparse_lookup()
    entry = function(entry.nodes, "mean", "same")
    assert look_up_every_token(entry) is entry


def test_tokens_are_laid_out_in_rows_up_to_their_combiner():
    laid = lay_out_rows(cut(look_up_every_token(sparse_lookup())))
    assert ops(laid.device) == ["ReadVariableOp", "hublayer>LookUpRows"]
    assert {kind for kind, _ in laid.arguments} == {"tokens", "lengths"}
    (group,) = laid.groups
    assert len(group.tokens) == 1
    assert group.rows is None


def test_padding_that_would_be_seen_is_not_made():
    entry = look_up_every_token(sparse_lookup())
    laid = lay_out_rows(cut(function(entry.nodes, "mean", "rows")))
    assert laid.groups == ()
