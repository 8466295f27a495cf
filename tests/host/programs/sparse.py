"""Sparse tensors, sets and segments that TensorFlow refuses."""

from __future__ import annotations

from typing import Any

import numpy as np
from lowering.case import floats, i32, i64

from host.collect import strings, text
from host.program import Program, Step

INDICES, WORDS, SHAPE = i64([0, 0], [2, 1]), strings("a", "b"), i64(3, 2)


def refused(name: str, op: str, inputs: tuple[Any, ...], attrs: dict[str, Any], raises: str) -> Program:
    return Program(f"{op}, {name}", (Step("op", op, inputs, attrs),), (), raises=raises)


PROGRAMS = [
    refused("row too large", "SparseFillEmptyRows", (i64([0, 0], [3, 0]), WORDS, SHAPE, text("")), {}, "row 3 of 3"),
    refused("negative row", "SparseFillEmptyRows", (i64([-1, 0], [2, 0]), WORDS, SHAPE, text("")), {}, "row -1 of 3"),
    refused("too few values", "SparseFillEmptyRows", (INDICES, WORDS[:1], SHAPE, text("")), {}, "a sparse tensor has"),
    refused("default vector", "SparseFillEmptyRows", (INDICES, WORDS, SHAPE, WORDS), {}, "must be a scalar"),
    refused("another size", "SparseReshape", (INDICES, SHAPE, i64(4, 2)), {}, "other numbers of elements"),
    refused("no divisor", "SparseReshape", (INDICES, SHAPE, i64(4, -1)), {}, "cannot become"),
    refused("two unknown", "SparseReshape", (INDICES, SHAPE, i64(-1, -1)), {}, "one dimension may be -1"),
    refused("nothing inferred", "SparseReshape", (i64([]).reshape(0, 2), i64(0, 2), i64(0, -1)), {}, "cannot become"),
    refused("out of bounds", "SparseToDense", (i64([0, 0], [2, 2]), SHAPE, WORDS, text("")), {}, "outside of"),
    refused("out of order", "SparseToDense", (i64([2, 0], [0, 1]), SHAPE, WORDS, text("")), {}, "out of order"),
    refused("repeated", "SparseToDense", (i64([2, 0], [2, 0]), SHAPE, WORDS, text("")), {}, "repeated"),
    refused("too many values", "SparseToDense", (INDICES, SHAPE, strings("a", "b", "c"), text("")), {}, "fit no"),
    refused("other shapes", "SparseConcat", ([INDICES, INDICES], [WORDS, WORDS], [SHAPE, i64(3, 3)]),
            {"concat_dim": 0}, "differ beside"),
    refused("no such dimension", "SparseConcat", ([INDICES, INDICES], [WORDS, WORDS], [SHAPE, SHAPE]),
            {"concat_dim": 2}, "no dimension 2"),
    refused("too many pieces", "SparseSplit", (i64(0), INDICES, WORDS, SHAPE), {"num_split": 4}, "cannot be split"),
    refused("no such dimension", "SparseSplit", (i64(2), INDICES, WORDS, SHAPE), {"num_split": 2}, "no dimension 2"),
    refused("no such partition", "DynamicPartition", (WORDS, i32(0, 2)), {"num_partitions": 2}, "partition 2 at 1"),
    refused("other shapes", "DynamicPartition", (WORDS, i32(0, 1, 1)), {"num_partitions": 2}, "does not start with"),
    refused("other shapes", "SparseAdd", (INDICES, floats(2), SHAPE, INDICES, floats(2), i64(3, 3), np.float32(0)), {},
            "differ"),
    refused("columns and rows", "SparseTensorDenseMatMul", (INDICES, floats(2), SHAPE, floats(3, 2)), {}, "do not fit"),
    refused("out of bounds", "SparseTensorDenseMatMul", (i64([0, 0], [9, 0]), floats(2), SHAPE, floats(2, 2)), {},
            "outside of the dense shape"),
    refused("no such axis", "SparseReduceSum", (INDICES, floats(2), SHAPE, i32(2)), {}, "not all among"),
    refused("not sorted", "SegmentSum", (floats(3), i32(0, 1, 0)), {}, "not sorted"),
    refused("too few ids", "SegmentSum", (floats(3), i32(0, 1)), {}, "3 rows need"),
    refused("negative", "SegmentMean", (floats(3), i32(-1, 1, 2)), {}, "negative"),
    refused("too large", "UnsortedSegmentSum", (floats(3), i32(0, 1, 2), i32(2)), {}, "not below num_segments=2"),
    refused("no such row", "SparseSegmentSum", (floats(3), i32(0, 3), i32(0, 0)), {}, "data has 3 rows"),
    refused("segment too large", "SparseSegmentSumWithNumSegments", (floats(3), i32(0, 1), i32(0, 2), i32(2)), {},
            "not below num_segments=2"),
    refused("a matrix", "Unique", (strings(["a", "b"]),), {}, "a vector was expected"),
    refused("other rows", "DenseToDenseSetOperation", (strings(["a"]), strings(["a"], ["b"])),
            {"set_operation": "union"}, "sets have shapes"),
    refused("unknown", "DenseToDenseSetOperation", (strings(["a"]), strings(["a"])), {"set_operation": "xor"},
            "must be one of"),
    refused("out of order", "SetSize", (i64([2, 0], [0, 1]), WORDS, SHAPE), {}, "out of order"),
    refused("negative", "Bincount", (i32(1, -1), i32(3), i32([])), {}, "negative"),
    refused("negative", "DenseBincount", (i32(1, -1), i32(3), i32([])), {}, "negative"),
    refused("other weights", "DenseBincount", (i32(1, 1), i32(3), i32(1, 2, 3)), {}, "do not fit"),
    refused("splits", "RaggedBincount", (i64(0, 5), i32(1, 1), i32(3), i32([])), {}, "must ascend from 0 to 2"),
    refused("splits", "RaggedCountSparseOutput", (i64(0, 5), i32(1, 1), i32([])), {"binary_output": False},
            "must ascend from 0 to 2"),
    refused("negative", "DenseCountSparseOutput", (i32(1, -1), i32([])), {"binary_output": False}, "negative"),
    refused("unsorted", "Bucketize", (floats(3),), {"boundaries": [1.0, 0.0]}, "must ascend"),
    refused("other rows", "LowerBound", (floats(2, 3), floats(3, 3)), {}, "as many rows"),
    refused("other ranks", "EditDistance", (INDICES, WORDS, SHAPE, i64([0, 0, 0], [0, 0, 1]), WORDS, i64(3, 2, 2)), {},
            "rows of both"),
    refused("integers", "SparseCross", ([INDICES], [i64(1, 2)], [SHAPE], []),
            {"hashed_output": False, "num_buckets": 0, "hash_key": 0, "out_type": "string", "internal_type": "string"},
            "hashed"),
    refused("other rows", "SparseCrossV2", ([INDICES], [WORDS], [SHAPE], [strings(["a"])], text("_")), {}, "rows"),
    refused("a vector", "SparseCrossV2", ([], [], [], [strings("a")], text("_")), {}, "features are matrices"),
]  # fmt: skip
