"""Cases of hublayer.host.strings_format and hublayer.host.strings_parse."""

import ml_dtypes
import numpy as np
from lowering.case import Case, i32, i64

from host.collect import strings, text
from host.texts import CUBE, HARD, NONE

REALS = np.array(
    [
        0,
        -0.0,
        1,
        -1.5,
        0.1,
        1 / 3,
        123456789,
        1e5,
        1e15,
        1e16,
        1e20,
        3e38,
        1e-5,
        1e-7,
        1e-40,
        2.5,
        np.inf,
        -np.inf,
        np.nan,
        -np.nan,
    ]
)
FORMATS = [
    {},
    {"precision": 2},
    {"precision": 0},
    {"precision": 20},
    {"scientific": True},
    {"shortest": True},
    {"shortest": True, "precision": 3},
    {"width": 12},
    {"width": 12, "fill": "0"},
    {"width": 12, "fill": "-"},
    {"width": 12, "fill": "+"},
    {"width": 12, "fill": " "},
    {"width": 12, "fill": "#"},
    {"fill": "+"},
    {"width": 14, "fill": "0", "precision": 3, "scientific": True},
]
WHOLE = [f for f in FORMATS if not {"precision", "scientific", "shortest"} & set(f)]


def _integers(dtype: str) -> np.ndarray:
    bounds = np.iinfo(dtype)
    return np.array([0, 1, 7, bounds.max, bounds.min, bounds.max // 3], dtype)


with np.errstate(all="ignore"):
    COMPLEX = {dtype: (REALS + 1j * REALS[::-1]).astype(dtype) for dtype in ("complex64", "complex128")}
    FLOATS = {
        "float64": REALS,
        "float32": REALS.astype("float32"),
        "float16": REALS.astype("float16"),
        "bfloat16": REALS.astype(ml_dtypes.bfloat16),
    }
INTEGERS = {
    dtype: _integers(dtype) for dtype in ("int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64")
}

DECIMALS = [
    "1",
    "-1",
    "+1",
    " 1",
    "1 ",
    "\t1\n",
    "\x0b1",
    "010",
    "-0",
    "+0",
    "00",
    "2147483647",
    "16777217",
    "0000000000000000000000000000000000009",
]
REAL_TEXTS = [
    *DECIMALS,
    "0x10",
    "-0X1f",
    "0x1p3",
    "0x1.8p1",
    "0x.8",
    "0x8.",
    "1e5",
    "1E5",
    ".5",
    "5.",
    "-.5",
    "1.e5",
    "1e0005",
    "1e400",
    "-1e400",
    "1e-400",
    "inf",
    "-INF",
    "+Infinity",
    "nan",
    "-NaN",
    "nan(12)",
    "NAN()",
    "123456789012345678901234567890",
    "3.4028235e38",
    "3.4028236e38",
    "1e-45",
    "7e-46",
    "1.7976931348623157e308",
    "4.9e-324",
    "2e-324",
    "1e99999999999999999999",
    "1" * 400,
    "0.30000001192092896",
    "  -0x1f  ",
    "1.00000005960464477539062500000000000000000001",
    "1.000000059604644775390625",
    "1.0000001788139343261718750",
    "8388608.5",
    "8388609.5",
]

CASES = [
    *(
        Case("AsString", (values,), attrs, f"{dtype}-{number}")
        for dtype, values in {**FLOATS, **COMPLEX}.items()
        for number, attrs in enumerate(FORMATS)
    ),
    *(
        Case("AsString", (values,), attrs, f"{dtype}-{number}")
        for dtype, values in {**INTEGERS, "bool": np.array([True, False])}.items()
        for number, attrs in enumerate(WHOLE)
    ),
    *(Case("AsString", (HARD[:13],), attrs, f"string-{number}") for number, attrs in enumerate(WHOLE)),
    Case("AsString", (np.zeros((0, 2)),), name="none"),
    Case("AsString", (i32(5),), name="scalar"),
    *(
        Case(
            "StringToNumber",
            (strings(*(DECIMALS[:1] + DECIMALS[2:8] + DECIMALS[9:] if dtype[0] == "u" else DECIMALS)),),
            {"out_type": dtype},
            dtype,
        )
        for dtype in ("int32", "int64", "uint32", "uint64")
    ),
    Case(
        "StringToNumber",
        (strings("9223372036854775807", "-9223372036854775808"),),
        {"out_type": "int64"},
        "bounds-int64",
    ),
    Case("StringToNumber", (strings("18446744073709551615", "0"),), {"out_type": "uint64"}, "bounds-uint64"),
    *(
        Case("StringToNumber", (strings(*texts),), {"out_type": dtype}, f"{dtype}-{name}")
        for dtype in ("float32", "float64")
        for name, texts in (("all", REAL_TEXTS), ("decimal", ["1.5", "-2e3", "+.5 "]))
    ),
    Case("StringToNumber", (text("1.5"),), name="scalar"),
    Case("StringToNumber", (NONE,), {"out_type": "int64"}, "none"),
    *(
        Case("StringFormat", ([values],), {"summarize": most}, f"{name}-{most}")
        for name, values in {
            **FLOATS,
            **COMPLEX,
            **INTEGERS,
            "bool": np.array([[True], [False]]),
            "string": HARD[:13],
            "cube": CUBE,
            "scalar": i32(7),
            "matrix": np.arange(99, dtype="int32").reshape(9, 11),
            "deep": np.arange(5**4).reshape(5, 5, 5, 5),
            "none": np.zeros((2, 0), "float32"),
        }.items()
        for most in (3, 1, 0, -1)
    ),
    Case(
        "StringFormat", ([i32(1), text("é"), i64(2, 3)],), {"template": "a {} é {}{}", "placeholder": "{}"}, "several"
    ),
    Case("StringFormat", ([],), {"template": "nothing"}, "nothing"),
]
