"""Numbers that TensorFlow refuses."""

from __future__ import annotations

from typing import Any

import numpy as np
from lowering.case import floats, i32, i64

from host.collect import strings, text
from host.program import Program, Step


def refused(name: str, op: str, inputs: tuple[Any, ...], attrs: dict[str, Any], raises: str) -> Program:
    return Program(f"{op}, {name}", (Step("op", op, inputs, attrs),), (), raises=raises)


PROGRAMS = [
    refused("columns and rows", "MatMul", (floats(2, 3), floats(2, 3)), {}, "MatMul"),
    refused("vectors", "MatMul", (floats(3), floats(3)), {}, "two matrices"),
    refused("too many", "TopKV2", (floats(2, 3), i32(4)), {}, "no 4 largest of 3"),
    refused("no such element", "NthElement", (floats(2, 3), i32(3)), {}, "no element 3"),
    refused("nan", "CheckNumerics", (np.float32([1, np.nan]),), {"message": "here"}, "here : a number is NaN"),
    refused("by zero", "Mod", (i32(1, 2), i32(1, 0)), {}, "divided by zero"),
    refused("no axis", "Cumprod", (floats(2, 3), i32(2)), {}, "not all among"),
    refused("outside", "TensorScatterAdd", (floats(3), i32([[3]]), floats(1)), {}, "lies outside"),
    refused("no range", "HistogramFixedWidth", (floats(3), np.float32([1, 1]), i32(2)), {}, "cannot be counted"),
    refused("no bins", "HistogramFixedWidth", (floats(3), np.float32([0, 1]), i32(0)), {}, "cannot be counted"),
    refused("outside", "MatrixDiagPartV3", (floats(2, 3), i32(3), np.float32(0)), {}, "do not all lie"),
    refused("outside", "MatrixSetDiagV3", (floats(2, 3), floats(5), i32(0)), {}, "were expected"),
    refused("too wide", "MirrorPad", (strings("a", "b"), i32([[2, 0]])), {"mode": "REFLECT"}, "not within 0 and 1"),
    refused("too long", "ReverseSequence", (strings(["a", "b"]), i64([3])), {"seq_dim": 1}, "not all within 0 and 2"),
    refused("other lengths", "ReverseSequence", (strings(["a", "b"]), i64(1, 1)), {"seq_dim": 1}, "do not fit"),
    refused("no such row", "GatherV2", (strings("a", "b"), i32(0, 2), i32(0)), {}, "not all among 2 rows"),
    refused("a negative row", "GatherV2", (strings("a", "b"), i32(0, -1), i32(0)), {}, "not all among 2 rows"),
    refused("last axis", "Bitcast", (np.array([1, 2, 3], np.uint8),), {"type": "int32"}, "a last axis of 4"),
    Program("AccumulateNV2, three",  # a kernel only after TensorFlow has rewritten the graph
            (Step("op", "AccumulateNV2", ([floats(2, 3), floats(2, 3, seed=1), floats(2, 3, seed=2)],),
                  {"shape": (2, 3)}),), ("op",)),
    Program("GatherV2, nothing of nothing",
            (Step("op", "GatherV2", (np.zeros(0, object), i32([]), i32(0))), Step("x", "Size", (text("a"),))), ("op",)),
]  # fmt: skip
