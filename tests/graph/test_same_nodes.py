"""Nodes that compute the same are one node, and the outputs stay what they were."""

from __future__ import annotations

import numpy as np
from graph.test_text_idioms import Builder, run

from hublayer.graph.ir import Value
from hublayer.graph.passes.same_nodes import merge_same_nodes
from hublayer.host.string_tensor import StringTensor


def test_shapes_that_are_asked_for_twice_are_found_once():
    b = Builder("x", "y")
    x, y = Value("x"), Value("y")
    sizes = [
        b.add("StridedSlice", b.add("Shape", value, out_type="int64"), [0], [1], [1], shrink_axis_mask=1)
        for value in (x, b.add("Identity", x), y, x)
    ]
    total = b.add("AddV2", b.add("Mul", sizes[0], sizes[1]), b.add("Sub", sizes[2], sizes[3]))
    function = b.function(total, b.add("Identity", total))
    merged = merge_same_nodes(function)
    ops = [node.op for node in merged.nodes]
    assert [ops.count(op) for op in ("Shape", "StridedSlice", "Identity", "Const")] == [2, 2, 0, 2]
    assert merged.outputs[0] == merged.outputs[1]
    strings = StringTensor.from_list([b"a", b"b", b"c"])
    for arguments in ((np.zeros((3, 2)), np.zeros(5)), (strings, np.zeros(5))):
        assert run(merged, *arguments) == run(function, *arguments) == [((), np.dtype(np.int64), 11)] * 2


def test_constants_of_another_dtype_or_shape_are_others():
    b = Builder()
    values = [np.array(1, np.int32), np.array(1, np.int64), np.array([1], np.int64), np.array(1, np.int32)]
    values.append(np.array(b"1", object))
    function = b.function(*map(b.constant, values))
    merged = merge_same_nodes(function)
    assert len(merged.nodes) == 4
    assert run(merged) == run(function)


def test_what_is_not_a_function_of_its_inputs_stays():
    b = Builder("words")
    outputs = [b.add("RandomUniform", [3], dtype="float32", seed=0, seed2=0) for _ in range(2)]
    outputs += [b.add("AsString", Value("words")) for _ in range(2)]
    assert len(merge_same_nodes(b.function(*outputs)).nodes) == 5  # one of the two constants goes


def test_a_large_constant_is_not_compared():
    b = Builder()
    function = b.function(*(b.constant(np.zeros(65)) for _ in range(2)))
    assert len(merge_same_nodes(function).nodes) == 2
