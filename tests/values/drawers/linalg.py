"""Ops on matrices."""

from __future__ import annotations

from typing import Any

import numpy as np

from values.drawers.registry import draws, draws_op
from values.drawing import Drawing, Shape


def _sides(d: Drawing, outer: Shape, outer_b: Shape, transpose_a: bool, transpose_b: bool) -> list[Any]:
    rows, inner, columns = (d.choose([2, 3, 1, 0]) for _ in range(3))
    a = (inner, rows) if transpose_a else (rows, inner)
    b = (columns, inner) if transpose_b else (inner, columns)
    return [d.given(0, (*outer, *a)), d.given(1, (*outer_b, *b))]


@draws_op("MatMul")
def matrix_product(d: Drawing) -> list[Any]:
    """Two matrices."""
    d.attrs |= {"grad_a": False, "grad_b": False}
    return _sides(d, (), (), d.attrs["transpose_a"], d.attrs["transpose_b"])


@draws_op("BatchMatMul", "BatchMatMulV2", "BatchMatMulV3")
def batched_product(d: Drawing) -> list[Any]:
    """Batches of matrices; from the second version on they broadcast."""
    d.attrs |= {"grad_x": False, "grad_y": False}
    outer = d.shape(0, 2)
    outer_b = outer if d.op == "BatchMatMul" else d.broadcastable(outer)
    return _sides(d, outer, outer_b, d.attrs["adj_x"], d.attrs["adj_y"])


def _square(d: Drawing, position: int = 0) -> np.ndarray:
    """Matrices that are far from singular."""
    outer, size = d.shape(0, 2), d.choose([2, 3, 1, 0])
    values = d.given(position, (*outer, size, size), "moderate")
    return values + np.asarray(6 * np.eye(size), values.dtype)


@draws_op("MatrixInverse", "MatrixDeterminant", "LogMatrixDeterminant", "Lu")
def square(d: Drawing) -> list[Any]:
    """Square matrices."""
    return [_square(d)]


@draws_op("Cholesky")
def positive_definite(d: Drawing) -> list[Any]:
    """Symmetric matrices with positive eigenvalues."""
    a = _square(d)
    return [np.asarray(a @ np.conj(np.swapaxes(a, -1, -2)), a.dtype)]


@draws_op("MatrixSolve", "MatrixTriangularSolve")
def solve(d: Drawing) -> list[Any]:
    """A square matrix and right sides."""
    matrix = _square(d)
    return [matrix, d.given(1, (*matrix.shape[:-1], d.choose([1, 2, 3])), "moderate")]


@draws_op("Qr")
def rectangular(d: Drawing) -> list[Any]:
    """Matrices of any shape."""
    return [d.given(0, d.shape(2, 4, empty=False), "moderate")]


@draws("input num_lower num_upper")
def band(d: Drawing) -> list[Any]:
    """How many diagonals below and above are kept; a negative number keeps all."""
    shape = d.shape(2, 4)
    return [d.given(0, shape), d.whole_array(1, d.whole(-1, min(2, shape[-2]))),
            d.whole_array(2, d.whole(-1, min(2, shape[-1])))]  # fmt: skip


@draws("input diagonal")
def set_diagonal(d: Drawing) -> list[Any]:
    """Matrices and their new diagonal."""
    shape = d.shape(2, 4)
    return [d.given(0, shape), d.given(1, (*shape[:-2], min(shape[-2:])))]


def _band(d: Drawing, position: int, rows: int, columns: int) -> tuple[np.ndarray, int, int]:
    """A diagonal or several: which, how many, how long the longest is."""
    low = d.whole(-rows + 1, columns - 1)
    high = min(low + d.choose([0, 1, 2]), columns - 1)
    length = max(min(rows + min(k, 0), columns - max(k, 0)) for k in range(low, high + 1))
    given = d.whole_array(position, low) if low == high and d.flag() else d.whole_array(position, [low, high])
    return given, high - low + 1, length


@draws("input k padding_value")
def diagonal_part(d: Drawing) -> list[Any]:
    """Some diagonals of matrices."""
    shape = d.shape(2, 4, empty=False)
    k, _, _ = _band(d, 1, *shape[-2:])
    return [d.given(0, shape), k, d.given(2, ())]


@draws("input diagonal k")
def set_diagonals(d: Drawing) -> list[Any]:
    """Matrices and some new diagonals."""
    shape = d.shape(2, 4, empty=False)
    k, count, length = _band(d, 2, *shape[-2:])
    inner = (length,) if count == 1 else (count, length)
    return [d.given(0, shape), d.given(1, (*shape[:-2], *inner)), k]


@draws("diagonal k num_rows num_cols padding_value")
def matrix_diagonal(d: Drawing) -> list[Any]:
    """Matrices with some diagonals."""
    rows, columns = d.whole(1, 4), d.whole(1, 4)
    k, count, length = _band(d, 1, rows, columns)
    inner = (length,) if count == 1 else (count, length)
    known = d.flag()
    return [d.given(0, (*d.shape(0, 2), *inner)), k, d.whole_array(2, rows if known else -1),
            d.whole_array(3, columns if known else -1), d.given(4, ())]  # fmt: skip


@draws_op("MatrixDiagPart")
def main_diagonal(d: Drawing) -> list[Any]:
    """Matrices."""
    return [d.given(0, d.shape(2))]


@draws_op("MatrixDiag")
def main_diagonal_of(d: Drawing) -> list[Any]:
    """Vectors."""
    return [d.given(0, d.shape(1, 4))]


@draws_op("DiagPart")
def tensor_diagonal(d: Drawing) -> list[Any]:
    """Twice the same shape."""
    shape = d.shape(1, 2)
    return [d.given(0, (*shape, *shape))]


@draws_op("Diag")
def diagonal_tensor(d: Drawing) -> list[Any]:
    """The result has twice the rank."""
    return [d.given(0, d.shape(0, 3))]


@draws_op("FFT", "IFFT", "FFT2D", "IFFT2D", "FFT3D", "IFFT3D")
def fourier(d: Drawing) -> list[Any]:
    """As many dimensions as are transformed, or more."""
    rank = 2 if "2D" in d.op else 3 if "3D" in d.op else 1
    return [d.given(0, d.shape(rank, 4), "moderate")]


@draws("input fft_length")
def real_fourier(d: Drawing) -> list[Any]:
    """The lengths are those of the input, or shorter."""
    rank = 2 if "2D" in d.op else 3 if "3D" in d.op else 1
    d.attrs["Tcomplex"] = "complex128" if d.attrs["Treal"] == "float64" else "complex64"
    d.dtypes["Tcomplex"] = d.attrs["Tcomplex"]
    shape = d.shape(rank, 4, empty=False)
    most = list(shape[-rank:])
    if d.op.startswith("IRFFT"):
        most[-1] = 2 * most[-1] - 1
    return [d.given(0, shape, "moderate"), d.whole_array(1, [d.whole(1, size) for size in most])]


@draws("superdiag maindiag subdiag rhs")
def tridiagonal(d: Drawing) -> list[Any]:
    """The three diagonals of matrices, and what they are multiplied with."""
    outer, size = d.shape(0, 1), d.choose([3, 2, 1])
    return [*(d.given(i, (*outer, 1, size)) for i in range(3)), d.given(3, (*outer, size, d.choose([2, 1])))]
