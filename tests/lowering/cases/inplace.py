"""Cases of hublayer.lowering.inplace."""

from __future__ import annotations

from lowering.case import Case, floats, i32, integers

X, ROWS = floats(5, 3), floats(2, 3, seed=1)

CASES = [
    *(
        case
        for op in ("InplaceUpdate", "InplaceAdd", "InplaceSub")
        for case in (
            Case(op, (X, i32(3, 0), ROWS), gradient=False),
            Case(op, (integers(4, 2, 2), i32([2]), integers(1, 2, 2, seed=1)), name="int32", gradient=False),
        )
    ),
    Case("InplaceAdd", (X, i32(1, 1), ROWS), name="repeated", gradient=False),
]
