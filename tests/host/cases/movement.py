"""Cases of hublayer.host.movement: ops that move elements, on strings."""

import numpy as np
from lowering.case import Case, i32, i64

from host.collect import strings, text

GRID = strings(["a", "bb", ""], ["é", b"\xff\x00", "z" * 40])
EMPTY = np.empty((0, 3), object)

CASES = [
    Case("Identity", (GRID,)),
    Case("Shape", (GRID,)),
    Case("Size", (GRID,), {"out_type": "int64"}),
    Case("Rank", (text("x"),)),
    Case("Reshape", (GRID, i32(3, -1))),
    Case("Reshape", (EMPTY, i32([-1])), name="empty"),
    Case("ExpandDims", (GRID, i32(1))),
    Case("Squeeze", (strings(["a"], ["b"]),)),
    Case("Transpose", (GRID, i32(1, 0))),
    Case("ConcatV2", ([GRID, GRID], i32(1))),
    Case("ConcatV2", ([GRID, EMPTY], i32(0)), name="empty"),
    Case("Pack", ([text("a"), text("b")],)),
    Case("Unpack", (GRID,), {"num": 2, "axis": 0}),
    Case("Split", (i32(1), GRID), {"num_split": 3}),
    Case("GatherV2", (GRID, i64(1, 0, 1), i32(0)), {"batch_dims": 0}),
    Case("GatherNd", (GRID, i64([[0, 1], [1, 2]]))),
    Case("Slice", (GRID, i32(0, 1), i32(2, 2))),
    Case("StridedSlice", (GRID, i32(0, 1), i32(0, 2), i32(1, 1)), {"begin_mask": 1, "end_mask": 1}),
    Case("StridedSlice", (GRID, i32(1, 2), i32(2, 3), i32(1, 1)), {"shrink_axis_mask": 3}, "one element"),
    Case("GatherV2", (strings("a", "b"), i32(1), i32(0)), name="one element"),
    Case("Squeeze", (strings("a"),), name="one element"),
    Case("Tile", (GRID, i32(1, 2))),
    Case("Fill", (i32(2, 2), text("x"))),
    Case("SelectV2", (np.array([True, False, True]), GRID, text("other"))),
    Case("BroadcastTo", (text("x"), i32(2, 3))),
    Case("ReverseV2", (GRID, i32([1]))),
    Case("ZerosLike", (GRID,)),
    Case("OneHot", (i64([0, -1], [1, 2]), i32(2), text("on"), text("off")), {"axis": 0}),
    Case("OneHot", (i64(1, 0), i32(3), text("on"), text("")), {"axis": -1}, "last axis"),
    Case("Pad", (GRID, i32([1, 0], [0, 2]))),
    Case("Pad", (EMPTY, i64([0, 1], [0, 0])), name="empty"),
]
