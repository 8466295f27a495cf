"""Svd, SelfAdjointEigV2 and Eig: vectors have no sign of their own, so products of them are compared."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import pytest

from hublayer.errors import UnsupportedOpsError
from hublayer.graph.ir import Function, Node, Parameter, Value
from hublayer.lowering.execute import Executable, Run
from lowering.backends import BACKEND, compiled, gradients, to_numpy, to_tensor
from lowering.case import cotangent, floats


def _run(op: str, outputs: int, **attrs: Any) -> Any:
    node = Node("op", op, (Value("x"),), attrs, "test")
    values = tuple(Value("op", i) for i in range(outputs))
    executable = Executable(Function("test", (Parameter("x", "float32"),), (node,), values), BACKEND)
    return lambda given: executable(Run({}, lambda name: executable), given)


@pytest.mark.parametrize("shape", [(3, 3), (2, 4, 4)])
@pytest.mark.parametrize("vectors", [False, True])
def test_eigenvalues_of_any_matrix(shape, vectors):
    """Sums over all eigenvalues, and what the vectors rebuild, have no order. Their gradients are matrices too."""
    x = floats(*shape)
    eig = _run("Eig", 2, compute_v=vectors, Tout="complex64")

    def sums(given: Any) -> list[Any]:
        values, basis = eig(given)
        square = values * values
        powers = [keras.ops.real(keras.ops.sum(power, axis=-1)) for power in (values, square, square * values)]
        if not vectors:
            return powers
        rebuilt = keras.ops.real(keras.ops.matmul(basis * keras.ops.expand_dims(square, -2), keras.ops.inv(basis)))
        lengths = keras.ops.sum(keras.ops.square(keras.ops.abs(basis)), axis=-2)
        return [*powers, rebuilt, lengths]

    square = x @ x
    traces = [np.trace(power, axis1=-2, axis2=-1) for power in (x, square, square @ x)]
    expected = [*traces, square, np.ones(shape[:-1], "float32")][: 5 if vectors else 3]
    for run in (sums, compiled(sums)):
        for got, reference in zip(run([to_tensor(x)]), expected, strict=True):
            np.testing.assert_allclose(to_numpy(got), reference, rtol=1e-4, atol=1e-4)

    # The derivatives of the traces of x, x² and x³, and of <w, x²>; lengths have none, for they are always 1.
    weights = [cotangent(i, array) for i, array in enumerate(expected)]
    turned = [np.swapaxes(array, -1, -2) for array in (x, square)]
    slopes = (np.broadcast_to(np.eye(shape[-1]), shape), 2 * turned[0], 3 * turned[1])
    gradient = sum(weight[..., None, None] * slope for weight, slope in zip(weights[:3], slopes, strict=True))
    if vectors:
        gradient = gradient + weights[3] @ turned[0] + turned[0] @ weights[3]
    np.testing.assert_allclose(gradients(sums, [to_tensor(x)], [0], weights)[0], gradient, rtol=1e-3, atol=1e-3)


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


# Equal values and zeros between others; vectors of equal values may be any, so only what they rebuild is compared.
_RANK_TWO = np.diag([3.0, 1.0, 0.0, 0.0]).astype("float32")


@pytest.mark.parametrize("shape", [(4, 4), (3, 4), (4, 3)])
@pytest.mark.parametrize("full", [False, True])
def test_the_gradient_of_vectors_of_zeros_is_finite(shape, full):
    """TensorFlow takes 1 / 0 for 0: the gradient of u diag(s) vᵀ keeps what the zeros do not hide."""
    x = _RANK_TWO[: shape[0], : shape[1]]
    smaller = min(shape)
    svd = _run("Svd", 3, compute_uv=True, full_matrices=full)

    def product(given: Any) -> list[Any]:
        s, u, v = svd(given)
        return [keras.ops.matmul(u[..., :, :smaller] * keras.ops.expand_dims(s, -2), _vh(v[..., :, :smaller]))]

    weight = np.zeros_like(x)
    weight[:2, :2] = cotangent(0, weight[:2, :2])
    found = gradients(product, [to_tensor(x)], [0], [weight])[0]
    np.testing.assert_allclose(found, weight, atol=1e-5)


def test_the_gradient_of_vectors_of_equal_eigenvalues_is_finite():
    x = np.diag([1.0, 1.0, 4.0]).astype("float32")
    eig = _run("SelfAdjointEigV2", 2)

    def projection(given: Any) -> list[Any]:
        vector = eig(given)[1][..., :, 2:]
        return [keras.ops.matmul(vector, _vh(vector))]

    weight = cotangent(0, x)
    # The projection on the third vector turns with the elements beside it, by 1 / (4 - 1).
    expected = np.zeros_like(x)
    expected[2, :2] = (weight[2, :2] + weight[:2, 2]) / 3
    np.testing.assert_allclose(gradients(projection, [to_tensor(x)], [0], [weight])[0], expected, atol=1e-5)


@pytest.mark.parametrize(
    ("op", "outputs", "shape"), [("Svd", 3, (5, 3)), ("Svd", 3, (2, 4)), ("Qr", 2, (4, 3))], ids=str
)
@pytest.mark.skipif(BACKEND == "tensorflow", reason="TensorFlow has an error of its own")
def test_what_the_matrix_does_not_determine_has_no_gradient(op, outputs, shape):
    decomposition = _run(op, outputs, full_matrices=True)
    x = to_tensor(floats(*shape))
    first = to_numpy(decomposition([x])[0])
    with pytest.raises(UnsupportedOpsError, match=f"{op} with full_matrices=True has no gradient"):
        gradients(lambda given: decomposition(given)[:1], [x], [0], [first])
