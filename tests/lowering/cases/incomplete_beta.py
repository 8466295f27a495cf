"""Cases of Betainc."""

from __future__ import annotations

import numpy as np

from lowering.case import Case, floats

A, B = floats(4, 5, low=0.2, high=6), floats(4, 5, seed=1, low=0.2, high=6)
X = floats(4, 5, seed=2, low=0.02, high=0.98)
_EDGES = np.float32([0, 1, 0.5, -0.1, 1.1])

CASES = [
    Case("Betainc", (A, B, X), rtol=2e-5),
    Case("Betainc", (A.astype("d"), B.astype("d"), X.astype("d")), name="float64", rtol=2e-5),
    Case("Betainc", (np.float32(2), np.float32(3), X), name="scalars", rtol=2e-5),
    Case("Betainc", (20 * A, 30 * B, X), name="large", gradient=False, rtol=1e-4),
    Case("Betainc", (np.full(5, 2, "f"), np.full(5, 3, "f"), _EDGES), name="edges", gradient=False),
]
