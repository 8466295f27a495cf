"""Cases of hublayer.lowering.sorting."""

from typing import Any

import numpy as np

from lowering.case import Case, floats, i32, i64, integers


def f32(values: Any) -> np.ndarray:
    return np.array(values, np.float32)


TIES = f32([[1, 3, 3, 2, 3], [0, 0, 0, 0, 0]])
WORDS = i32(4, 1, 4, 7, 1, 4)

CASES = [
    Case("TopKV2", (floats(2, 5), i32(3))),
    Case("TopKV2", (TIES, i32(4)), name="ties"),
    Case("TopKV2", (floats(5), i32(5)), name="all"),
    Case("TopKV2", (floats(5), i32(0)), name="none"),
    Case("TopKV2", (integers(2, 5), i32(2)), name="int32"),
    Case("TopKV2", (integers(5, dtype="int64"), i32(2)), name="int64"),
    Case("TopKV2", (np.array([1, 200, 3], "uint8"), i32(2)), name="uint8"),
    Case("TopKV2", (floats(2, 5), i32(1)), {"sorted": False}, name="unsorted"),
    Case("TopKV2", (floats(5), i64(2)), {"index_type": "int64"}, name="int64-index", gradient=False),
    Case("NthElement", (floats(2, 5), i32(1))),
    Case("NthElement", (floats(2, 5), i32(1)), {"reverse": True}, name="reverse"),
    Case("NthElement", (integers(6), i32(2)), name="int32"),
    Case("InvertPermutation", (i32(2, 0, 1),)),
    Case("InvertPermutation", (i64(1, 0),), name="int64"),
    Case("Unique", (WORDS,)),
    Case("Unique", (f32([2, 1, 2]),), {"out_idx": "int64"}, name="float", gradient=False),
    Case("Unique", (i32([]),), name="empty"),
    Case("UniqueV2", (i32([1, 2], [3, 4], [1, 2]), i64([0])), name="rows"),
    Case("UniqueV2", (i32([5, 2, 5], [3, 4, 3]), i32([1])), {"out_idx": "int64"}, name="columns"),
    Case("UniqueV2", (WORDS, i32([]))),
    Case("UniqueWithCounts", (WORDS,)),
    Case("UniqueWithCounts", (i64(3, 3, 2),), {"out_idx": "int64"}, name="int64"),
    Case("UniqueWithCountsV2", (WORDS, i32([0]))),
    Case("Where", (np.array([[True, False], [True, True]]),)),
    Case("Where", (f32([0, 1.5, -1]),), name="float", gradient=False),
    Case("Where", (np.array([False, False]),), name="nothing"),
    Case("Where", (i32([0, 1], [2, 0]),), name="int32"),
    Case("ListDiff", (i32(1, 2, 3, 4, 2), i32(2, 4))),
    Case("ListDiff", (i64(1, 2), i64([])), {"out_idx": "int64"}, name="int64"),
    Case("LowerBound", (i32([1, 3, 3, 7], [0, 0, 1, 1]), i32([3, 8, 0], [0, 1, 2]))),
    Case("LowerBound", (f32([[0, 0.5, 1]]), f32([[0.5]])), {"out_type": "int64"}, name="int64", gradient=False),
    Case("UpperBound", (i32([1, 3, 3, 7], [0, 0, 1, 1]), i32([3, 8, 0], [0, 1, 2]))),
    Case("UpperBound", (f32([[0, 0.5, 1]]), f32([[0.5]])), {"out_type": "int64"}, name="int64", gradient=False),
    Case("Bincount", (i32(1, 1, 3, 9), i32(4), f32([])), gradient=False),
    Case("Bincount", (i32(1, 1, 3, 9), i32(4), f32([1, 2, 3, 4])), name="weights", gradient=False),
    Case("Bincount", (i32([0, 1], [1, 1]), i32(2), i64([])), name="int64"),
    Case("DenseBincount", (i32(1, 1, 3, 9), i32(4), f32([])), gradient=False),
    Case("DenseBincount", (i32([0, 1, 1], [2, 5, 2]), i32(3), f32([[1, 2, 3]] * 2)), name="weights", gradient=False),
    Case("DenseBincount", (i64([0, 1, 1], [2, 5, 2]), i64(3), i32([])), {"binary_output": True}, name="binary"),
    Case("DenseBincount", (i64(2, 2), i64(3), i64([])), {"binary_output": True}, name="binary-vector"),
    Case("HistogramFixedWidth", (f32([-1, 0, 1.5, 2, 5, 15]), f32([0, 5]), i32(5)), gradient=False),
    Case("HistogramFixedWidth", (i32([4, 9, -(2**31)]), i32(1, 2), i32(2)), name="overflow"),
    Case("HistogramFixedWidth", (i32([0, 3], [9, 4]), i32(0, 10), i32(4)), {"dtype": "int64"}, name="int64"),
]
