"""Reading, assigning and scattering into variables and into parts of them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from hublayer.graph.ir import Function, Node, Value
from hublayer.graph.passes.name_variables import name_variables
from hublayer.lowering.execute import Executable, Run
from hublayer.savedmodel.restoring import Stored
from lowering.backends import BACKEND, compiled, to_numpy, to_tensor
from lowering.case import floats

ROWS = floats(5, 3, seed=1, low=0.5)
INDICES = np.int32([3, 0])
UPDATES = floats(2, 3, seed=2, low=0.5)


def run(nodes: list[Node], outputs: list[str], value: np.ndarray, compile: bool = False) -> tuple[list[Any], Any]:
    """Outputs, and the value of the variable `v` afterwards."""
    function = Function("f", (), tuple(nodes), tuple(Value(name) for name in outputs))
    executable = Executable(name_variables(function, PARTS), BACKEND)

    def call(values: Any) -> list[Any]:
        state = Run({"v": values[0]}, {}.__getitem__)
        return [*executable(state, []), state.variables["v"]]

    *results, after = (compiled(call) if compile else call)([to_tensor(value)])
    return [to_numpy(result) for result in results], to_numpy(after)


PARTS = {"v/part_1": Stored("v", "v", ((2, 3), (0, 3)), (5, 3)), "v/part_0": Stored("v", "v", ((0, 2), (0, 3)), (5, 3))}


def constant(name: str, value: np.ndarray) -> Node:
    return Node(name, "Const", (), {"value": value})


def node(name: str, op: str, *inputs: str, **attrs: Any) -> Node:
    return Node(name, op, tuple(Value(source) for source in inputs), attrs)


def handle(name: str = "v") -> Node:
    return node(name, "VarHandleOp", dtype="float32", shape=None, shared_name=name)


SCATTERED = {
    "Update": lambda old, new: new,
    "Add": np.add,
    "Sub": np.subtract,
    "Mul": np.multiply,
    "Div": np.divide,
    "Max": np.maximum,
    "Min": np.minimum,
}


@pytest.mark.parametrize("compile", [False, True])
@pytest.mark.parametrize("op", sorted(SCATTERED))
def test_scatter(op, compile):
    expected = ROWS.copy()
    for at, row in zip(INDICES, UPDATES, strict=True):
        expected[at] = SCATTERED[op](expected[at], row)
    nodes = [
        handle(),
        constant("at", INDICES),
        constant("rows", UPDATES),
        node("scatter", f"ResourceScatter{op}", "v", "at", "rows", dtype="float32", Tindices="int32"),
        node("read", "ReadVariableOp", "v", dtype="float32"),
    ]
    (read,), after = run(nodes, ["read"], ROWS, compile)
    np.testing.assert_allclose(after, expected, rtol=1e-6)
    np.testing.assert_allclose(read, expected, rtol=1e-6)


@pytest.mark.parametrize("op", ["Add", "Max", "Min", "Sub", "Update"])
def test_scatter_at_places(op):
    places, updates = np.int32([[3, 1], [0, 2]]), np.float32([9.0, -4.0])
    expected = ROWS.copy()
    for (i, j), value in zip(places, updates, strict=True):
        expected[i, j] = SCATTERED[op](expected[i, j], value)
    nodes = [
        handle(),
        constant("at", places),
        constant("values", updates),
        node("scatter", f"ResourceScatterNd{op}", "v", "at", "values", T="float32", Tindices="int32"),
    ]
    np.testing.assert_allclose(run(nodes, [], ROWS)[1], expected, rtol=1e-6)


@pytest.mark.parametrize("op", ["Add", "Mul"])
def test_scatter_twice_at_one_row(op):
    nodes = [
        handle(),
        constant("at", np.int32([1, 1])),
        constant("rows", UPDATES),
        node("scatter", f"ResourceScatter{op}", "v", "at", "rows", dtype="float32", Tindices="int32"),
    ]
    expected = ROWS.copy()
    for row in UPDATES:
        expected[1] = SCATTERED[op](expected[1], row)
    np.testing.assert_allclose(run(nodes, [], ROWS)[1], expected, rtol=1e-6)


@pytest.mark.parametrize("compile", [False, True])
def test_parts_of_one_weight(compile):
    """A part is read, assigned and added to where it lies in the weight."""
    nodes = [
        handle("v/part_0"),
        handle("v/part_1"),
        node("first", "ReadVariableOp", "v/part_0", dtype="float32"),
        node("second", "ReadVariableOp", "v/part_1", dtype="float32"),
        constant("ones", np.ones((3, 3), np.float32)),
        constant("twos", np.full((2, 3), 2, np.float32)),
        node("add", "AssignAddVariableOp", "v/part_1", "ones", dtype="float32"),
        node("set", "AssignVariableOp", "v/part_0", "twos", dtype="float32"),
        node("subtract", "AssignSubVariableOp", "v/part_0", "twos", dtype="float32"),
        constant("at", np.int32([2])),
        node("gathered", "ResourceGather", "v/part_1", "at", dtype="float32", Tindices="int32"),
    ]
    (first, second, gathered), after = run(nodes, ["first", "second", "gathered"], ROWS, compile)
    np.testing.assert_allclose(first, ROWS[:2])
    np.testing.assert_allclose(second, ROWS[2:])
    np.testing.assert_allclose(gathered, ROWS[4:] + 1)
    np.testing.assert_allclose(after, np.concatenate([np.zeros((2, 3)), ROWS[2:] + 1]))


def test_handles_say_little_else():
    nodes = [
        handle(),
        node("known", "VarIsInitializedOp", "v"),
        node("nothing", "DisableCopyOnRead", "v"),
    ]
    (known,), after = run(nodes, ["known"], ROWS)
    assert known
    np.testing.assert_array_equal(after, ROWS)
