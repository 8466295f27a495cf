"""Optionals, in one function and out of branches, one of which leaves the value out."""

from __future__ import annotations

import numpy as np
import pytest

from hublayer.errors import ExecutionError
from hublayer.graph.ir import Function, FunctionName, Graph, Node, Parameter, Value
from hublayer.runtime.device_part import DevicePart
from lowering.backends import BACKEND, to_numpy, to_tensor

PAIR = ["float32", "int32"]
SHAPES = [(2,), ()]


def node(name: str, op: str, *inputs: str, **attrs: object) -> Node:
    return Node(name, op, tuple(Value(*_parted(each)) for each in inputs), attrs, "f")


def _parted(text: str) -> tuple[str, int]:
    name, _, index = text.partition(":")
    return name, int(index or 0)


def function(name: str, parameters: list[str], nodes: list[Node], *outputs: str) -> Function:
    given = tuple(Parameter(parameter, "float32") for parameter in parameters)
    return Function(name, given, tuple(nodes), tuple(Value(*_parted(each)) for each in outputs))


ONE = Node("one", "Const", (), {"value": np.int32(1)}, "f")
ZERO = Node("zero", "Const", (), {"value": np.float32(0)}, "f")
AXES = Node("axes", "Const", (), {"value": np.zeros(1, np.int32)}, "f")
HOLD = node("held", "OptionalFromValue", "x", "one", Toutput_types=PAIR)
GET = node("got", "OptionalGetValue", "held", output_types=PAIR, output_shapes=SHAPES)


def call(entry: Function, *others: Function, x: tuple[float, float] = (1, 2)) -> list[np.ndarray]:
    graph = Graph(entry, {other.name: other for other in others})
    part = DevicePart(graph, [entry, *others], {}, {}, BACKEND)
    return [to_numpy(value) for value in part([to_tensor(np.float32(x))], None)]


def test_what_it_holds_comes_back():
    has = node("has", "OptionalHasValue", "held")
    found = call(function("f", ["x"], [ONE, HOLD, has, GET], "has", "got:0", "got:1"))
    assert [value.tolist() for value in found] == [True, [1, 2], 1]


def test_nothing_has_no_value():
    none = node("held", "OptionalNone")
    (has,) = call(function("f", ["x"], [none, node("has", "OptionalHasValue", "held")], "has"))
    assert not has
    with pytest.raises(ExecutionError, match="value"):
        call(function("f", ["x"], [none, GET], "got:0"))


@pytest.mark.parametrize(("x", "expected"), [((1, 2), True), ((-1, -2), False)])
def test_out_of_a_branch(x, expected):
    branches = {"then_branch": FunctionName("full"), "else_branch": FunctionName("empty")}
    nodes = [
        ZERO,
        AXES,
        node("sum", "Sum", "x", "axes", T="float32"),
        node("positive", "Greater", "sum", "zero", T="float32"),
        node("held", "If", "positive", "x", Tcond="bool", Tin=["float32"], Tout=["variant"], **branches),
        node("has", "OptionalHasValue", "held"),
    ]
    others = (
        function("full", ["x"], [ONE, HOLD], "held"),
        function("empty", ["x"], [node("none", "OptionalNone")], "none"),
    )
    (has,) = call(function("f", ["x"], nodes, "has"), *others, x=x)
    assert has == expected
    entry = function("f", ["x"], [*nodes, GET], "got:0", "got:1")
    if expected:
        assert [value.tolist() for value in call(entry, *others, x=x)] == [[1, 2], 1]
    else:
        with pytest.raises(ExecutionError, match="value"):
            call(entry, *others, x=x)


@pytest.mark.parametrize(("x", "expected"), [((1, 2), [2, 4]), ((-1, -2), [-1, -2])])
def test_results_that_nobody_takes_may_be_of_another_kind_in_each_branch(x, expected):
    """As TF1 writes what a gradient would need: in one branch a value, in the other nothing, or of another shape."""
    branches = {"then_branch": FunctionName("doubled"), "else_branch": FunctionName("same")}
    nodes = [
        ZERO,
        AXES,
        node("sum", "Sum", "x", "axes", T="float32"),
        node("positive", "Greater", "sum", "zero", T="float32"),
        node("y", "If", "positive", "x", Tcond="bool", Tin=["float32"], Tout=["float32", "float32"], **branches),
    ]
    others = (
        function("doubled", ["x"], [ONE, HOLD, node("twice", "AddV2", "x", "x", T="float32")], "twice", "held"),
        function("same", ["x"], [ZERO, node("sum", "AddV2", "x", "zero", T="float32")], "sum", "zero"),
    )
    (found,) = call(function("f", ["x"], nodes, "y"), *others, x=x)
    np.testing.assert_array_equal(found, expected)
