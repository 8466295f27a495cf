"""Cases of hublayer.lowering.solvers. TensorFlow has no gradient of Lu."""

from __future__ import annotations

import numpy as np

from lowering.case import Case, floats
from lowering.cases.linalg import _complex

_NONE, _SOME = np.float64(0), np.float64(0.3)
_DIAGONALS = floats(2, 3, 5) + np.float32([[0], [4], [0]])

CASES = [
    Case("Lu", (floats(4, 4),), gradient=False, rtol=1e-4),
    Case("Lu", (floats(2, 0, 0),), name="no-rows", gradient=False),
    Case("Lu", (floats(2, 3, 3),), {"output_idx_type": "int64"}, name="batch", gradient=False, rtol=1e-4),
    Case("Lu", (floats(3, 3, dtype="float64"),), name="float64", gradient=False, rtol=1e-4),
    # LAPACK and Eigen measure complex pivots differently; here the diagonal is the greatest by both.
    Case("Lu", ((_complex(3, 3) + 9 * np.eye(3)).astype("complex64"),), name="complex64", gradient=False, rtol=1e-4),
    Case("MatrixSolveLs", (floats(5, 3), floats(5, 2), _NONE), rtol=1e-3),
    Case("MatrixSolveLs", (floats(2, 5, 3), floats(2, 5, 2), _SOME), name="regularised", rtol=1e-3),
    Case("MatrixSolveLs", (floats(2, 3, 5), floats(2, 3, 2), _SOME), name="wide", rtol=1e-3),
    Case("MatrixSolveLs", (floats(5, 3), floats(5, 2), _SOME), {"fast": False}, "robust", gradient=False, rtol=1e-3),
    Case("MatrixSolveLs", (floats(3, 5), floats(3, 2), _NONE), {"fast": False}, "least", gradient=False, rtol=1e-3),
    Case(
        "MatrixSolveLs",
        (floats(5, 2)[:, [0, 1, 0]], floats(5, 2), _NONE),
        {"fast": False},
        name="rank_deficient",
        gradient=False,
        rtol=1e-3,
    ),
    Case("MatrixSolveLs", (_complex(4, 2), _complex(4, 1), _SOME), name="complex64", rtol=1e-3),
    Case("TridiagonalMatMul", (floats(1, 4), floats(1, 4, seed=1), floats(1, 4, seed=2), floats(4, 2))),
    Case(
        "TridiagonalMatMul",
        (floats(2, 1, 4), floats(2, 1, 4, seed=1), floats(2, 1, 4, seed=2), floats(2, 4, 3)),
        name="batch",
    ),
    Case("TridiagonalSolve", (_DIAGONALS, floats(2, 5, 2)), rtol=1e-4),
    Case("TridiagonalSolve", (floats(3, 6), floats(6, 1)), name="pivoting", rtol=1e-3),
    Case("TridiagonalSolve", (_DIAGONALS[0], floats(5, 2)), {"partial_pivoting": False}, name="plain", rtol=1e-4),
    Case("TridiagonalSolve", (np.float32([[7], [2], [7]]), floats(1, 2)), name="one", rtol=1e-4),
]
