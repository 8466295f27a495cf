"""The gamma function's relatives and the incomplete beta function on the host."""

from __future__ import annotations

import numpy as np
from lowering.case import Case, floats

_EDGES = np.array([np.nan, -np.inf, np.inf, 0, -0.0, -1, -2, -0.5, 0.001, 1, 2, 30, 1000])
_A, _X = (x.ravel() for x in np.meshgrid(_EDGES, _EDGES))
_ORDERS = np.isfinite(_A) & (_A < 100)  # without those whose factorial is infinite
_B = np.array([np.nan, -1, 0, 0.5, 3, np.inf])
_BETA = [x.ravel() for x in np.meshgrid(_B, _B, [-0.1, 0, 0.3, 1, 1.1, np.nan])]


def _wide(count: int, low: float, high: float, seed: int) -> np.ndarray:
    return floats(count, seed=seed, low=low, high=high, dtype="float64")


_PAIRS = _wide(200, 0.01, 60, 1), _wide(200, 0, 80, 2)

CASES = [
    Case("Digamma", (_EDGES,), name="edges", rtol=1e-12),
    Case("Digamma", (_wide(200, -6, 40, 0),), rtol=1e-11),
    Case("Digamma", (floats(2, 3, low=0.1),), name="float32"),
    Case("Digamma", (floats(0, 3),), name="nothing"),
    Case("Zeta", (_A, _X), name="edges", rtol=1e-9),
    Case("Zeta", (_wide(200, 1.1, 12, 3), _wide(200, 0.05, 40, 4)), rtol=1e-9),
    Case("Polygamma", (_A[_ORDERS], _X[_ORDERS]), name="edges", rtol=1e-9),
    Case(
        "Polygamma",
        (np.array([1e4, 1e4, 501, 500, np.inf, np.inf, 1e300]), np.array([-0.05, 0.05, -0.05, -0.05, -3.5, 1.5, 0.05])),
        name="overflow",
    ),
    Case("Polygamma", (np.arange(200) % 6 * 1.0, _wide(200, 0.1, 20, 5)), rtol=1e-9),
    *(
        case
        for op in ("Igamma", "Igammac")
        for case in (
            Case(op, (_A, _X), name="edges", rtol=1e-9),
            Case(op, _PAIRS, rtol=1e-10),
            Case(op, (floats(2, 1, low=0.3), floats(3, low=0.3)), name="broadcast"),
        )
    ),
    Case("Betainc", tuple(_BETA), name="edges", rtol=1e-9),
    Case("Betainc", (_wide(200, 0.05, 50, 6), _wide(200, 0.05, 50, 7), _wide(200, 0, 1, 8)), rtol=1e-10),
    Case("Betainc", (floats(4, low=0.3), floats(4, low=0.3, seed=1), floats(4, low=0, high=1)), name="float32"),
]
