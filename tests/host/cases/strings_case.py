"""Cases of case, stripping, lengths, substrings and comparison."""

import numpy as np
from lowering.case import Case, i32, i64

from host.collect import strings, text
from host.texts import CUBE, GRID, HARD, NONE, RANDOM

SOME = strings("hello", "é中😀x!", b"\xffa\x80bc", b"\x80\x80abcd")

CASES = [
    *(
        Case(op, (x,), {"encoding": encoding}, f"{name}-{encoding}")
        for op in ("StringLower", "StringUpper")
        for encoding in ("", "utf-8")
        for name, x in (
            ("hard", HARD),
            ("cube", CUBE),
            ("none", NONE),
            ("scalar", text("Éß")),
            ("random", RANDOM),
            ("ascii", strings("aB", "")),
            ("newer", strings("Ⱟⱟ Σ𐕰𐖗 ΑΣ\U00010f82 ɤƛ")),
        )
    ),
    *(
        Case("StringStrip", (x,), name=name)
        for name, x in (
            ("hard", HARD),
            ("none", NONE),
            ("random", RANDOM[:200]),
            ("kinds", strings(" \t\n\v\f\r\x1ca \x85")),
        )
    ),
    *(
        Case("StringLength", (x,), {"unit": unit}, f"{name}-{unit}")
        for name, x in (("hard", HARD), ("cube", CUBE), ("none", NONE), ("scalar", text("é")), ("random", RANDOM[:500]))
        for unit in ("BYTE", "UTF8_CHAR")
    ),
    *(
        Case("Substr", (SOME, np.array(pos, dtype), np.array(length, dtype)), {"unit": unit}, f"{pos}-{length}-{unit}")
        for dtype, unit in (("int32", "BYTE"), ("int64", "UTF8_CHAR"))
        for pos, length in (
            (0, 3),
            (1, 1),
            (2, 100),
            (-3, 2),
            (-1, 5),
            (3, 0),
            (0, -1),
            ([0, 1, 2, 3], [4, 3, 2, 1]),
            ([[0], [1]], [[1], [2]]),
            ([2], [1]),
        )
    ),
    Case("Substr", (CUBE, i64(0), i64(2)), name="cube"),
    Case("Substr", (text("hello"), i32(1, -2), i32(2, 2)), name="scalar"),
    Case("Substr", (NONE, i32(-5), i32(-1)), name="none"),
    Case("Substr", (SOME, i64(0), i64(2**63 - 1)), name="huge"),
    *(
        Case(op, (x, y), {"incompatible_shape_error": error}, f"{name}-{error}")
        for op in ("Equal", "NotEqual")
        for name, x, y, errors in (
            ("same", HARD, HARD.copy(), (True,)),
            ("scalar", GRID, text(""), (True,)),
            ("scalars", text("a"), text("a"), (True,)),
            ("broadcast", strings(["a"], ["b"]), strings("a", "b", "c"), (True, False)),
            ("none", NONE, text("a"), (True,)),
            ("shapes", strings("a", "b"), strings("a", "b", "c"), (False,)),
        )
        for error in errors
    ),
    Case("Equal", (i32(1, 2), i32(2)), name="numbers"),
    Case("NotEqual", (i32(1, 2), i32(2)), name="numbers"),
]
