"""Xla* ops that a case cannot show: decompositions, whose vectors have no sign of their own, conditionals and loops."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import pytest

from hublayer.errors import UnsupportedOpsError
from hublayer.graph.ir import Function, FunctionName, Node, Parameter, Value
from hublayer.lowering.execute import Executable, Run
from lowering.backends import BACKEND, compiled, gradients, to_numpy, to_tensor
from lowering.case import cotangent, floats

_SOLVER: dict[str, Any] = {"max_iter": 100, "epsilon": 1e-6}


def _run(node: Node, parameters: tuple[Parameter, ...], outputs: int, *inner: Function) -> Any:
    values = tuple(Value(node.name, i) for i in range(outputs))
    functions = {function.name: Executable(function, BACKEND) for function in inner}
    executable = Executable(Function("test", parameters, (node,), values), BACKEND)
    return lambda given: executable(Run({}, functions.__getitem__), given)


def _joined(vectors: Any, values: Any, other: Any) -> Any:
    scaled = keras.ops.multiply(vectors, keras.ops.expand_dims(values, -2))
    return keras.ops.matmul(scaled, keras.ops.swapaxes(other, -1, -2))


@pytest.mark.parametrize("lower", [True, False])
def test_eigenvectors_make_the_matrix_of_one_triangle(lower):
    x = floats(2, 3, 3)
    half = np.tril(x) if lower else np.triu(x)
    symmetric = half + np.swapaxes(half, -1, -2) - half * np.eye(3, dtype=np.float32)
    node = Node("op", "XlaSelfAdjointEig", (Value("x"),), {"lower": lower, **_SOLVER}, "test")
    eigen = _run(node, (Parameter("x", "float32"),), 2)

    def product(given: Any) -> list[Any]:
        values, vectors = eigen(given)
        return [_joined(vectors, values, vectors), values]

    for run in (product, compiled(product)):
        matrix, values = map(to_numpy, run([to_tensor(x)]))
        np.testing.assert_allclose(matrix, symmetric, atol=1e-5)
        np.testing.assert_allclose(values, np.linalg.eigvalsh(symmetric), atol=1e-5)


@pytest.mark.parametrize("shape", [(3, 3), (4, 3), (2, 3, 4)])
def test_svd_is_u_s_v(shape):
    x = floats(*shape)
    attrs = {"precision_config": b"", **_SOLVER}
    svd = _run(Node("op", "XlaSvd", (Value("x"),), attrs, "test"), (Parameter("x", "float32"),), 3)

    def product(given: Any) -> list[Any]:
        s, u, v = svd(given)
        assert tuple(u.shape) == (*shape[:-1], shape[-2])
        assert tuple(v.shape) == (*shape[:-2], shape[-1], shape[-1])
        smaller = min(shape[-2:])
        return [_joined(u[..., :smaller], s, v[..., :smaller])]

    for run in (product, compiled(product)):
        np.testing.assert_allclose(to_numpy(run([to_tensor(x)])[0]), x, atol=1e-5)


_X, _Y = Parameter("x", "float32"), Parameter("y", "float32")
_TWICE = Function("twice", (_X,), (Node("r", "AddV2", (Value("x"), Value("x"))),), (Value("r"),))
_SQUARE = Function("square", (_X,), (Node("r", "Mul", (Value("x"), Value("x"))),), (Value("r"),))


@pytest.mark.parametrize("chosen", [True, False])
def test_conditional(chosen):
    attrs = {"then_branch": FunctionName("twice"), "else_branch": FunctionName("square"), "Tin": ["float32"]}
    node = Node("op", "XlaIf", (Value("c"), Value("x")), {**attrs, "Tout": ["float32"]}, "test")
    run = _run(node, (Parameter("c", "bool"), _X), 1, _TWICE, _SQUARE)
    x = floats(3)
    given = [to_tensor(np.array(chosen)), to_tensor(x)]
    expected, slope = (2 * x, np.full(3, 2)) if chosen else (x * x, 2 * x)
    for call in (run, compiled(run)):
        np.testing.assert_allclose(to_numpy(call(given)[0]), expected, rtol=1e-6)
    weight = cotangent(0, x)
    np.testing.assert_allclose(gradients(run, given, [1], [weight])[0], slope * weight, rtol=1e-5)


@pytest.mark.filterwarnings("ignore:Dynamo detected a call to a `functools.lru_cache`:UserWarning")
def test_loop():
    count = Parameter("n", "int32")
    three = Node("three", "Const", (), {"value": np.array(3, np.int32)})
    one = Node("one", "Const", (), {"value": np.array(1, np.int32)})
    test = Function("test_", (count, _X), (three, Node("r", "Less", (Value("n"), Value("three")))), (Value("r"),))
    step = (one, Node("next", "AddV2", (Value("n"), Value("one"))), Node("r", "Mul", (Value("x"), Value("x"))))
    body = Function("body", (count, _X), step, (Value("next"), Value("r")))
    attrs = {"cond": FunctionName("test_"), "body": FunctionName("body"), "T": ["int32", "float32"]}
    zero = Node("zero", "Const", (), {"value": np.array(0, np.int32)})
    node = Node("op", "XlaWhile", (Value("zero"), Value("x")), attrs, "test")
    functions = {function.name: Executable(function, BACKEND) for function in (test, body)}
    executable = Executable(Function("test", (_X,), (zero, node), (Value("op", 1),)), BACKEND)
    x = floats(3, low=0.5, high=1.5)

    def run(given: Any) -> list[Any]:
        return executable(Run({}, functions.__getitem__), given)

    for call in (run, compiled(run)):
        np.testing.assert_allclose(to_numpy(call([to_tensor(x)])[0]), x**8, rtol=1e-5)
    weight = cotangent(0, x)
    np.testing.assert_allclose(gradients(run, [to_tensor(x)], [0], [weight])[0], 8 * x**7 * weight, rtol=1e-4)


@pytest.mark.skipif(BACKEND == "jax", reason="it runs there: test_xla_call_module.py")
def test_stablehlo_elsewhere_is_one_clear_error():
    attrs = {"version": 9, "module": b"", "Sout": [()], "Tout": ["float32"], "Tin": []}
    node = Node("op", "XlaCallModule", (), attrs, "the_function")
    with pytest.raises(
        UnsupportedOpsError, match=r"XlaCallModule \(1 times, in the_function\)(.|\n)*runs on Keras's JAX"
    ):
        _run(node, (), 1)


@pytest.mark.parametrize(
    ("op", "attrs", "inputs"),
    [
        ("XlaOptimizationBarrier", {"T": ["float32", "float32"]}, 2),
        ("XlaSetBound", {}, 2),
        ("XlaSharding", {"sharding": b"", "unspecified_dims": []}, 1),
        ("XlaSpmdFullToShardShape", {"manual_sharding": b"", "dim": -1, "unspecified_dims": []}, 1),
        ("XlaSpmdShardToFullShape", {"manual_sharding": b"", "full_shape": (3,), "dim": -1, "unspecified_dims": []}, 1),
    ],
)
def test_advice_for_compilers_and_devices_changes_nothing(op, attrs, inputs):
    node = Node("op", op, tuple(Value(name) for name in "xy"[:inputs]), attrs, "test")
    count = len(attrs.get("T", "1"))
    run = _run(node, (_X, _Y)[:inputs], count)
    given = [floats(3), floats(3, seed=1)][:inputs]
    for call in (run, compiled(run)):
        for got, expected in zip(call([to_tensor(x) for x in given]), given[:count], strict=True):
            np.testing.assert_array_equal(to_numpy(got), expected)
