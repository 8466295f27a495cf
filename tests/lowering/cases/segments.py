"""Cases of hublayer.lowering.segments."""

from typing import Any

import numpy as np

from lowering.case import Case, floats, i32, i64, integers


def f32(values: Any) -> np.ndarray:
    return np.array(values, np.float32)


X = floats(5, 2)
SORTED, UNSORTED = i32(0, 0, 2, 2, 3), i32(3, 0, -1, 3, 1)
TIES = f32([[1, 2], [1, 5], [1, 5], [0, 5], [3, 0]])
ROWS, SEGMENTS = i32(4, 0, 1, 0), i32(0, 0, 2, 2)

CASES = [
    *[
        case
        for op in ("Sum", "Mean", "Max", "Min", "Prod")
        for case in (
            Case(f"Segment{op}", (X, SORTED)),
            Case(f"Segment{op}", (floats(3), i64(0, 0, 1)), name="vector"),
        )
    ],
    Case("SegmentMax", (TIES, SORTED), name="ties"),
    Case("SegmentProd", (f32([0, 2, 3, 0, 0]), SORTED), name="zeros"),
    Case("SegmentSum", (floats(0, 2), i32([])), name="empty"),
    *[
        case
        for op in ("Sum", "Max", "Min", "Prod")
        for case in (
            Case(f"Segment{op}", (integers(5, 2), SORTED), name="int32"),
            Case(f"UnsortedSegment{op}", (X, UNSORTED, i32(5))),
            Case(f"UnsortedSegment{op}", (integers(5, 2), UNSORTED, i64(4)), name="int32"),
            Case(f"UnsortedSegment{op}", (floats(2, 3, 2), i32([0, 1, 0], [2, 2, -1]), i32(3)), name="rank2"),
        )
    ],
    Case("UnsortedSegmentMax", (TIES, UNSORTED, i32(4)), name="ties"),
    Case("UnsortedSegmentMin", (TIES, UNSORTED, i32(4)), name="ties"),
    Case("UnsortedSegmentProd", (f32([0, 2, 3, 0, 0]), UNSORTED, i32(4)), name="zeros"),
    Case("UnsortedSegmentSum", (integers(3, dtype="int64"), i64(1, 1, 0), i32(2)), name="int64"),
    Case("UnsortedSegmentSum", (floats(0, 2), i32([]), i32(2)), name="empty"),
    *[
        case
        for op in ("Sum", "Mean", "SqrtN")
        for case in (
            Case(f"SparseSegment{op}", (X, ROWS, SEGMENTS)),
            Case(f"SparseSegment{op}", (X, i64(ROWS), i64(SEGMENTS)), name="int64"),
            Case(f"SparseSegment{op}WithNumSegments", (X, ROWS, SEGMENTS, i32(5))),
        )
    ],
    Case("SparseTensorDenseMatMul", (i64([0, 1], [2, 0], [2, 2]), floats(3), i64(3, 4), floats(4, 2))),
    Case(
        "SparseTensorDenseMatMul",
        (i64([0, 1], [2, 0], [2, 2]), floats(3), i64(3, 4), floats(2, 3)),
        {"adjoint_a": True, "adjoint_b": True},
        name="adjoint",
    ),
    Case(
        "SparseTensorDenseMatMul",
        (i64([0, 1], [1, 0]), (floats(2) + 1j).astype("complex64"), i64(2, 2), (floats(2, 2) - 2j).astype("complex64")),
        {"adjoint_a": True, "adjoint_b": True},
        name="complex",
    ),
]
