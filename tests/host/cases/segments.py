"""Cases of hublayer.host.segments."""

import numpy as np
from lowering.case import Case, floats, i32, i64, integers

SORTED, UNSORTED = i32(0, 0, 2, 2, 5), i32(3, 0, -1, 3, 1)
KINDS = ("float32", "float64", "int32", "int64")


def data(dtype: str, *shape: int) -> np.ndarray:
    return floats(*shape, dtype=dtype) if dtype.startswith("float") else integers(*shape, dtype=dtype)


CASES = [
    *[
        Case(f"Segment{op}", (data(dtype, 5, 2), SORTED), name=dtype)
        for op in ("Sum", "Mean", "Max", "Min", "Prod") for dtype in KINDS
    ],
    *[
        case
        for op in ("Sum", "Mean", "Max", "Min", "Prod")
        for case in (
            Case(f"Segment{op}", (floats(3), i64(0, 0, 1)), name="vector"),
            Case(f"Segment{op}", (floats(0, 2), i32([])), name="empty"),
            Case(f"Segment{op}", (floats(3, 0), i32(0, 0, 2)), name="no columns"),
            Case(f"Segment{op}", (floats(4, 2, 3), i64(1, 1, 4, 4)), name="rank3"),
        )
    ],
    *[
        case
        for op in ("Sum", "Max", "Min", "Prod")
        for case in (
            *[Case(f"UnsortedSegment{op}", (data(dtype, 5, 2), UNSORTED, i32(6)), name=dtype) for dtype in KINDS],
            Case(f"UnsortedSegment{op}", (floats(2, 3, 2), i32([0, 1, 0], [2, 2, -1]), i64(3)), name="rank2"),
            Case(f"UnsortedSegment{op}", (floats(0, 2), i32([]), i32(2)), name="empty"),
            Case(f"UnsortedSegment{op}", (floats(3), i32(0, 0, 0), i32(1)), name="vector"),
            Case(f"UnsortedSegment{op}", (floats(3), i32(-1, -1, -1), i32(0)), name="no segments"),
        )
    ],
    *[
        case
        for op in ("Sum", "Mean", "SqrtN")
        for case in (
            Case(f"SparseSegment{op}", (floats(5, 3), i32(4, 0, 1, 0), i32(0, 0, 2, 2))),
            Case(f"SparseSegment{op}", (floats(5, 3, dtype="float64"), i64(4, 0, 1, 0), i64(0, 0, 2, 2)), name="int64"),
            Case(f"SparseSegment{op}", (floats(5, 3), i32([]), i32([])), name="empty"),
            Case(f"SparseSegment{op}WithNumSegments", (floats(5, 3), i32(4, 0, 1, 0), i32(0, 0, 2, 2), i32(5))),
            Case(f"SparseSegment{op}WithNumSegments", (floats(5, 3), i32([]), i32([]), i32(2)), name="empty"),
        )
    ],
    Case("SparseSegmentSum", (integers(5, 3), i32(4, 0, 1), i32(0, 0, 2)), name="int32"),
]  # fmt: skip
