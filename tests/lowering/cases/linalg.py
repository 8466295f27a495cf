"""Cases of hublayer.lowering.linalg. Decompositions without a sign of their own are in test_decompositions.py."""

import numpy as np

from lowering.case import Case, floats, integers


def _complex(*shape: int, seed: int = 0) -> np.ndarray:
    return (floats(*shape, seed=seed) + 1j * floats(*shape, seed=seed + 100)).astype("complex64")


def _regular(*shape: int, seed: int = 0, dtype: str = "float32") -> np.ndarray:
    """Square matrices far from singular."""
    return floats(*shape, seed=seed, dtype=dtype) + 4 * np.eye(shape[-1], dtype=dtype)


def _positive(*shape: int, seed: int = 0, dtype: str = "float32") -> np.ndarray:
    """Positive definite matrices whose upper triangle is nonsense that nobody may read."""
    x = floats(*shape, seed=seed, dtype="float64")
    x = x @ np.swapaxes(x, -1, -2) + np.eye(shape[-1])
    return (np.tril(x) + np.triu(np.full_like(x, 7.0), 1)).astype(dtype)


A, B = floats(2, 3), floats(3, 4, seed=1)
X, Y = floats(2, 3, 4), floats(2, 4, 5, seed=1)
_TRANSPOSED = {"transpose_a": True, "transpose_b": True}
_ADJOINT = {"adj_x": True, "adj_y": True}
_BIG = np.array([[16777217, 3], [-7, 16777219]], "int32")

