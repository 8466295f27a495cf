"""Cases of hublayer.lowering.comparison."""

import numpy as np

from lowering.case import Case, floats, i32, integers
from lowering.cases.elementwise import EDGES, PAIRS, U, V, X, Y

COMPARE = ("Equal", "Greater", "GreaterEqual", "Less", "LessEqual", "NotEqual")
LOGIC = ("LogicalAnd", "LogicalOr")
BITS = ("BitwiseAnd", "BitwiseOr", "BitwiseXor")
TRUTH = np.array([[True, False, True], [False, False, True]])
WHOLE, OTHER = integers(2, 3), integers(2, 3, seed=1, low=-2, high=3)

CASES = [
    *(Case(op, (X, Y)) for op in COMPARE),
    *(Case(op, tuple(PAIRS), name="edges") for op in COMPARE),
    *(Case(op, (WHOLE, OTHER[0]), name="int32-broadcast") for op in COMPARE),
    *(Case(op, (WHOLE.astype("q"), np.int64(1)), name="int64-scalar") for op in COMPARE),
    *(Case(op, (U, V), name="uint8") for op in COMPARE),
    *(Case(op, (floats(0, 3), floats(3)), name="empty") for op in COMPARE),
    *(Case(op, (TRUTH, TRUTH[:1]), name="bool") for op in ("Equal", "NotEqual")),
    *(Case(op, (X[0], Y[0, :2]), {"incompatible_shape_error": False}, name="shapes") for op in ("Equal", "NotEqual")),
    *(Case(op, (X, X), {"incompatible_shape_error": False}, name="same") for op in ("Equal", "NotEqual")),
    Case("ApproximateEqual", (X, X + np.float32([0, 1e-6, 1e-3]))),
    Case("ApproximateEqual", (X, X + np.float32([0, 0.05, 0.2])), {"tolerance": 0.1}, name="tolerance"),
    Case("ApproximateEqual", (X.astype("d"), Y.astype("d")), {"tolerance": 1.0}, name="float64"),
    *(Case(op, (EDGES,)) for op in ("IsFinite", "IsInf", "IsNan")),
    *(Case(op, (EDGES[3].astype("e"),), name="scalar-float16") for op in ("IsFinite", "IsInf", "IsNan")),
    *(Case(op, (TRUTH, TRUTH[::-1].copy())) for op in LOGIC),
    *(Case(op, (TRUTH, np.array(True)), name="scalar") for op in LOGIC),
    Case("LogicalNot", (TRUTH,)),
    Case("LogicalNot", (np.zeros((0, 2), bool),), name="empty"),
    *(Case(op, (WHOLE, OTHER[:1])) for op in BITS),
    *(Case(op, (U, V), name="uint8") for op in BITS),
    Case("Invert", (WHOLE,)),
    Case("Invert", (U,), name="uint8"),
    *(Case(op, (WHOLE, np.int32([0, 1, 3]))) for op in ("LeftShift", "RightShift")),
    *(Case(op, (U, np.uint8(2)), name="uint8") for op in ("LeftShift", "RightShift")),
    *(Case(op, (WHOLE.astype("q"), np.int64(2)), name="int64") for op in ("LeftShift", "RightShift")),
    *(Case(op, (TRUTH, X, Y)) for op in ("Select", "SelectV2")),
    *(Case(op, (np.array(False), X, Y), name="scalar") for op in ("Select", "SelectV2")),
    *(Case(op, (TRUTH, WHOLE, OTHER), name="int32") for op in ("Select", "SelectV2")),
    *(Case(op, (TRUTH, TRUTH, TRUTH[::-1].copy()), name="bool") for op in ("Select", "SelectV2")),
    *(Case(op, (TRUTH[:0], X[:0], Y[:0]), name="empty") for op in ("Select", "SelectV2")),
    *(Case(op, (PAIRS[0] > PAIRS[1], *PAIRS), name="edges") for op in ("Select", "SelectV2")),
    Case("Select", (np.array([True, False]), floats(2, 3, 2), floats(2, 3, 2, seed=1)), name="rows"),
    Case("SelectV2", (TRUTH[0], X, np.float32(-1)), name="broadcast"),
    Case("SelectV2", (TRUTH[:, :1], X[0], Y), name="broadcast-both"),
    Case("SelectV2", (TRUTH[0], i32(1, 2, 3), i32(0)), name="int32-scalar"),
    Case("SelectV2", (TRUTH, X.astype("e"), np.float16(0)), name="float16"),
]
