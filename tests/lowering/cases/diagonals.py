"""Cases of hublayer.lowering.diagonals."""

import numpy as np

from lowering.case import Case, floats, i32, i64, integers

F = np.float32
MATRIX, WIDE = floats(2, 4, 3), floats(3, 5)
ALIGN = ("LEFT_LEFT", "LEFT_RIGHT", "RIGHT_LEFT", "RIGHT_RIGHT")

CASES = [
    Case("Diag", (floats(3),)),
    Case("Diag", (floats(2, 2),), name="rank2"),
    Case("Diag", (integers(3, dtype="int64"),), name="int64"),
    Case("DiagPart", (floats(3, 3),)),
    Case("DiagPart", (floats(2, 3, 2, 3),), name="rank4"),
    Case("MatrixDiag", (floats(2, 3),)),
    Case("MatrixDiag", (np.array([True, False]),), name="bool"),
    Case("MatrixDiag", (floats(2, 0),), name="empty"),
    Case("MatrixDiagPart", (floats(3, 3),)),
    Case("MatrixDiagPart", (MATRIX,), name="tall"),
    Case("MatrixDiagPart", (integers(2, 3),), name="int32"),
    Case("MatrixSetDiag", (MATRIX, floats(2, 3, seed=1))),
    Case("MatrixSetDiag", (integers(2, 2), i32(7, 8)), name="int32"),
    Case("MatrixDiagV2", (floats(2, 3), i32(0), i32(-1), i32(-1), F(0))),
    Case("MatrixDiagV2", (floats(2, 3), i32(-1, 0), i32(-1), i32(-1), F(9)), name="band"),
    Case("MatrixDiagV3", (floats(3), i32(1), i32(-1), i32(-1), F(0))),
    Case("MatrixDiagV3", (floats(3), i32(-1), i32(4), i32(5), F(2)), name="below"),
    Case("MatrixDiagV3", (floats(3), i32(2), i32(-1), i32(6), F(2)), name="columns"),
    Case("MatrixDiagPartV2", (MATRIX, i32(0), F(0))),
    Case("MatrixDiagPartV2", (WIDE, i32(-1, 2), F(7)), name="band"),
    Case("MatrixDiagPartV3", (WIDE, i32(0), F(0))),
    Case("MatrixDiagPartV3", (WIDE, i32(3), F(0)), name="above"),
    Case("MatrixSetDiagV2", (WIDE, floats(2, 3, seed=1), i32(-1, 0))),
    Case("MatrixSetDiagV3", (WIDE, floats(3, seed=1), i32(1))),
    *[
        case
        for align in ALIGN
        for case in (
            Case("MatrixDiagV3", (floats(3, 2), i32(-1, 1), i32(3), i32(2), F(4)), {"align": align}, name=align),
            Case("MatrixDiagPartV3", (WIDE, i32(-2, 3), F(7)), {"align": align}, name=align),
            Case("MatrixSetDiagV3", (WIDE, floats(4, 3, seed=2), i32(-1, 2)), {"align": align}, name=align),
        )
    ],
    Case("MatrixBandPart", (MATRIX, i32(1), i32(0))),
    Case("MatrixBandPart", (MATRIX, i64(-1), i64(1)), name="all-below"),
    Case("MatrixBandPart", (floats(3, 3), i64(-1), i64(-1)), name="all"),
    Case("MatrixBandPart", (np.ones((3, 3), bool), i64(-1), i64(0)), name="bool"),
    Case("MatrixBandPart", (integers(3, 3), i32(0), i32(0)), name="int32"),
    Case("MatrixBandPart", ((floats(2, 2) + 1j).astype("complex64"), i32(0), i32(-1)), name="complex"),
]
