"""Cases of hublayer.host.crosses."""

from typing import Any

import numpy as np
from lowering.case import Case, i32, i64

from host.collect import strings, text

A = i64([0, 0], [0, 1], [2, 0], [3, 1], [3, 2]), strings("a", b"\xff\x00", "é", "", "z" * 40), i64(4, 3)
B = i64([0, 0], [2, 1], [2, 2], [3, 0]), i64(5, -7, 2**62, 0), i64(4, 4)
D = strings(["p", "q"], ["r", ""], ["p", "p"], ["漢", "字"])
N = i64([[1, 2], [3, 4], [-5, 6], [2**40, 0]])
NOTHING = i64([]).reshape(0, 2), np.zeros(0, object), i64(4, 3)
NO_ROWS = i64([]).reshape(0, 2), np.zeros(0, object), i64(0, 3)


def crossed(op: str, sparse: list[Any], dense: list[Any], more: tuple[Any, ...] = (), name: str = "", **attrs: Any):
    lists = tuple([item[i] for item in sparse] for i in range(3))
    return Case(op, (*lists, dense, *more), attrs, name=name)


HASHED = {"hashed_output": True, "out_type": "int64", "hash_key": 956888297470}
TEXT = {"hashed_output": False, "out_type": "string", "internal_type": "string", "num_buckets": 0, "hash_key": 0}
RAGGED = strings("a", "b", "", "d", "e"), i64(0, 2, 2, 5, 5)
NUMBERS = i64(1, 2, -3, 4, 5), i64(0, 1, 3, 4, 5)
OUT = {"out_row_splits_type": "int64", "num_buckets": 0, "hash_key": 956888297470}

CASES = [
    crossed("SparseCrossV2", [A, B], [D, N], (text("_X_"),)),
    crossed("SparseCrossV2", [A], [D], (text(""),), name="no separator"),
    crossed("SparseCrossV2", [A, NOTHING], [], (text("-"),), name="nothing to cross with"),
    crossed("SparseCrossV2", [NO_ROWS], [], (text("-"),), name="no rows"),
    crossed("SparseCrossV2", [], [D], (text("-"),), name="one feature"),
    *[
        crossed("SparseCrossHashed", [A, B], [D, N], (i64(buckets), np.array(False), i64(1, 2**62)), name=f"{buckets}")
        for buckets in (0, 1000)
    ],
    # TensorFlow's kernel crashes for a strong hash of integers.
    crossed("SparseCrossHashed", [A], [D], (i64(0), np.array(True), i64(1, 2**62)), name="strong"),
    crossed("SparseCrossHashed", [B], [], (i64(0), np.array(False), i64(1, 2)), name="integers alone"),
    crossed("SparseCross", [A], [D], internal_type="string", num_buckets=0, **HASHED, name="hashed strings"),
    crossed("SparseCross", [A], [D], internal_type="string", num_buckets=100, **HASHED, name="buckets"),
    crossed("SparseCross", [A, B], [N], internal_type="int64", num_buckets=100, **HASHED, name="internal int64"),
    crossed("SparseCross", [A, A], [D], **TEXT, name="text"),
    *[
        Case("RaggedCross",
             ([RAGGED[0], NUMBERS[0]], [RAGGED[1], NUMBERS[1]], [A[0]], [A[1]], [A[2]], [D]),
             {"input_order": order, "hashed_output": hashed, "out_values_type": out, **OUT}, name=f"{order} {out}")
        for order in ("RSDR", "DRRS") for hashed, out in ((True, "int64"), (False, "string"))
    ],
    Case("RaggedCross", ([RAGGED[0], NUMBERS[0]], [i32(RAGGED[1]), i32(NUMBERS[1])], [], [], [], []),
         {"input_order": "RR", "hashed_output": True, "out_values_type": "int64", **OUT, "num_buckets": 50,
          "out_row_splits_type": "int32"}, name="buckets"),
]  # fmt: skip
