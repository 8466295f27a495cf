"""Products, decompositions and solutions of matrices. Leading dimensions are batches; adjoints are conjugated."""

from __future__ import annotations

import importlib
import re
from collections.abc import Sequence
from typing import Any

import keras

from hublayer.lowering.dtypes import cast, dtype_of
from hublayer.lowering.keras_ops import ops
from hublayer.lowering.registry import lowers

_decompositions = importlib.import_module(f"hublayer.lowering.backends.{keras.config.backend()}.decompositions")


def transposed(x: Any) -> Any:
    """The last two axes exchanged."""
    return ops.swapaxes(ops.convert_to_tensor(x), -1, -2)


def adjoint(x: Any) -> Any:
    """The last two axes exchanged, complex numbers conjugated."""
    x = transposed(x)
    return ops.conj(x) if dtype_of(x).startswith("complex") else x


def _product(x: Any, y: Any, dtype: str) -> Any:
    # keras.ops.matmul gives int32 for two int8.
    return cast(ops.matmul(x, y), dtype)


@lowers("MatMul")
def matmul(
    a: Any, b: Any, *, transpose_a: bool = False, transpose_b: bool = False, grad_a: bool = False, grad_b: bool = False
) -> Any:
    """The product of two matrices. grad_a, grad_b only say that the op is part of a gradient."""
    return _product(transposed(a) if transpose_a else a, transposed(b) if transpose_b else b, dtype_of(a))


@lowers("BatchMatMul", "BatchMatMulV2")
def batch_matmul(
    x: Any, y: Any, *, adj_x: bool = False, adj_y: bool = False, grad_x: bool = False, grad_y: bool = False
) -> Any:
    """Products of matrices, batch dimensions broadcast."""
    return _product(adjoint(x) if adj_x else x, adjoint(y) if adj_y else y, dtype_of(x))


@lowers("BatchMatMulV3")
def batch_matmul_v3(
    x: Any, y: Any, *, Tout: str, adj_x: bool = False, adj_y: bool = False, grad_x: bool = False, grad_y: bool = False
) -> Any:
    """Products of matrices, batch dimensions broadcast, summed in the dtype Tout."""
    return batch_matmul(cast(x, Tout), cast(y, Tout), adj_x=adj_x, adj_y=adj_y)


@lowers("Einsum")
def einsum(inputs: Sequence[Any], *, equation: str) -> Any:
    """Sums of products by labels. A label repeated in the output makes a diagonal."""
    return einsum_with(ops.einsum, [ops.convert_to_tensor(x) for x in inputs], equation)


def einsum_with(function: Any, inputs: Sequence[Any], equation: str) -> Any:
    """`equation` by the einsum `function`, which knows no repeated output labels."""
    left, _, right = equation.partition("->")
    labels = re.findall(r"\.\.\.|.", right)
    distinct = list(dict.fromkeys(labels))
    product = function(f"{left}->{''.join(distinct)}", *inputs)
    for i, label in enumerate(labels):
        if label in labels[:i]:
            ellipsis = len(product.shape) - len(distinct) if "..." in labels[:i] else 0
            before = ellipsis if "..." in labels[: labels.index(label)] else 0
            product = _diagonal(product, labels.index(label) + before, i + ellipsis)
            distinct.insert(i, label)
    return product


def _diagonal(x: Any, axis: int, new: int) -> Any:
    """`x` with a new axis `new`, zero where its index is not that of `axis`."""
    size = x.shape[axis]
    shape = [1] * (len(x.shape) + 1)
    shape[axis] = shape[new] = size
    mask = ops.reshape(ops.eye(size, dtype="bool"), shape)
    x = ops.expand_dims(x, new)
    return ops.where(mask, x, ops.zeros_like(x))


@lowers("Cross")
def cross(a: Any, b: Any) -> Any:
    """The vector product along the last axis, of length 3."""
    return ops.cross(a, b, axis=-1)