CASES = [
    Case("MatMul", (A, B)),
    Case("MatMul", (floats(3, 2), B), {"transpose_a": True}, name="transpose_a"),
    Case("MatMul", (A, floats(4, 3)), {"transpose_b": True}, name="transpose_b"),
    Case("MatMul", (floats(3, 2), floats(4, 3)), _TRANSPOSED, name="transpose_both"),
    Case("MatMul", (A, B), {"grad_a": True, "grad_b": True}, name="grad_marks"),
    Case("MatMul", (floats(2, 3, dtype="float64"), floats(3, 4, dtype="float64")), name="float64"),
    Case("MatMul", (integers(2, 3), integers(3, 4, seed=1)), name="int32"),
    Case("MatMul", (_BIG, np.array([[1, 1], [0, 1]], "int32")), name="int32_exact"),
    Case("MatMul", (integers(2, 3, dtype="int64"), integers(4, 3, dtype="int64")), {"transpose_b": True}, name="int64"),
    Case("MatMul", (_complex(2, 3), _complex(4, 3)), {"transpose_b": True}, name="complex64"),
    Case("MatMul", (floats(2, 3, dtype="float16"), floats(3, 4, dtype="float16")), name="float16"),
    Case("MatMul", (floats(0, 3), B), name="no_rows"),
    Case("MatMul", (floats(2, 0), floats(0, 4)), name="nothing_summed"),
    Case("BatchMatMul", (X, Y)),
    Case("BatchMatMul", (floats(2, 4, 3), floats(2, 5, 4)), _ADJOINT, name="adjoint"),
    Case("BatchMatMulV2", (X, Y)),
    Case("BatchMatMulV2", (A, B), name="rank2"),
    Case("BatchMatMulV2", (floats(2, 1, 3, 4), floats(5, 4, 2)), name="broadcast"),
    Case("BatchMatMulV2", (floats(3, 4), floats(2, 5, 4)), {"adj_y": True}, name="broadcast_adjoint"),
    Case("BatchMatMulV2", (floats(2, 4, 3), floats(2, 5, 4)), _ADJOINT, name="adjoint"),
    Case("BatchMatMulV2", (_complex(2, 4, 3), _complex(2, 4, 5)), {"adj_x": True}, name="complex_adjoint"),
    Case("BatchMatMulV2", (integers(2, 2, 3), integers(3, 4)), name="int32"),
    Case("BatchMatMulV2", (floats(2, 3, 4, dtype="float64"), floats(2, 4, 5, dtype="float64")), name="float64"),
    Case("BatchMatMulV2", (floats(0, 3, 4), floats(0, 4, 2)), name="empty_batch"),
    Case("BatchMatMulV3", (X, Y), {"Tout": "float32"}),
    Case("BatchMatMulV3", (X, floats(5, 4)), {"Tout": "float32", "adj_y": True}, name="adjoint"),
    Case(
        "BatchMatMulV3",
        (integers(2, 2, 3, low=-120, high=120, dtype="int8"), integers(3, 4, low=-120, high=120, dtype="int8")),
        {"Tout": "int32"},
        name="int8_to_int32",
    ),
    Case("Einsum", ([A, B],), {"equation": "ij,jk->ik"}, name="matmul"),
    Case("Einsum", ([X, Y],), {"equation": "bij,bjk->bik"}, name="batch"),
    Case("Einsum", ([floats(2, 3, 4), floats(4, 5, 6)],), {"equation": "abc,cde->abde"}, name="dense"),
    Case("Einsum", ([floats(2, 3, 4, 5), floats(2, 6, 4, 5)],), {"equation": "aecd,abcd->acbe"}, name="attention"),
    Case("Einsum", ([floats(2, 3, 4), floats(3, 4, 5)],), {"equation": "abc,bcd->ad"}, name="two_summed"),
    Case("Einsum", ([floats(3), floats(4)],), {"equation": "i,j->ij"}, name="outer"),
    Case("Einsum", ([floats(3), floats(3, seed=1)],), {"equation": "i,i->"}, name="dot"),
    Case("Einsum", ([A],), {"equation": "ij->ji"}, name="transpose"),
    Case("Einsum", ([X],), {"equation": "bij->b"}, name="sum"),
    Case("Einsum", ([X],), {"equation": "...->..."}, name="ellipsis_alone"),
    Case("Einsum", ([floats(3, 3)],), {"equation": "ii->i"}, name="diagonal"),
    Case("Einsum", ([floats(3, 3)],), {"equation": "ii->"}, name="trace"),
    Case("Einsum", ([floats(2, 3, 3, 3)],), {"equation": "biii->ib"}, name="cube_diagonal"),
    Case("Einsum", ([floats(3)],), {"equation": "i->ii"}, name="make_diagonal"),
    Case("Einsum", ([floats(2, 3)],), {"equation": "ij->jijj"}, name="make_cube_diagonal"),
    Case("Einsum", ([floats(2, 3, 3)],), {"equation": "...ii->...i"}, name="ellipsis_diagonal"),
    Case("Einsum", ([floats(2, 3)],), {"equation": "...i->i...i"}, name="ellipsis_make_diagonal"),
    Case("Einsum", ([floats(2, 3, 4), floats(4, 5)],), {"equation": "...ij,jk->...ik"}, name="ellipsis"),
    Case("Einsum", ([floats(2, 1, 3, 4), floats(5, 4, 2)],), {"equation": "...ij,...jk->...ik"}, name="broadcast"),
    Case("Einsum", ([floats(2, 3, 4), floats(4, 3)],), {"equation": "i...j,j...->ij..."}, name="ellipsis_inside"),
    Case("Einsum", ([integers(2, 3), integers(3, 4)],), {"equation": "ij,jk->ik"}, name="int32"),
    Case("Einsum", ([_complex(2, 3), _complex(3, 4)],), {"equation": "ij,jk->ki"}, name="complex64"),
    Case("Einsum", ([floats(2, 3, dtype="float64")],), {"equation": "ij->i"}, name="float64"),
    Case("Einsum", ([floats(2, 0), floats(0, 3)],), {"equation": "ij,jk->ik"}, name="nothing_summed"),
    Case("Einsum", ([floats(0, 3), floats(3, 2)],), {"equation": "Ij,jK->KI"}, name="empty_capitals"),
    Case("Cross", (floats(3), floats(3, seed=1))),
    Case("Cross", (floats(2, 4, 3), floats(2, 4, 3, seed=1)), name="rank3"),
    Case("Cross", (integers(2, 3), integers(2, 3, seed=1)), name="int32"),
    Case("MatrixInverse", (_regular(3, 3),)),
    Case("MatrixInverse", (_regular(2, 3, 3),), {"adjoint": True}, name="batch_adjoint"),
    Case("MatrixInverse", (_regular(3, 3, dtype="float64"),), name="float64"),
    Case("MatrixInverse", (_complex(2, 2),), {"adjoint": True}, name="complex64"),
    Case("MatrixDeterminant", (_regular(3, 3),)),
    Case("MatrixDeterminant", (floats(2, 2, 4, 4),), name="batch"),
    Case("MatrixDeterminant", (_complex(2, 2),), name="complex64"),
    Case("LogMatrixDeterminant", (_regular(3, 3),)),
    Case("LogMatrixDeterminant", (-_regular(2, 3, 3),), name="negative"),
    Case("LogMatrixDeterminant", (_complex(2, 2),), name="complex64"),
    Case("MatrixInverse", (_regular(2, 3, 3, dtype="float16"),), name="float16"),
    Case("Cholesky", (_positive(3, 3),), rtol=1e-4),
    # Of the first matrix no factor exists: NaN stands for it. The second one is factored all the same.
    Case("Cholesky", (np.stack([-np.eye(2), 4 * np.eye(2)]).astype("f"),), name="not-positive", gradient=False),
    Case("Cholesky", (_positive(2, 4, 4),), name="batch", rtol=1e-4),
    Case("Cholesky", (_positive(3, 3, dtype="float64"),), name="float64", rtol=1e-4),
    Case("MatrixSolve", (_regular(3, 3), floats(3, 2))),
    Case("MatrixSolve", (_regular(2, 3, 3), floats(2, 3, 1)), {"adjoint": True}, name="batch_adjoint"),
    Case("MatrixSolve", (_regular(3, 3, 3), floats(3, 3, 3)), name="square"),
    Case("MatrixSolve", (_complex(2, 2), _complex(2, 3, seed=2)), {"adjoint": True}, name="complex64", rtol=1e-4),
    Case("MatrixTriangularSolve", (_regular(3, 3), floats(3, 2))),
    Case("MatrixTriangularSolve", (_regular(3, 3), floats(3, 2)), {"lower": False}, name="upper"),
    Case("MatrixTriangularSolve", (_regular(2, 3, 3), floats(2, 3, 2)), {"adjoint": True}, name="batch_adjoint"),
    Case(
        "MatrixTriangularSolve", (_regular(3, 3), floats(2, 3, 2)), {"lower": False, "adjoint": True}, name="broadcast"
    ),
    Case("Qr", (floats(4, 3),), rtol=1e-4),
    Case("Qr", (floats(2, 3, 3),), name="batch", rtol=1e-4),
    Case("Qr", (floats(4, 3, dtype="float16"),), name="float16", gradient=False, rtol=1e-2),
    Case("Qr", (floats(4, 3),), {"full_matrices": True}, name="full", gradient=False, rtol=1e-4),
    Case("Qr", (floats(3, 3),), {"full_matrices": True}, name="full_square", rtol=1e-4),
    Case("Qr", (floats(2, 3, 4),), name="wide", rtol=1e-4),
    Case("Qr", (floats(2, 4),), {"full_matrices": True}, name="full_wide", rtol=1e-4),
    Case("Qr", (floats(2, 3, dtype="float64"),), name="float64"),
    # Eigenvalues and singular values that are equal or 0, of matrices whose vectors every library gives alike.
    Case("SelfAdjointEigV2", (np.zeros((3, 3), "float32"),), name="zeros"),
    Case("SelfAdjointEigV2", (np.stack([np.eye(3), 2 * np.eye(3)]).astype("float32"),), name="equal"),
    Case("SelfAdjointEigV2", (np.zeros((2, 3, 3)),), name="zeros_float64"),
    Case("Svd", (np.zeros((3, 4), "float32"),), name="zeros"),
    Case("Svd", (np.zeros((4, 3), "float32"),), {"full_matrices": True}, name="zeros_full"),
    Case("Svd", (np.stack([np.zeros((3, 3)), np.eye(3)]),), name="equal_float64"),
]
