"""Cases of hublayer.lowering.reordering."""

import numpy as np

from lowering.case import Case, floats, i32, i64, integers

X = floats(2, 3)
CUBE = floats(2, 3, 4)

CASES = [
    Case("Reverse", (X, np.array([False, True]))),
    Case("Reverse", (X, np.array([False, False])), name="nothing"),
    Case("ReverseV2", (X, i32([1]))),
    Case("ReverseV2", (CUBE, i64([-1, 0])), name="two"),
    Case("ReverseV2", (X, i32([])), name="nothing"),
    Case("ReverseV2", (np.array([True, False]), i32([0])), name="bool"),
    Case("ReverseV2", (np.array([1, 2, 3], "uint8"), i32([0])), name="uint8"),
    Case("ReverseSequence", (CUBE, i32(2, 0)), {"seq_dim": 1}),
    Case("ReverseSequence", (CUBE, i64([4, 1, 3])), {"seq_dim": 2, "batch_dim": 1}, name="int64-lengths"),
    Case("ReverseSequence", (integers(3, 2), i64(3, 2)), {"seq_dim": 0, "batch_dim": 1}, name="int32"),
    Case("ReverseSequence", (np.array([[True, False, False]]), i64([2])), {"seq_dim": 1}, name="bool"),
    Case("Roll", (X, i32(1), i32(1))),
    Case("Roll", (CUBE, i32(-2, 1, 3), i32(-1, 0, 1)), name="several"),
    Case("Roll", (CUBE, i64(1, 1), i64(1, 1)), name="twice"),
    Case("Roll", (integers(4), i32(6), i32(0)), name="int32"),
    Case("Roll", (floats(0, 2), i32(1), i32(0)), name="empty"),
]
