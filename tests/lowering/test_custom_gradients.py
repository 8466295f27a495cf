"""Gradients that a publisher wrote, in a SavedModel that TensorFlow saved (tools/make_gradient_golden.py)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest

from hublayer.graph.build import build_function
from hublayer.graph.ir import Function, Graph, Node, Parameter, Value
from hublayer.graph.library import Library
from hublayer.graph.passes.custom_gradients import (
    CapturedTensor,
    CapturedVariable,
    Gradient,
    bind_gradients,
    saved_gradients,
)
from hublayer.graph.passes.dead_code import drop_dead_code
from hublayer.graph.passes.inline import inline_calls
from hublayer.lowering.execute import Executables, Run, VariableHandle
from hublayer.savedmodel.reader import read
from lowering.backends import BACKEND, compiled, gradients, to_numpy, to_tensor
from lowering.case import cotangent
from lowering.collect import FOLDER

# What torch.compile itself warns of, which are no errors here.
TORCH_COMPILE = (
    "ignore:Dynamo detected a call to a `functools.lru_cache`:UserWarning",
    "ignore:The .grad attribute of a Tensor that is not a leaf Tensor:UserWarning",
)


@pytest.fixture(scope="module")
def golden():
    with np.load(FOLDER / "goldens" / "custom_gradients.npz") as arrays:
        return dict(arrays)


@pytest.fixture(scope="module")
def library(golden, tmp_path_factory):
    folder = tmp_path_factory.mktemp("model")
    (folder / "saved_model.pb").write_bytes(golden["saved_model"].tobytes())
    return Library(read(folder).meta_graph())


def _callable(library: Library, name: str, bind: bool) -> Any:
    """The function `name` of the model, of [x, weight]."""
    found = saved_gradients(library) if bind else {}
    plain = {key: bind_gradients(build_function(message), found) for key, message in library.functions.items()}
    functions = {key: drop_dead_code(inline_calls(function, plain)) for key, function in plain.items()}
    objects = library.meta_graph.objects
    (trace,) = objects.callables[name].traces
    captures = [VariableHandle(str(node_id)) for node_id in objects.concrete(trace.function).bound_inputs]
    weight = str(objects.root_children["weight"])
    executables = Executables(Graph(functions[trace.function], functions), BACKEND)
    entry = executables(trace.function)

    def run(values: Sequence[Any]) -> list[Any]:
        return entry(Run({weight: values[1]}, executables), [values[0], *captures])

    return run


@pytest.mark.filterwarnings(*TORCH_COMPILE)
@pytest.mark.parametrize("name", ["rounded", "exponential", "pair", "of_weight", "swish"])
def test_gradient_is_the_publishers(library, golden, name):
    run = _callable(library, name, bind=True)
    values = [to_tensor(golden["x"]), to_tensor(golden["weight"])]
    for call in (run, compiled(run)):
        np.testing.assert_allclose(to_numpy(call(values)[0]), golden[name], rtol=1e-5, atol=1e-6)
    found = gradients(run, values, [0, 1], [cotangent(0, golden[name])])
    for key, gradient in zip(("x", "weight"), found, strict=True):
        expected = golden.get(f"{name}|{key}", np.zeros_like(golden[key]))
        got = np.zeros_like(expected) if gradient is None else gradient
        np.testing.assert_allclose(got, expected, rtol=1e-4, atol=1e-5)


def test_gradient_that_was_not_saved_is_the_derivative(library, golden):
    run = _callable(library, "exponential", bind=False)
    x = golden["x"]
    weight = cotangent(0, x)
    (gradient,) = gradients(run, [to_tensor(x), to_tensor(golden["weight"])], [0], [weight])
    np.testing.assert_allclose(gradient, weight * (np.exp(x) + 1), rtol=1e-4)


@pytest.mark.filterwarnings(*TORCH_COMPILE)
def test_gradient_inside_a_compiled_function(library, golden):
    """The gradient function runs in another trace than the function itself."""
    run = compiled(_callable(library, "of_weight", bind=True))
    values = [to_tensor(golden["x"]), to_tensor(golden["weight"])]
    found = gradients(run, values, [0, 1], [cotangent(0, golden["of_weight"])])
    for key, gradient in zip(("x", "weight"), found, strict=True):
        np.testing.assert_allclose(gradient, golden[f"of_weight|{key}"], rtol=1e-4, atol=1e-5)


def test_captures_become_inputs_that_stand_before_the_node():
    def node(name: str, op: str, *inputs: str, **attrs: Any) -> Node:
        return Node(name, op, tuple(Value(source) for source in inputs), attrs)

    marked = node("same", "IdentityN", "y", "x", T=["float32"] * 2, _gradient_op_type="CustomGradient-1")
    function = Function(
        "f",
        (Parameter("x", "float32"),),
        (node("y", "Exp", "x"), marked, node("a", "Neg", "x"), node("b", "Neg", "same"), node("c", "Abs", "a")),
        (Value("b"), Value("c")),
    )

    def bound(*captures: Any) -> Function:
        return bind_gradients(function, {"CustomGradient-1": Gradient("g", captures, (1,))})

    after = bound(CapturedTensor("c:0", "f"), CapturedVariable("7"))
    assert [item.name for item in after.nodes] == ["y", "same/gradient_capture_1", "a", "c", "same", "b"]
    assert [str(value) for value in after.nodes[4].inputs] == ["y:0", "x:0", "c:0", "same/gradient_capture_1:0"]
    assert after.nodes[4].attrs["_gradient_function"] == "g"
    assert bound(CapturedTensor("c:0", "another")).nodes == function.nodes
    assert bound(CapturedTensor("b:0", "f")).nodes == function.nodes, "it would depend on itself"
