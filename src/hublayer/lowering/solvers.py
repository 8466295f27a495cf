"""Least squares, and matrices with three diagonals. Leading dimensions are batches."""

from __future__ import annotations

from typing import Any

import numpy as np

from hublayer.lowering.dtypes import cast, dtype_of
from hublayer.lowering.linalg import adjoint
from hublayer.lowering.registry import lowers
from hublayer.lowering.windows import ops, tensor


@lowers("MatrixSolveLs")
def matrix_solve_ls(matrix: Any, rhs: Any, l2_regularizer: Any, *, fast: bool = True) -> Any:
    """The x of least |matrix x - rhs|² + l2_regularizer |x|², of least norm if there are several.

    fast: by the normal equations; otherwise by singular values and without the regulariser, as TensorFlow defines it.
    """
    a, b = tensor(matrix), tensor(rhs)
    rows, columns = a.shape[-2:]
    if not fast:
        return _least_norm(a, b)
    tall, dtype = rows >= columns, dtype_of(a)
    product = ops.matmul(adjoint(a), a) if tall else ops.matmul(a, adjoint(a))
    weight = cast(tensor(l2_regularizer), dtype)
    product = product + weight * ops.eye(min(rows, columns), dtype=dtype)
    return ops.solve(product, ops.matmul(adjoint(a), b)) if tall else ops.matmul(adjoint(a), ops.solve(product, b))


def _least_norm(a: Any, b: Any) -> Any:
    u, s, vh = ops.svd(a, full_matrices=False)
    smallest = float(np.finfo(dtype_of(s)).eps) * max(a.shape[-2:]) * ops.max(s, axis=-1, keepdims=True)
    kept = s > smallest
    inverse = ops.where(kept, 1 / ops.where(kept, s, ops.ones_like(s)), ops.zeros_like(s))
    parts = cast(inverse[..., None], dtype_of(a)) * ops.matmul(adjoint(u), b)
    return ops.matmul(adjoint(vh), parts)


@lowers("TridiagonalMatMul")
def tridiagonal_matmul(superdiag: Any, maindiag: Any, subdiag: Any, rhs: Any) -> Any:
    """The product of the matrix with these diagonals, (…, 1, M), and rhs: (…, M, K)."""
    above, middle, below = (ops.swapaxes(tensor(x), -1, -2) for x in (superdiag, maindiag, subdiag))
    x = tensor(rhs)
    nothing = ops.zeros_like(x[..., :1, :])
    following = ops.concatenate([x[..., 1:, :], nothing], axis=-2)
    preceding = ops.concatenate([nothing, x[..., :-1, :]], axis=-2)
    # The last element above the diagonal and the first one below it are not part of the matrix.
    return above * following + middle * x + below * preceding


@lowers("TridiagonalSolve")
def tridiagonal_solve(
    diagonals: Any, rhs: Any, *, partial_pivoting: bool = True, perturb_singular: bool = False
) -> Any:
    """The x of A x = rhs, (…, M, K). diagonals: (…, 3, M): above, on and below the diagonal of A.

    A is solved as a full matrix, with pivoting: exact as TensorFlow's, at the cost of M³.
    """
    d = tensor(diagonals)
    size = d.shape[-1]
    matrix = sum(
        _placed(d[..., row, :], size, shift) for row, shift in ((0, 1), (1, 0), (2, -1)) if abs(shift) < max(size, 1)
    )
    return ops.solve(matrix, tensor(rhs))


def _placed(diagonal: Any, size: int, shift: int) -> Any:
    """(…, M, M): row i has diagonal[i] in column i + shift."""
    return diagonal[..., None] * ops.eye(size, k=shift, dtype=dtype_of(diagonal))
