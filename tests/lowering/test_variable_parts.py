"""Shapes, elements and slices of variables."""

from __future__ import annotations

import numpy as np
import pytest

from lowering.case import floats
from lowering.test_variables import constant, handle, node, run

VALUE = floats(4, 5, seed=3)


def test_a_variables_shape_is_known():
    (shape,), after = run([handle(), node("shape", "VariableShape", "v", out_type="int64")], ["shape"], VALUE)
    assert shape.tolist() == [4, 5] and shape.dtype == np.int64
    np.testing.assert_array_equal(after, VALUE)


@pytest.mark.parametrize("compile", [False, True])
def test_elements_of_a_variable(compile):
    indices = np.int32([[[0, 1], [3, 4]]])
    nodes = [handle(), constant("i", indices), node("found", "ResourceGatherNd", "v", "i", dtype="float32")]
    (found,), _ = run(nodes, ["found"], VALUE, compile)
    np.testing.assert_array_equal(found, VALUE[[0, 3], [1, 4]][None])


@pytest.mark.parametrize("compile", [False, True])
def test_a_slice_of_a_variable_is_assigned(compile):
    new = floats(2, 3, seed=4)
    nodes = [
        handle(),
        constant("begin", np.int32([1, 0])),
        constant("end", np.int32([3, 0])),
        constant("strides", np.int32([1, 2])),
        constant("new", new),
        node("assign", "ResourceStridedSliceAssign", "v", "begin", "end", "strides", "new", end_mask=2, begin_mask=2),
    ]
    nodes.append(node("read", "ReadVariableOp", "v", dtype="float32"))
    _, after = run(nodes, ["read"], VALUE, compile)
    expected = VALUE.copy()
    expected[1:3, ::2] = new
    np.testing.assert_array_equal(after, expected)
