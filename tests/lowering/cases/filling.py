"""Cases of hublayer.lowering.filling."""

import numpy as np

from lowering.case import Case, floats, i32, i64, integers

X = floats(2, 3)
F = np.float32

CASES = [
    Case("Tile", (X, i32(2, 3))),
    Case("Tile", (X, i64(1, 2)), name="int64-multiples"),
    Case("Tile", (X, i32(0, 2)), name="zero"),
    Case("Tile", (F(2), i32([])), name="scalar"),
    Case("Tile", (integers(2, dtype="int64"), i32([3])), name="int64"),
    Case("Tile", (np.array([True, False]), i32([2])), name="bool"),
    Case("Fill", (i32(2, 3), F(1.5))),
    Case("Fill", (i64(2, 0), i32(4)), name="empty"),
    Case("Fill", (i32([]), np.bool_(True)), name="scalar"),
    Case("Fill", (i32([3]), i64(2**20)), name="int64"),
    Case("BroadcastTo", (floats(3), i32(2, 3))),
    Case("BroadcastTo", (floats(2, 1), i64(4, 2, 3)), name="new-rank"),
    Case("BroadcastTo", (F(1), i32(2, 2)), name="scalar"),
    Case("BroadcastTo", (np.array([True]), i32([4])), name="bool"),
    Case("BroadcastTo", (floats(1, 3), i32(0, 3)), name="empty"),
    Case("BroadcastTo", (integers(1, 3), i32(2, 3)), name="int32"),
    Case("Empty", (i32(2, 3),), {"dtype": "float32", "init": True}),
    Case("Empty", (i32([2]),), {"dtype": "int64", "init": True}, name="int64"),
    Case("Range", (i32(0), i32(5), i32(1))),
    Case("Range", (i32(5), i32(0), i32(-2)), name="down"),
    Case("Range", (i32(5), i32(5), i32(1)), name="empty"),
    Case("Range", (i64(1), i64(10), i64(4)), name="int64"),
    Case("Range", (F(0), F(1), F(0.25)), name="float"),
    Case("LinSpace", (F(-1), F(2), i32(7))),
    Case("LinSpace", (F(3), F(2), i32(1)), name="one"),
    Case("LinSpace", (F(3), F(2), i32(2)), name="two"),
    Case("OneHot", (i32(0, 2, 1), i32(3), F(1), F(0))),
    Case("OneHot", (i32([0, 2], [1, 5], [-1, 1]), i32(3), F(5), F(-1)), name="out-of-range"),
    Case("OneHot", (i64([0, 2], [1, 0]), i32(3), i32(5), i32(-1)), {"axis": 0}, name="axis0"),
    Case("OneHot", (i32([0, 2], [1, 0]), i32(4), i64(1), i64(0)), {"axis": 1}, name="axis1"),
    Case("OneHot", (i32(1), i32(3), np.bool_(True), np.bool_(False)), name="scalar"),
    Case("OneHot", (np.array([1, 200], "uint8"), i32(3), F(1), F(0)), name="uint8"),
    Case("OneHot", (i32([]), i32(3), F(1), F(0)), name="empty"),
]
