"""Cases of hublayer.host.ragged."""

from typing import Any

import numpy as np
from lowering.case import Case, floats, i32, i64, integers

from host.collect import strings, text

WORDS = strings("a", "é", b"\xff\x00", "", "z" * 10_000, "漢", "👩")
NOTHING = np.zeros(0, object)
SPLITS = i64(0, 3, 3, 4, 7)
OUTER = i64(0, 1, 1, 4)
IDS = i64(0, 0, 0, 2, 3, 3, 3)
OUTER_IDS = i64(0, 2, 2, 2)
VECTORS = floats(7, 2)
SPLIT_TYPES, ID_TYPES = ["ROW_SPLITS"], ["FIRST_DIM_SIZE", "VALUE_ROWIDS"]


def dense(shape: Any, values: Any, default: Any, partitions: list[Any], types: list[str], name: str) -> Case:
    inputs = (np.array(shape, partitions[0].dtype), values, default, partitions)
    return Case("RaggedTensorToTensor", inputs, {"row_partition_types": types}, name=name)


PAD = text("-")
TO_TENSOR = [
    *[
        dense(shape, WORDS, PAD, *partition, name=f"{shape} by {partition[1][-1]}")
        for shape in (-1, [-1, -1], [4, 2], [6, 5], [2, 5], [-1, 2], [0, 3])
        for partition in (([SPLITS], SPLIT_TYPES), ([i64(4), IDS], ID_TYPES))
    ],
    dense([-1, -1], i64(*range(7)), i64(-1), [i32(SPLITS)], SPLIT_TYPES, "int32 splits"),
    dense([-1, -1, -1], WORDS, PAD, [OUTER, SPLITS], ["ROW_SPLITS"] * 2, "two levels"),
    dense([-1, -1, -1], WORDS, PAD, [i64(3), OUTER_IDS, IDS], [*ID_TYPES, "VALUE_ROWIDS"], "two levels of ids"),
    dense([2, 2, 2], WORDS, PAD, [OUTER, SPLITS], ["ROW_SPLITS"] * 2, "two levels, cut"),
    dense([-1, -1, 2], VECTORS, np.float32(9), [SPLITS], SPLIT_TYPES, "vectors"),
    dense([-1, -1, -1], VECTORS, np.float32([8, 9]), [SPLITS], SPLIT_TYPES, "vectors and a default vector"),
    dense(-1, np.stack([WORDS, WORDS], axis=1), strings("p", "q"), [SPLITS], SPLIT_TYPES, "pairs of strings"),
    dense([-1, -1], NOTHING, PAD, [i64([0])], SPLIT_TYPES, "no rows"),
    dense([-1, -1], NOTHING, PAD, [i64(0, 0, 0)], SPLIT_TYPES, "empty rows"),
    dense([-1, 3], NOTHING, PAD, [i64(2), i64([])], ID_TYPES, "empty rows by ids"),
    dense([-1, -1], np.array([True] * 7), np.array(False), [SPLITS], SPLIT_TYPES, "bools"),
]
TO_SPARSE = [
    Case("RaggedTensorToSparse", ([SPLITS], WORDS)),
    Case("RaggedTensorToSparse", ([i32(SPLITS)], integers(7)), name="int32 splits"),
    Case("RaggedTensorToSparse", ([OUTER, SPLITS], WORDS), name="two levels"),
    Case("RaggedTensorToSparse", ([SPLITS], VECTORS), name="vectors"),
    Case("RaggedTensorToSparse", ([SPLITS], floats(7, 2, 3)), name="matrices"),
    Case("RaggedTensorToSparse", ([i64([0])], NOTHING), name="no rows"),
    Case("RaggedTensorToSparse", ([i64(0, 0, 0)], NOTHING), name="empty rows"),
]
GATHER = [
    *[
        Case("RaggedGather", (nested, values, indices), {"OUTPUT_RAGGED_RANK": len(nested) + indices.ndim - 1},
             name=f"{len(nested)} levels, {values.dtype} {values.ndim}, {indices.shape}")
        for nested in ([SPLITS], [OUTER, SPLITS]) for values in (WORDS, VECTORS)
        for indices in (i32(0, 2, 0), i64([[1, 0], [2, 2]]), i64([]))
    ],
    Case("RaggedGather", ([i32(SPLITS)], WORDS, i64([[[3, 0]], [[1, 2]]])), {"OUTPUT_RAGGED_RANK": 3}, name="rank 3"),
    Case("RaggedGather", ([SPLITS], WORDS, i64([3])), {"OUTPUT_RAGGED_RANK": 1}, name="one"),
]  # fmt: skip
RANGE = [
    Case("RaggedRange", (i32(0, 5, 8, 3), i32(3, 5, 2, 9), i32(1, 1, -2, 4))),
    Case("RaggedRange", (i64(0), i64(3, 0, 5), i64(2)), {"Tsplits": "int32"}, name="scalars"),
    Case("RaggedRange", (i64(0), i64(5), i64(2)), name="all scalars"),
    Case("RaggedRange", (np.float32([0, 1]), np.float32([1, 0]), np.float32([0.3, -0.4])), name="floats"),
    Case("RaggedRange", (np.float64(1), np.float64([1, 2, 3.1]), np.float64(1)), name="float64"),
    Case("RaggedRange", (i64([]), i64([]), i64([])), name="no rows"),
]
FILL = [
    Case("RaggedFillEmptyRows", (i64(0, 0, 3), strings("a", "b", "c"), i64(5), PAD)),
    Case("RaggedFillEmptyRows", (i64(3, 0, 1), i64(1, 2, 3), i64(5), i64(-1)), name="unordered"),
    Case("RaggedFillEmptyRows", (i64([]), NOTHING, i64(2), PAD), name="no values"),
    Case("RaggedFillEmptyRows", (i64(0, 1), floats(2), i64(2), np.float32(0)), name="nothing empty"),
]

CASES = TO_TENSOR + TO_SPARSE + GATHER + RANGE + FILL
