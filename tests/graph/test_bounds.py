"""Where bounds tell which of two whole numbers is the smaller or larger, it stands there itself."""

from __future__ import annotations

import numpy as np
import pytest
from graph.test_text_idioms import Builder, run

from hublayer.graph.ir import Node, Value
from hublayer.graph.passes.bounds import choose_by_bounds
from hublayer.graph.passes.fold import fold_constants

X = np.array([3, -2, 90], np.int32)


def clipped(first: str, second: str, inner, outer, swap: bool = False, **attrs):
    """first(second(x, inner), outer), and the function after the pass."""
    b = Builder("x")
    bound = lambda value: b.constant(np.asarray(value, np.int32))  # noqa: E731
    between = b.add(second, *((bound(inner), Value("x")) if swap else (Value("x"), bound(inner))), T="int32")
    result = b.add(first, *((bound(outer), between) if swap else (between, bound(outer))), T="int32", **attrs)
    function = b.function(result)
    return function, fold_constants(choose_by_bounds(function))


def ops(function) -> list[str]:
    needed = {value.node for value in function.outputs}
    for node in reversed(function.nodes):
        if node.name in needed:
            needed |= {value.node for value in node.inputs}
    return [node.op for node in function.nodes if node.name in needed]


@pytest.mark.parametrize("swap", [False, True])
@pytest.mark.parametrize(("first", "second"), [("Minimum", "Maximum"), ("Maximum", "Minimum")])
def test_a_size_between_two_equal_bounds_is_known(first, second, swap):
    function, chosen = clipped(first, second, 5, 5, swap, _output_shapes=[()])
    assert ops(chosen) == ["Const"]
    assert run(chosen, np.int32(7)) == run(function, np.array(7, np.int32)) == [((), np.dtype(np.int32), 5)]


@pytest.mark.parametrize(("inner", "outer"), [(5, 5), (7, 5), ([4, 5, 6], [4, 5, 6])])
def test_of_a_vector_the_shape_is_kept(inner, outer):
    function, chosen = clipped("Minimum", "Maximum", inner, outer)
    assert "Minimum" not in ops(chosen)
    assert run(chosen, X) == run(function, X)


@pytest.mark.parametrize(("inner", "outer"), [(4, 5), (-1, 5)])
def test_what_depends_on_the_value_stays(inner, outer):
    function, chosen = clipped("Minimum", "Maximum", inner, outer)
    assert "Minimum" in ops(chosen)
    assert run(chosen, X) == run(function, X)


def test_floats_stay_for_they_may_be_no_number():
    b = Builder("x")
    five = b.constant(np.float32(5))
    function = b.function(b.add("Minimum", b.add("Maximum", Value("x"), five, T="float32"), five, T="float32"))
    assert choose_by_bounds(function).nodes == function.nodes


def test_a_size_is_not_negative_and_a_truth_value_at_most_one():
    b = Builder("x")
    size = b.add("Size", Value("x"), T="int32", out_type="int32")
    truth = b.add("Cast", b.add("Greater", Value("x"), b.constant(X)), SrcT="bool", DstT="int32")
    function = b.function(
        b.add("Maximum", size, b.constant(np.int32(0)), T="int32"),
        b.add("Minimum", b.constant(np.int32(1)), truth, T="int32"),
    )
    chosen = choose_by_bounds(function)
    assert {"Maximum", "Minimum"}.isdisjoint(ops(chosen))
    assert run(chosen, X + 1) == run(function, X + 1)


def test_a_bound_that_the_model_computes_is_the_result_as_well():
    """min(n, max(n, x)) of a table's size n, as of any other."""
    b = Builder("x", "n")
    inner = b.add("Maximum", Value("x"), b.add("Identity", Value("n"), T="int32"), T="int32")
    nodes = b.function(b.add("Minimum", Value("n"), inner, T="int32"))
    chosen = choose_by_bounds(nodes)
    assert "Minimum" not in ops(chosen)
    assert run(chosen, X, np.full(3, 5, np.int32)) == run(nodes, X, np.full(3, 5, np.int32))


def test_a_cast_that_does_not_hold_the_number_is_no_bound():
    b = Builder("x")
    narrow = b.add("Cast", b.constant(np.int32(300)), SrcT="int32", DstT="int8")
    function = b.function(b.add("Minimum", narrow, b.constant(np.int8(100)), T="int8"))
    assert [node for node in choose_by_bounds(function).nodes if isinstance(node, Node) and node.op == "Minimum"]
