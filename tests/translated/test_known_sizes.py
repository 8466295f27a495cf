"""Functions whose sizes follow from values, from weights or from constants, called and asked for their shapes."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import pytest

from hublayer.errors import ExecutionError
from hublayer.graph.ir import Function, Graph, Node, Parameter, Value
from hublayer.runtime.device_part import DevicePart
from hublayer.runtime.symbolic_inputs import with_fixed_dimensions
from hublayer.savedmodel.endpoints import Endpoint, Trace
from hublayer.savedmodel.specs import TensorSpec

BACKEND = keras.config.backend()
X = np.array([[1.0], [-2.0], [3.0]], "float32")


def array(value: Any) -> np.ndarray:
    return np.asarray(keras.ops.convert_to_numpy(value))


def node(name: str, op: str, *inputs: str, **attrs: Any) -> Node:
    return Node(name, op, tuple(map(Value, inputs)), attrs, "test")


def const(name: str, value: Any) -> Node:
    return node(name, "Const", value=value)


def made(*nodes: Node, output: str, inputs: tuple[str, ...] = ("x",), weights: dict[str, Any] | None = None):
    """nodes of the inputs and of one parameter for each weight, ready to be called."""
    weights = weights or {}
    parameters = [Parameter(name, "float32") for name in inputs] + [Parameter(name, "resource") for name in weights]
    entry = Function("test", tuple(parameters), nodes, (Value(output),))
    variables = {name: keras.Variable(value, trainable=False) for name, value in weights.items()}
    return DevicePart(Graph(entry, {}), [entry], {name: name for name in weights}, variables, BACKEND)


def positive_rows() -> DevicePart:
    """The places of the positive elements, and so as many of them as there are."""
    nodes = (const("zero", np.zeros((), "float32")), node("positive", "Greater", "x", "zero", T="float32"))
    return made(*nodes, node("places", "Where", "positive", T="bool"), output="places")


def filled(*size: Node, **options: Any) -> DevicePart:
    """Ones of the size ``size``, plus the input."""
    fill = node("fill", "Fill", "size", "one", T="float32", index_type="int32")
    total = node("total", "AddV2", "fill", "x", T="float32")
    return made(const("one", np.ones((), "float32")), *size, fill, total, output="total", **options)


def rows_of_weights(**options: Any) -> DevicePart:
    read = node("read", "ReadVariableOp", "sizes", dtype="float32")
    size = node("size", "Cast", "read", SrcT="float32", DstT="int32")
    return filled(read, size, weights={"sizes": np.array([2, 1], "float32")}, **options)


def test_a_size_that_depends_on_values():
    part = positive_rows()
    for x in (X, X, -X):
        (found,) = part([keras.ops.convert_to_tensor(x)], None)
        np.testing.assert_array_equal(array(found), np.argwhere(x > 0))


def test_a_size_that_weights_determine():
    part = rows_of_weights()
    for _ in range(2):
        (found,) = part([keras.ops.ones((1, 3))], None)
        np.testing.assert_array_equal(array(found), np.full((2, 3), 2))
    part.variables["sizes"].assign(np.array([3, 1], "float32"))
    (found,) = part([keras.ops.ones((1, 3))], None)
    assert found.shape == (3, 3)


@pytest.mark.skipif(BACKEND != "jax", reason="in others' programs sizes may depend on values")
def test_another_program_is_refused_and_what_follows_from_constants_is_not():
    import jax

    part = positive_rows()
    part([keras.ops.convert_to_tensor(X)], None)
    with pytest.raises(ExecutionError, match=r"node places \(Where\)"):
        jax.jit(lambda x: part([x], None))(X)
    size = node("size", "Cast", "product", SrcT="float32", DstT="int32")
    axis, factors = const("axis", np.zeros((), "int32")), const("factors", np.array([3, 1], "float32"))
    product = node("product", "Cumprod", "factors", "axis", T="float32", Tidx="int32")
    constant = filled(axis, factors, product, size)
    (found,) = jax.jit(lambda x: constant([x], None))(X)
    np.testing.assert_array_equal(array(found), X + np.ones((3, 3)))


@pytest.mark.skipif(BACKEND != "torch", reason="code of PyTorch")
@pytest.mark.parametrize("make", [positive_rows, rows_of_weights])
def test_torch_compile_ends_its_graph_before_a_value_that_must_be_known(make):
    import torch

    torch.compiler.reset()
    part = make()
    compiled = torch.compile(lambda x: part([x + 1], None)[0] * 2, backend="eager")
    for x in (torch.as_tensor(X.T), torch.ones(1, 3)):
        np.testing.assert_array_equal(array(compiled(x)), array(part([x + 1], None)[0] * 2))


@pytest.mark.skipif(BACKEND == "tensorflow", reason="TensorFlow has symbolic tensors")
def test_a_symbolic_call_finds_sizes_and_leaves_nothing_behind():
    from hublayer.runtime.eager_symbolic import output_spec

    generator = keras.random.SeedGenerator(0)
    state = array(generator.state)
    places, constant = positive_rows(), const("table", np.arange(3, dtype="float32"))
    table = made(constant, node("sum", "AddV2", "x", "table", T="float32"), output="sum")

    def function(x: Any) -> Any:
        drawn = keras.random.uniform((), seed=generator)
        return {"places": places([x], None)[0], "sum": table([x], None)[0] + drawn}

    spec = output_spec(function, keras.KerasTensor((None, 1)))
    assert {name: tensor.shape for name, tensor in spec.items()} == {"places": (None, 2), "sum": (None, 3)}
    np.testing.assert_array_equal(array(generator.state), state)
    (found,) = table([keras.ops.convert_to_tensor(X)], None)
    np.testing.assert_array_equal(array(found), X + np.arange(3))


@pytest.mark.skipif(BACKEND == "tensorflow", reason="TensorFlow has symbolic tensors")
def test_a_size_that_is_an_input_is_an_unknown_dimension():
    from hublayer.runtime.eager_symbolic import output_spec

    part = filled(node("size", "Identity", "n", T="int32"), inputs=("x", "n"))
    inputs = [keras.KerasTensor((1, 1)), keras.KerasTensor((2,), "int32")]
    spec = output_spec(lambda values: part(values, None)[0], inputs)
    assert spec.shape == (None, None)


def endpoint(*shapes: tuple[int | None, ...]) -> Endpoint:
    traces = tuple(Trace({"x": TensorSpec("float32", shape, "x")}, TensorSpec("float32", None)) for shape in shapes)
    return Endpoint("__call__", "callable", traces, ("x",))


@pytest.mark.parametrize(
    ("shapes", "given", "expected"),
    [
        ([(1, None, 3)], (None, None, None), (1, None, 3)),
        ([(1, 3), (None, 3)], (None, 3), (None, 3)),  # of two traces the one that fixes the fewest
        ([(4, 3)], (2, 3), (2, 3)),  # it fits none: the call says so
        ([(None, 3)], (2, 3), (2, 3)),
    ],
)
def test_what_an_endpoint_fixes_is_known_of_a_symbolic_input(shapes, given, expected):
    called = endpoint(*shapes)
    completed = with_fixed_dimensions(called, called.traces, keras.KerasTensor(given))
    assert completed.shape == expected
