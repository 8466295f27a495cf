"""Ragged tensors as variants, and what TensorFlow refuses."""

from __future__ import annotations

from typing import Any

import numpy as np
from lowering.case import i32, i64

from host.cases.ragged import NOTHING, OUTER, SPLITS, VECTORS, WORDS
from host.collect import strings, text
from host.program import Program, Step


def refused(name: str, op: str, inputs: tuple[Any, ...], attrs: dict[str, Any], raises: str) -> Program:
    return Program(f"{op}, {name}", (Step("op", op, inputs, attrs),), (), raises=raises)


def there_and_back(name: str, nested: list[Any], values: Any, batched: bool, dtype: str, splits: str = "int64"):
    rank = len(nested)
    attrs = {"input_ragged_rank": rank - batched, "output_ragged_rank": rank, "Tvalues": dtype, "Tsplits": splits}
    steps = (
        Step("in", "RaggedTensorToVariant", (nested, values), {"batched_input": batched}),
        Step("shape", "Shape", ("in",)),
        Step("out", "RaggedTensorFromVariant", ("in",), attrs),
    )
    return Program(f"there and back, {name}", steps, ("shape", *(f"out:{i}" for i in range(rank + 1))))


BACK = {"input_ragged_rank": -1, "output_ragged_rank": 2, "Tvalues": "string", "Tsplits": "int64"}
VARIANTS = [
    *[there_and_back(f"{len(nested)} levels, {dtype}, {batched}", nested, values, batched, dtype)
      for nested in ([SPLITS], [OUTER, SPLITS])
      for values, dtype in ((WORDS, "string"), (VECTORS, "float32")) for batched in (True, False)],
    there_and_back("int32 splits", [i32(SPLITS)], WORDS, True, "string", "int32"),
    there_and_back("no rows", [i64([0])], NOTHING, False, "string"),
    there_and_back("empty rows", [i64(0, 0, 0)], NOTHING, True, "string"),
    *[there_and_back(f"a dense tensor, {dtype}, {len(values)}", [], values, False, dtype)
      for values, dtype in ((WORDS, "string"), (VECTORS, "float32"), (NOTHING, "string"))],
    Program("rows of a dense tensor",
            (Step("rows", "RaggedTensorToVariant", ([], VECTORS), {"batched_input": True}),
             Step("out", "RaggedTensorFromVariant", ("rows",),
                  {"input_ragged_rank": 0, "output_ragged_rank": 1, "Tvalues": "float32", "Tsplits": "int32"})),
            ("out", "out:1")),
    Program("variants in a matrix",
            (Step("rows", "RaggedTensorToVariant", ([SPLITS], WORDS), {"batched_input": True}),
             Step("grid", "Reshape", ("rows", i32(2, 2))),
             Step("out", "RaggedTensorFromVariant", ("grid",), BACK)), ("out", "out:1", "out:2")),
    Program("rows in another order",
            (Step("rows", "RaggedTensorToVariant", ([SPLITS], WORDS), {"batched_input": True}),
             Step("some", "GatherV2", ("rows", i32(3, 0, 3), i32(0))),
             Step("out", "RaggedTensorFromVariant", ("some",), {**BACK, "output_ragged_rank": 1})),
            ("out", "out:1")),
    Program("another dtype",
            (Step("rows", "RaggedTensorToVariant", ([SPLITS], WORDS), {"batched_input": True}),
             Step("out", "RaggedTensorFromVariant", ("rows",),
                  {**BACK, "output_ragged_rank": 1, "Tvalues": "int64"})), (), raises="variant of 0 levels of int64"),
    Program("other levels",
            (Step("rows", "RaggedTensorToVariant", ([SPLITS], WORDS), {"batched_input": True}),
             Step("out", "RaggedTensorFromVariant", ("rows",), {**BACK, "output_ragged_rank": 3})), (),
            raises="variant of 2 levels of string"),
]  # fmt: skip

TYPES = {"row_partition_types": ["ROW_SPLITS"]}
REFUSED = [
    refused("another rank", "RaggedTensorToTensor", (i64(2, 2, 2), WORDS, text(""), [SPLITS]), TYPES, "dimensions"),
    refused("values of another shape", "RaggedTensorToTensor", (i64(-1, -1, 3), VECTORS, np.float32(0), [SPLITS]),
            TYPES, "does not end like"),
    refused("splits", "RaggedTensorToSparse", ([i64(0, 9)], WORDS), {}, "must ascend from 0 to 7"),
    refused("index too large", "RaggedGather", ([SPLITS], WORDS, i64([4])), {"OUTPUT_RAGGED_RANK": 1}, "4 rows"),
    refused("negative index", "RaggedGather", ([SPLITS], WORDS, i64([-1])), {"OUTPUT_RAGGED_RANK": 1}, "4 rows"),
    refused("no step", "RaggedRange", (i64(0), i64(3), i64([0])), {}, "steps of 0"),
    refused("other lengths", "RaggedRange", (i64(0, 1), i64(3, 4, 5), i64(1)), {}, "vectors of one length"),
    refused("row too large", "RaggedFillEmptyRows", (i64(0, 5), strings("a", "b"), i64(5), text("")), {}, "row 5 of 5"),
]  # fmt: skip

PROGRAMS = VARIANTS + REFUSED
