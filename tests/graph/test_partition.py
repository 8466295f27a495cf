"""The cut between host and device, shown before and after, and what cannot be cut."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import pytest

from hublayer.errors import UnsupportedOpsError
from hublayer.graph.ir import Function, FunctionName, Node, Parameter, Value
from hublayer.graph.partition import partition
from hublayer.graph.parts import Partition
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


def test_a_constant_string_is_returned_by_the_host():
    entry = function([const("label", np.array(b"v1", object)), const("two", np.float32(2))], "label", "two")
    found = cut(entry)
    assert (ops(found.before), ops(found.device)) == ([], [])
    numbers = function([const("two", np.float32(2))], "two", parameters=())
    assert partition(numbers, {}, runs_on_host, lambda op: op in ON_DEVICE) is None


def test_strings_stay_on_the_host_and_weights_on_the_device():
    found = cut(function([HASHED, LOOKUP], "rows"))
    assert ops(found.before) == ["StringToHashBucketFast"]
    assert ops(found.device) == ["ResourceGather"]
    assert [p.name for p in found.device.parameters] == ["weight", "ids/crossing_0"]
    assert found.later == ()
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
    assert [ops(part.function) for part in found.later] == [["GatherV2"]]
    assert [kind for kind, _ in found.outputs] == [0, "device"]


def test_weights_that_depend_on_strings_that_depend_on_weights_are_a_second_part_of_the_device():
    words = node("words", "AsString", "rows", T="float32")
    again = node("again", "StringToHashBucketFast", "words", num_buckets=3)
    second = node("second", "ResourceGather", "weight", "again", dtype="float32", Tindices="int64")
    found = cut(function([HASHED, LOOKUP, words, again, second], "second", "words"))
    assert ops(found.device) == ["ResourceGather"]
    assert [(part.on_host, ops(part.function)) for part in found.later] == [
        (True, ["AsString", "StringToHashBucketFast"]),
        (False, ["ResourceGather"]),
    ]
    assert [p.name for p in found.later[1].function.parameters] == ["weight", "again/crossing_0"]
    assert found.outputs == ((1, 0), (0, 1))


def test_a_string_of_what_only_the_device_computes_follows_it():
    waves = node("waves", "FFT", "x", Tcomplex="complex64")
    entry = function([waves, node("said", "AsString", "waves", T="complex64")], "said",
                     parameters=(Parameter("x", "complex64"),))  # fmt: skip
    found = partition(entry, {}, runs_on_host, lambda op: True)
    assert found is not None
    assert found.before is None
    assert (ops(found.device), [ops(part.function) for part in found.later]) == (["FFT"], [["AsString"]])


def test_a_string_op_that_the_host_lacks_is_refused_by_name():
    odd = node("odd", "StringLower", "text")
    entry = function([odd, node("n", "StringToNumber", "odd", out_type="float32")], "n")
    with pytest.raises(UnsupportedOpsError, match=r"StringLower .*node odd: strings, tables .* need it before"):
        partition(entry, {}, lambda op: op != "StringLower" and runs_on_host(op), lambda op: False)


LIST = {"element_dtype": "float32", "shape_type": "int32"}
LOOP = {"cond": FunctionName("more"), "body": FunctionName("body"), "T": ["variant", "string"]}
BODY = function([node("number", "StringToNumber", "text", out_type="float32")], "list", "text",
                parameters=(Parameter("list", "variant"), TEXT))  # fmt: skip
MORE = function([const("yes", True)], "yes", parameters=(Parameter("list", "variant"), TEXT))


def cut_loop(nodes: Iterable[Node], *outputs: str) -> Partition:
    found = partition(
        function([const("shape", np.int32(-1)), const("size", np.int32(3)), *nodes], *outputs),
        {"body": BODY, "more": MORE},
        runs_on_host,
        lambda op: op in ON_DEVICE or op.startswith("TensorList"),
    )
    assert found is not None
    return found


def test_a_list_that_a_loop_over_strings_makes_is_stacked_on_the_host():
    reserve = node("reserve", "TensorListReserve", "shape", "size", **LIST)
    loop = node("loop", "While", "reserve", "text", **LOOP)
    stack = node("stack", "TensorListStack", "loop", "shape", element_dtype="float32")
    found = cut_loop([reserve, loop, stack, node("y", "Mul", "stack", "stack", T="float32")], "y")
    assert ops(found.before) == ["TensorListReserve", "While", "TensorListStack"]
    assert ops(found.device) == ["Mul"]


def test_a_list_of_results_is_made_where_the_loop_over_strings_runs():
    read = node("read", "ReadVariableOp", "weight", dtype="float32")
    listed = node("listed", "TensorListFromTensor", "read", "shape", **LIST)
    loop = node("loop", "While", "listed", "text", **LOOP)
    stack = node("stack", "TensorListStack", "loop", "shape", element_dtype="float32")
    found = cut_loop([read, listed, loop, stack], "stack", "loop:1")
    assert ops(found.device) == ["ReadVariableOp"]
    assert [ops(part.function) for part in found.later] == [["TensorListFromTensor", "While", "TensorListStack"]]


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
