"""Where NaN stands, moduli of complex numbers, powers of integers: what a backend's own function answers otherwise."""

import numpy as np

from lowering.case import Case, i32

NAN = np.nan
ROWS = np.float32([[NAN, 2, 3, NAN, 1], [1, 0, 3, NAN, 2], [-np.inf, NAN, NAN, -np.inf, NAN]])
SCORES = np.float32([[3, 1, NAN, 2, 5], [4, 4, 1, NAN, 0]])
COMPLEX = np.array([[3 + 4j, 1j, -2, 0], [1 - 1j, 0.5, 2j, 1]], "complex64")
WHOLE = i32([[2, -3, 7, 0, 1, 10], [3, 2, -1, 5, 0, 46341]])
HALVES = np.array([1, NAN, 0, -0.0, 1, NAN, 2], "float16")
QUOTIENTS = np.float32([1, 1, -1, 7])

CASES = [
    *(
        Case(op, (ROWS.astype(kind), i32(1)), name=f"nan-{kind}", gradient=False)
        for op in ("ArgMax", "ArgMin")
        for kind in ("f", "d")
    ),
    Case("TopKV2", (SCORES, i32(2)), name="nan", gradient=False),
    Case("Unique", (ROWS.ravel(),), name="nan", gradient=False),
    Case("UniqueWithCounts", (HALVES,), name="nan-float16", gradient=False),
    Case("UpperBound", (np.float32([[1, 2, 3]]), np.float32([[NAN, 2]])), name="nan", gradient=False),
    Case("LowerBound", (np.float32([[1, 2, 3]]), np.float32([[NAN, 2]])), name="nan", gradient=False),
    Case("Bucketize", (np.float32([NAN, 2]),), {"boundaries": [1.0, 2.0, 3.0]}, name="nan", gradient=False),
    Case("SquaredDifference", (COMPLEX, COMPLEX[::-1].copy()), name="complex"),
    Case("Pow", (WHOLE, i32([[3, 5, 33, 0, 100, 2], [40, 62, 7, 0, 0, 2]])), name="wraps"),
    Case("Pow", (WHOLE.astype("q"), i32([[3, 5, 33, 0, 100, 2]]).astype("q")), name="int64-wraps", wide=True),
    Case(
        "FloorDiv",
        (np.float32([1, 1, -1, 7]), np.float32([0.001, -np.inf, np.inf, 0.5])),
        name="rounded-before",
        gradient=False,
    ),
    Case("Maximum", (np.float32([1, 2, 3, -0.5]), np.float32([1, 3, 3, -1])), name="ties"),
    Case("Minimum", (np.float32([1, 2, 3, -0.5]), np.float32(3)), name="ties"),
    Case("RightShift", (i32([-8, 9, 7]), i32([40, -1, 32])), name="beyond"),
    Case("LeftShift", (i32([1, 3, 7]), i32([40, -1, 33])), name="beyond"),
]
