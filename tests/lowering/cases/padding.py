"""Cases of hublayer.lowering.padding."""

import numpy as np

from lowering.case import Case, floats, i32, i64, integers

X = floats(2, 3)
F = np.float32
BLOCKS = floats(1, 4, 6, 2)

CASES = [
    Case("Pad", (X, i32([1, 0], [2, 3]))),
    Case("Pad", (X, i64([0, 0], [0, 0])), name="nothing"),
    Case("Pad", (integers(3), i32([[1, 2]])), name="int32"),
    Case("Pad", (np.array([True, False]), i32([[1, 2]])), name="bool"),
    Case("Pad", (floats(0, 2), i32([1, 1], [0, 0])), name="empty"),
    Case("Pad", (floats(1, 2, 2, 1), i32([0, 0], [1, 2], [2, 1], [0, 0])), name="image"),
    Case("PadV2", (X, i32([1, 0], [2, 3]), F(7))),
    Case("PadV2", (X, i32([0, 1], [0, 0]), F(-np.inf)), name="infinity"),
    Case("PadV2", (integers(2, dtype="int64"), i32([[1, 2]]), i64(9)), name="int64"),
    Case("PadV2", (np.array([True, False]), i32([[1, 2]]), np.bool_(True)), name="bool"),
    Case("MirrorPad", (floats(3, 4), i32([1, 2], [3, 0])), {"mode": "REFLECT"}),
    Case("MirrorPad", (floats(3, 4), i32([3, 2], [1, 4])), {"mode": "SYMMETRIC"}, name="symmetric"),
    Case("MirrorPad", (floats(1, 4, 4, 2), i32([0, 0], [2, 2], [2, 2], [0, 0])), {"mode": "REFLECT"}, name="image"),
    Case("MirrorPad", (integers(4), i64([[1, 2]])), {"mode": "SYMMETRIC"}, name="int32"),
    Case("SpaceToDepth", (BLOCKS,), {"block_size": 2}),
    Case("SpaceToDepth", (integers(2, 3, 3, 1),), {"block_size": 3}, name="int32"),
    Case("DepthToSpace", (floats(2, 2, 3, 8),), {"block_size": 2}),
    Case("DepthToSpace", (floats(1, 1, 1, 9),), {"block_size": 3}, name="one"),
    Case("SpaceToBatch", (BLOCKS, i32([0, 0], [1, 1])), {"block_size": 2}),
    Case("BatchToSpace", (floats(4, 2, 3, 1), i32([0, 1], [1, 0])), {"block_size": 2}),
    Case("SpaceToBatchND", (BLOCKS, i32(2, 3), i32([0, 0], [1, 2]))),
    Case("SpaceToBatchND", (floats(2, 5, 3), i32([2]), i64([[1, 0]])), name="one-dimension"),
    Case("SpaceToBatchND", (floats(2, 4), i64([2]), i32([[0, 0]])), name="no-rest"),
    Case("BatchToSpaceND", (floats(6, 2, 3, 2), i32(2, 3), i32([0, 1], [2, 0]))),
    Case("BatchToSpaceND", (floats(4, 3, 3), i32([2]), i32([[1, 0]])), name="one-dimension"),
    Case("BatchToSpaceND", (integers(4, 3), i64([4]), i64([[1, 2]])), name="int32"),
]
