"""Slices whose start is computed: what the pass notes, and that a compiled program can run them then."""

from __future__ import annotations

import keras
import numpy as np
import pytest
from lowering.backends import compiled, to_numpy, to_tensor

from hublayer.graph.ir import Function, Node, Parameter, Value
from hublayer.graph.passes.moving_slices import note_moving_slices
from hublayer.lowering.execute import Executable, Run

X = np.arange(60, dtype="float32").reshape(3, 4, 5)


def const(name: str, value: object) -> Node:
    return Node(name, "Const", (), {"value": np.array(value, np.int32)})


def pack(name: str, *inputs: str) -> Node:
    return Node(name, "Pack", tuple(Value(item) for item in inputs), {"N": len(inputs), "axis": 0})


def function(*nodes: Node) -> Function:
    numbers = [const(name, value) for name, value in (("zero", 0), ("one", 1), ("three", 3))]
    parameters = (Parameter("x", "float32"), Parameter("i", "int32"))
    return note_moving_slices(Function("f", parameters, (*numbers, *nodes), (Value("out"),)))


def strided(begin: tuple[str, ...], end: tuple[str, ...], **masks: int) -> Function:
    later = Node("later", "AddV2", (Value("i"), Value("three")))
    inputs = tuple(Value(name) for name in ("x", "begin", "end", "strides"))
    return function(
        later,
        Node("same", "Identity", (Value("i"),)),
        pack("begin", *begin),
        pack("end", *end),
        const("strides", [1] * len(begin)),
        Node("out", "StridedSlice", inputs, masks, "f"),
    )


def run(f: Function, i: int, compile_it: bool) -> np.ndarray:
    executable = Executable(f, keras.config.backend())

    def call(given):
        return executable(Run({}, lambda name: executable), given)

    return to_numpy((compiled(call) if compile_it else call)([to_tensor(X), to_tensor(np.int32(i))])[0])


@pytest.mark.parametrize("compile_it", [False, True])
def test_a_slice_of_a_moving_start_and_a_known_length(compile_it):
    f = strided(("zero", "same", "one"), ("one", "later", "three"), end_mask=1)
    assert f.nodes[-1].attrs["_begin"] == (0, None, 1)
    assert f.nodes[-1].attrs["_sizes"] == (1, 3, 2)
    np.testing.assert_array_equal(run(f, 1, compile_it), X[0:, 1:4, 1:3])


@pytest.mark.parametrize("compile_it", [False, True])
def test_moving_starts_beside_masks_and_an_index(compile_it):
    f = strided(("i", "i", "i"), ("zero", "later", "zero"), begin_mask=1, end_mask=1, shrink_axis_mask=4)
    np.testing.assert_array_equal(run(f, 1, compile_it), X[:, 1:4, 1])


@pytest.mark.parametrize("compile_it", [False, True])
def test_slice_to_the_end_from_a_known_start(compile_it):
    slice_ = Node("out", "Slice", (Value("x"), Value("begin"), Value("size")), {}, "f")
    f = function(pack("begin", "one", "i", "zero"), const("size", [-1, 1, -1]), slice_)
    np.testing.assert_array_equal(run(f, 2, compile_it), X[1:, 2:3, :])


def test_an_end_that_moves_against_the_start_is_not_noted():
    assert strided(("i",), ("zero",)).nodes[-1].attrs["_sizes"] == (None,)
    assert strided(("later",), ("i",)).nodes[-1].attrs["_sizes"] == (None,)
