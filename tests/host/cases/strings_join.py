"""Cases of hublayer.host.strings_join."""

import numpy as np
from lowering.case import Case, i32, i64

from host.collect import strings, text
from host.texts import CUBE, GRID, NONE

CASES = [
    *(
        Case("StringJoin", (inputs,), {"separator": separator}, f"{name}-{separator}")
        for name, inputs in (
            ("pair", [GRID, GRID[::-1].copy()]),
            ("scalar", [text("a"), GRID, text(b"\xff")]),
            ("scalars", [text("a"), text("")]),
            ("one", [GRID]),
            ("none", [NONE, text("x"), NONE]),
        )
        for separator in ("", "-", "é")
    ),
    *(
        Case("ReduceJoin", (CUBE, i32(axes)), {"keep_dims": keep, "separator": "+"}, f"{axes}-{keep}")
        for axes in ([], [0], [1], [2], [-1], [0, 1], [1, 0], [2, 0], [-1, 0, 1], 1)
        for keep in (True, False)
    ),
    *(
        Case("ReduceJoin", (np.empty(shape, object), i32(axes)), {"separator": "+"}, f"empty-{shape}-{axes}")
        for shape, axes in (((0,), [0]), ((2, 0), [1]), ((0, 2), [0]), ((0, 2), [1]), ((0, 2), [0, 1]))
    ),
    Case("ReduceJoin", (text("a"), i32([])), name="scalar"),
    Case(
        "UnsortedSegmentJoin", (strings("a", "", "c", "d", "", ""), i64(1, 0, 1, 0, 3, 1), i32(5)), {"separator": ","}
    ),
    Case("UnsortedSegmentJoin", (CUBE, i32(2, 0), i64(3)), {"separator": ","}, "rows"),
    Case("UnsortedSegmentJoin", (CUBE, i32([[2, 0, 2], [1, 2, 0]]), i64(3)), {"separator": ","}, "matrix"),
    Case("UnsortedSegmentJoin", (NONE, i32([]), i32(2)), name="none"),
    Case("UnsortedSegmentJoin", (np.empty((0, 3), object), i32([]), i32(2)), name="none-rows"),
    Case("Add", (GRID, GRID)),
    Case("Add", (GRID, text("x")), name="scalar"),
    Case("Add", (strings(["a"], ["b"]), strings("c", "d", "e")), name="broadcast"),
    Case("Add", (text("a"), text("b")), name="scalars"),
    Case("Add", (i32(1, 2), i32(2)), name="numbers"),
]
