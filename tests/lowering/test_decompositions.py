"""Svd and SelfAdjointEigV2: vectors have no sign of their own, so products of them are compared."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import pytest

from hublayer.graph.ir import Function, Node, Parameter, Value
from hublayer.lowering.execute import Executable, Run
from lowering.backends import BACKEND, compiled, gradients, to_numpy, to_tensor
from lowering.case import cotangent, floats


def _run(op: str, outputs: int, **attrs: Any) -> Any:
    node = Node("op", op, (Value("x"),), attrs, "test")
    values = tuple(Value("op", i) for i in range(outputs))
    executable = Executable(Function("test", (Parameter("x", "float32"),), (node,), values), BACKEND)
    return lambda given: executable(Run({}, lambda name: executable), given)


def _vh(v: Any) -> Any:
    return keras.ops.swapaxes(v, -1, -2)


@pytest.mark.parametrize("shape", [(3, 3), (4, 3), (2, 3, 4)])
@pytest.mark.parametrize("full", [False, True])
def test_svd_is_u_s_v(shape, full):
    x = floats(*shape)
    smaller = min(shape[-2:])
    svd = _run("Svd", 3, compute_uv=True, full_matrices=full)

    def product(given: Any) -> list[Any]:
        s, u, v = svd(given)
        assert tuple(s.shape) == (*shape[:-2], smaller)
        assert tuple(u.shape) == (*shape[:-1], shape[-2] if full else smaller)
        assert tuple(v.shape) == (*shape[:-2], shape[-1], shape[-1] if full else smaller)
        u, v = u[..., :, :smaller], v[..., :, :smaller]
        return [keras.ops.matmul(keras.ops.multiply(u, keras.ops.expand_dims(s, -2)), _vh(v))]

    for run in (product, compiled(product)):
        np.testing.assert_allclose(to_numpy(run([to_tensor(x)])[0]), x, atol=1e-5)
    if not full:
        weight = cotangent(0, x)
        np.testing.assert_allclose(gradients(product, [to_tensor(x)], [0], [weight])[0], weight, atol=1e-3)


@pytest.mark.parametrize("shape", [(4, 3), (2, 3, 4)])
def test_singular_values_alone(shape):
    x = floats(*shape)
    svd = _run("Svd", 3, compute_uv=False)
    u, s, vh = np.linalg.svd(x, full_matrices=False)

    def values(given: Any) -> list[Any]:
        return svd(given)[:1]

    for run in (values, compiled(values)):
        np.testing.assert_allclose(to_numpy(run([to_tensor(x)])[0]), s, atol=1e-5)
    weight = cotangent(0, s)
    expected = (u * weight[..., None, :]) @ vh
    np.testing.assert_allclose(gradients(values, [to_tensor(x)], [0], [weight])[0], expected, atol=1e-4)


@pytest.mark.parametrize("shape", [(3, 3), (2, 4, 4)])
@pytest.mark.parametrize("vectors", [False, True])
def test_eigenvalues_of_the_lower_triangle(shape, vectors):
    x = floats(*shape)
    symmetric = np.tril(x) + np.swapaxes(np.tril(x, -1), -1, -2)
    eig = _run("SelfAdjointEigV2", 2, compute_v=vectors)
    values, basis = np.linalg.eigh(symmetric)

    def decomposition(given: Any) -> list[Any]:
        e, v = eig(given)
        if not vectors:
            return [e]
        return [e, keras.ops.matmul(keras.ops.multiply(v, keras.ops.expand_dims(e, -2)), _vh(v))]

    expected = [values, symmetric][: 1 + vectors]
    for run in (decomposition, compiled(decomposition)):
        for got, reference in zip(run([to_tensor(x)]), expected, strict=True):
            np.testing.assert_allclose(to_numpy(got), reference, atol=1e-5)

    weights = [cotangent(i, array) for i, array in enumerate(expected)]
    full = (basis * weights[0][..., None, :]) @ np.swapaxes(basis, -1, -2)
    if vectors:
        full = full + weights[1]
    folded = np.tril(full) + np.tril(np.swapaxes(full, -1, -2), -1)
    np.testing.assert_allclose(gradients(decomposition, [to_tensor(x)], [0], weights)[0], folded, atol=1e-3)
