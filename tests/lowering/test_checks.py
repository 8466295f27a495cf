"""CheckNumerics and Assert end a call, in programs, branches and loops too, and let gradients through."""

from __future__ import annotations

import numpy as np
import pytest

from hublayer.errors import ExecutionError
from hublayer.graph.ir import Function, FunctionName, Graph, Node, Parameter, Value
from hublayer.lowering.execute import Executable, Run
from hublayer.runtime.device_part import DevicePart
from lowering.backends import BACKEND, compiled, gradients, to_numpy, to_tensor

X = Parameter("x", "float32")
COUNT = Parameter("i", "int32")


def node(name: str, op: str, *inputs: str, **attrs: object) -> Node:
    return Node(name, op, tuple(map(Value, inputs)), attrs, "f")


def constant(name: str, value: object) -> Node:
    return Node(name, "Const", (), {"value": value}, "f")


CHECKED = [node("y", "Sqrt", "x"), node("checked", "CheckNumerics", "y", T="float32", message="roots of the caller")]
ASSERTED = [
    constant("zero", np.float32(0)),
    constant("axes", np.zeros(1, np.int32)),
    constant("words", np.array(b"numbers below zero", object)),
    node("least", "Min", "x", "axes", T="float32"),
    node("fine", "GreaterEqual", "least", "zero", T="float32"),
    node("assert", "Assert", "fine", "words", T=["string"]),
    node("checked", "Sqrt", "x"),
]


def function(name: str, parameters: tuple[Parameter, ...], nodes: list[Node], *outputs: str) -> Function:
    return Function(name, parameters, tuple(nodes), tuple(map(Value, outputs)))


def graph(nodes: list[Node], place: str) -> Graph:
    """The roots of x, once, or three times in a loop, or only where x has a positive sum."""
    inner = function("inner", (X,), nodes, "checked")
    if place == "entry":
        return Graph(inner, {})
    if place == "branch":
        branch = {"then_branch": FunctionName("inner"), "else_branch": FunctionName("same")}
        entry = [
            constant("zero", np.float32(0)),
            constant("axes", np.zeros(1, np.int32)),
            node("sum", "Sum", "x", "axes", T="float32"),
            node("positive", "Greater", "sum", "zero", T="float32"),
            node("if", "If", "positive", "x", Tcond="bool", Tin=["float32"], Tout=["float32"], **branch),
        ]
        return Graph(function("f", (X,), entry, "if"), {"inner": inner, "same": function("same", (X,), [], "x")})
    more = function(
        "more", (COUNT, X), [constant("n", np.int32(20)), node("less", "Less", "i", "n", T="int32")], "less"
    )
    step = [constant("one", np.int32(1)), node("next", "AddV2", "i", "one", T="int32"), *nodes]
    body = function("body", (COUNT, X), step, "next", "checked")
    loop = {"cond": FunctionName("more"), "body": FunctionName("body"), "T": ["int32", "float32"]}
    entry = [constant("start", np.int32(0)), node("while", "While", "start", "x", **loop)]
    outputs = (Value("while", 1),)
    return Graph(Function("f", (X,), tuple(entry), outputs), {"more": more, "body": body})


@pytest.mark.parametrize("place", ["entry", "branch", "loop"])
@pytest.mark.parametrize(("nodes", "words"), [(CHECKED, "roots of the caller"), (ASSERTED, "numbers below zero")])
def test_a_check_that_fails_ends_the_call(nodes, words, place):
    found = graph(nodes, place)
    part = DevicePart(found, [found.entry, *found.functions.values()], {}, {}, BACKEND)
    for _ in range(2):
        good = to_numpy(part([to_tensor(np.float32([4, 9]))], None)[0])
        np.testing.assert_allclose(good, np.float32([4, 9]) ** (2.0**-20 if place == "loop" else 0.5), rtol=1e-5)
        with pytest.raises(ExecutionError, match=words):
            part([to_tensor(np.float32([-1, 9]))], None)


def test_a_branch_that_is_not_taken_checks_nothing():
    found = graph(CHECKED, "branch")
    part = DevicePart(found, [found.entry, *found.functions.values()], {}, {}, BACKEND)
    np.testing.assert_array_equal(to_numpy(part([to_tensor(np.float32([-4, 1]))], None)[0]), [-4, 1])


def test_gradients_go_through_a_check():
    entry = Executable(function("f", (X,), CHECKED, "checked"), BACKEND)

    def call(inputs):
        return entry(Run({}, lambda name: entry), inputs)

    x = to_tensor(np.float32([4, 16]))
    (gradient,) = gradients(call, [x], [0], [to_tensor(np.ones(2, "float32"))])
    np.testing.assert_allclose(gradient, [0.25, 0.125], rtol=1e-6)
    np.testing.assert_allclose(to_numpy(compiled(call)([x])[0]), [2, 4])
