"""Functions that assign to variables which they read: values, and gradients, which end at assignments."""

from __future__ import annotations

import numpy as np
import pytest
from lowering.backends import BACKEND, gradients, to_numpy, to_tensor

from hublayer.graph.ir import Function, Graph, Node, Parameter, Value
from hublayer.lowering.execute import Executable, Run, VariableHandle
from hublayer.runtime.device_part import DevicePart
from hublayer.runtime.weights import NamedVariable

X = np.float32([[1, 2], [3, -1]])
W = np.float32([[0.5, -1], [2, 0.25]])
H = np.float32([[1, 3], [-2, 0.5]])


def node(name: str, op: str, *inputs: str, **attrs: object) -> Node:
    return Node(name, op, tuple(map(Value, inputs)), attrs, "f")


def function_of(nodes: list[Node], *outputs: str) -> Function:
    """A function of x and of the variables w and h."""
    read = {"dtype": "float32"}
    nodes = [node("w", "ReadVariableOp", "W", **read), node("h", "ReadVariableOp", "H", **read), *nodes]
    parameters = (Parameter("x", "float32"), Parameter("W", "resource"), Parameter("H", "resource"))
    return Function("f", parameters, tuple(nodes), tuple(map(Value, outputs)))


def part(nodes: list[Node], *outputs: str) -> tuple[DevicePart, dict[str, NamedVariable]]:
    """That function as the layer calls it; w is trained."""
    entry = function_of(nodes, *outputs)
    variables = {
        "W": NamedVariable(W, "w", "float32", True),
        "H": NamedVariable(H, "h", "float32", False),
    }
    return DevicePart(Graph(entry, {}), [entry], {"W": "W", "H": "H"}, variables, BACKEND), variables


RECURRENT = [
    node("xw", "MatMul", "x", "w", T="float32"),
    node("hw", "MatMul", "h", "w", T="float32"),
    node("new", "Mul", "xw", "hw", T="float32"),
    node("assign", "AssignVariableOp", "H", "new", dtype="float32"),
    node("again", "ReadVariableOp", "H", dtype="float32"),
]


def test_what_was_read_before_stays_what_it_was():
    function, variables = part(RECURRENT, "h", "new", "again")
    for before in (H, X @ W * (H @ W)):
        found = [to_numpy(value) for value in function([to_tensor(X)], None)]
        expected = X @ W * (before @ W)
        for value, right in zip((*found, to_numpy(variables["H"].value)), (before, *[expected] * 3), strict=True):
            np.testing.assert_allclose(value, right, rtol=1e-6)


@pytest.mark.skipif(BACKEND != "torch", reason="PyTorch's variables are written in place")
def test_gradients_of_several_calls():
    function, variables = part(RECURRENT, "new")
    outputs = [function([to_tensor(X * number)], None)[0] for number in (1, 2)]
    sum(output.sum() for output in outputs).backward()
    expected = np.zeros_like(W)
    before = H
    for number in (1, 2):  # new = xw · hw; the state that comes in is a constant
        expected += (X * number).T @ (before @ W) + before.T @ (X * number @ W)
        before = X * number @ W * (before @ W)
    np.testing.assert_allclose(variables["W"].value.grad.numpy(), expected, rtol=1e-5)


def by_x_and_w(nodes: list[Node], output: str) -> list[np.ndarray]:
    """Gradients of the sum of `output` by x and by w in one call, zeros where there are none."""
    entry = Executable(function_of(nodes, output), BACKEND)

    def call(inputs):
        run = Run({"W": inputs[1], "H": inputs[2]}, lambda name: entry)
        return entry(run, [inputs[0], VariableHandle("W"), VariableHandle("H")])

    found = gradients(call, [to_tensor(X), to_tensor(W), to_tensor(H)], [0, 1], [to_tensor(np.ones((2, 2), "float32"))])
    return [np.zeros((2, 2)) if gradient is None else gradient for gradient in found]


def test_no_gradient_goes_through_an_assignment():
    by_x, by_w = by_x_and_w(RECURRENT, "again")
    np.testing.assert_array_equal(by_x, 0)
    np.testing.assert_array_equal(by_w, 0)


def test_a_weight_that_was_assigned_has_the_gradient_of_what_is_read_later():
    """As in spectral normalisation, which divides its kernel before it is used."""
    nodes = [
        node("halved", "Mul", "w", "w", T="float32"),
        node("assign", "AssignVariableOp", "W", "halved", dtype="float32"),
        node("later", "ReadVariableOp", "W", dtype="float32"),
        node("y", "MatMul", "x", "later", T="float32"),
    ]
    by_x, by_w = by_x_and_w(nodes, "y")
    np.testing.assert_allclose(by_x, np.ones((2, 2)) @ (W * W).T, rtol=1e-6)
    np.testing.assert_allclose(by_w, X.T @ np.ones((2, 2)), rtol=1e-6)
