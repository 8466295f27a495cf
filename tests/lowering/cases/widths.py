"""Integers at the ends of their range: 64 bits, and the unsigned dtypes that PyTorch has no arithmetic in."""

import numpy as np

from lowering.case import Case, i32, i64

DTYPES = ("uint16", "uint32", "uint64", "int64")
ARITHMETIC = ("AddV2", "Mul", "Sub", "Maximum", "Minimum", "BitwiseAnd", "BitwiseOr", "BitwiseXor", "FloorMod")
DIVISIONS = ("Div", "FloorDiv", "TruncateDiv")
COMPARE = ("Equal", "GreaterEqual", "Less")
REDUCTIONS = ("Max", "Mean", "Min", "Prod", "Sum")


def _ends(dtype: str) -> np.ndarray:
    info = np.iinfo(dtype)
    values = [1, 3, 7, 100, info.max, info.max - 1, info.max // 2 + 1, info.max // 3]
    return np.array([*values, -1, -7, info.min + 1] if info.min else values, dtype)


def _pairs(dtype: str) -> tuple[np.ndarray, np.ndarray]:
    ends = _ends(dtype)
    return np.repeat(ends, len(ends)), np.tile(ends, len(ends))


def _of(dtype: str) -> list[Case]:
    ends, (x, y) = _ends(dtype), _pairs(dtype)
    rows = np.stack([ends, ends[::-1]])
    attrs = {"T": dtype}
    return [
        *(Case(op, (x, y), attrs, name=dtype, wide=True) for op in (*ARITHMETIC, *DIVISIONS, *COMPARE)),
        *(Case(op, (x, y % 70), attrs, name=dtype, wide=True) for op in ("LeftShift", "RightShift")),
        *(Case(op, (rows, i32([1])), attrs, name=dtype, wide=True) for op in REDUCTIONS),
        *(Case(op, (rows, i32(1)), attrs, name=dtype, wide=True) for op in ("ArgMax", "Cumprod", "Cumsum")),
        Case("TopKV2", (rows, i32(3)), attrs, name=dtype, wide=True),
        Case("UnsortedSegmentMax", (ends[:6], i32([0, 0, 2, 2, 3, 3]), i32(5)), attrs, name=dtype, wide=True),
        Case("SegmentMin", (ends[:6], i32([0, 0, 2, 2, 3, 3])), attrs, name=dtype, wide=True),
        Case("SegmentMean", (ends[:6], i32([0, 0, 2, 2, 3, 3])), attrs, name=dtype, wide=True),
        Case("GatherV2", (ends, i32([4, 0]), i32(0)), {"Tparams": dtype}, name=dtype, wide=True),
        Case("SelectV2", (x > y, x, y), attrs, name=dtype, wide=True),
        *(
            Case("Cast", (ends,), {"SrcT": dtype, "DstT": to}, name=f"{dtype}-{to}", wide=True)
            for to in ("float32", "float64", "int32", "uint16", "uint32", "uint64", "bool")
        ),
        Case("Bitcast", (ends,), {"T": dtype, "type": "uint8"}, name=dtype, wide=True),
    ]


CASES = [
    *(case for dtype in DTYPES for case in _of(dtype)),
    Case("Cast", (i64([-1, -(2**40), 2**40 + 7]),), {"SrcT": "int64", "DstT": "uint32"}, name="wraps", wide=True),
    Case("Cast", (np.float64([0.0, 2.0**63, 2.0**64 - 2048, 5.5]),), {"SrcT": "float64", "DstT": "uint64"}, wide=True,
         name="float64-uint64"),
    Case("Bitcast", (np.uint16([1, 0x8000, 0xFFFF, 0x3C00]).reshape(1, 4),), {"T": "uint16", "type": "uint64"},
         wide=True, name="parts"),
    Case("EuclideanNorm", (np.uint16([[3, 4], [60000, 60000]]), i32([1])), {"T": "uint16"}, wide=True, name="uint16"),
    # Means of narrow integers add up in 64 bits.
    *(
        Case("Mean", (np.full((3, 300), np.iinfo(dtype).max, dtype), i32([1])), {"T": dtype}, wide=True,
             name=f"{dtype}-sum")
        for dtype in ("int8", "uint8", "int16", "int32")
    ),
]  # fmt: skip