@lowers("MatrixInverse")
def matrix_inverse(input: Any, *, adjoint: bool = False) -> Any:
    """The inverses of square matrices, or of their adjoints."""
    return cast(ops.inv(_not_half(_adjoint_if(input, adjoint))), dtype_of(input))


@lowers("MatrixDeterminant")
def matrix_determinant(input: Any) -> Any:
    """The determinants of square matrices."""
    return ops.det(ops.convert_to_tensor(input))


@lowers("LogMatrixDeterminant")
def log_matrix_determinant(input: Any) -> tuple[Any, Any]:
    """Sign and logarithm of the absolute value of determinants."""
    sign, logarithm = ops.slogdet(ops.convert_to_tensor(input))
    return sign, cast(logarithm, dtype_of(sign))


@lowers("Cholesky")
def cholesky(input: Any) -> Any:
    """The lower triangular L of L Lᴴ = input, of which only the lower triangle is read."""
    return ops.cholesky(ops.convert_to_tensor(input))


@lowers("MatrixSolve")
def matrix_solve(matrix: Any, rhs: Any, *, adjoint: bool = False) -> Any:
    """The x of matrix x = rhs; rhs: (…, m, k)."""
    return ops.solve(_adjoint_if(matrix, adjoint), ops.convert_to_tensor(rhs))


@lowers("MatrixTriangularSolve")
def matrix_triangular_solve(matrix: Any, rhs: Any, *, lower: bool = True, adjoint: bool = False) -> Any:
    """The x of matrix x = rhs, of matrix only one triangle; batch dimensions broadcast."""
    matrix, rhs = _adjoint_if(matrix, adjoint), ops.convert_to_tensor(rhs)
    batch = _broadcast(tuple(matrix.shape[:-2]), tuple(rhs.shape[:-2]))
    matrix = ops.broadcast_to(matrix, (*batch, *matrix.shape[-2:]))
    rhs = ops.broadcast_to(rhs, (*batch, *rhs.shape[-2:]))
    return ops.solve_triangular(matrix, rhs, lower=lower != adjoint)


@lowers("Qr")
def qr(input: Any, *, full_matrices: bool = False) -> tuple[Any, Any]:
    """Q and R of input = Q R; without full_matrices Q has min(m, n) columns."""
    q, r = _decompositions.qr(_not_half(ops.convert_to_tensor(input)), full_matrices)
    return cast(q, dtype_of(input)), cast(r, dtype_of(input))


def _not_half(x: Any) -> Any:
    """`x`, in float32 if it is of half floats, in which neither JAX nor PyTorch decomposes matrices."""
    return cast(x, "float32") if dtype_of(x) in ("float16", "bfloat16") else x


@lowers("Svd")
def svd(input: Any, *, compute_uv: bool = True, full_matrices: bool = False) -> tuple[Any, Any, Any]:
    """s, u and v of input = u diag(s) vᴴ; without compute_uv, u and v are empty."""
    x = ops.convert_to_tensor(input)
    if not compute_uv:
        nothing = ops.zeros((0,), dtype=dtype_of(x))
        return ops.svd(x, compute_uv=False), nothing, nothing
    return _decompositions.svd(x, full_matrices)


@lowers("SelfAdjointEigV2")
def self_adjoint_eig(input: Any, *, compute_v: bool = True) -> tuple[Any, Any]:
    """Eigenvalues, ascending, and eigenvectors of matrices of which the lower triangle is read."""
    lower = ops.tril(ops.convert_to_tensor(input))
    values, vectors = _decompositions.eigh(ops.add(lower, adjoint(ops.tril(lower, -1))))
    return values, vectors if compute_v else ops.zeros((0,), dtype=dtype_of(lower))


def _adjoint_if(x: Any, wanted: bool) -> Any:
    return adjoint(x) if wanted else ops.convert_to_tensor(x)


def _broadcast(x: tuple[int, ...], y: tuple[int, ...]) -> tuple[int, ...]:
    import numpy as np

    return np.broadcast_shapes(x, y)
