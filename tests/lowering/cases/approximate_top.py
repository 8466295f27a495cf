"""Cases of hublayer.lowering.approximate_top: TensorFlow is exact as well on CPUs, where it has this form only."""

from __future__ import annotations

from lowering.case import Case, floats

CASES = [
    Case("ApproxTopK", (floats(3, 7),), {"k": 2}),
    Case("ApproxTopK", (floats(2, 3, 9),), {"k": 9}, name="all"),
]
