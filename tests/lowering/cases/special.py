"""Cases of the special functions in hublayer.lowering.backends."""

import numpy as np

from lowering.case import Case, floats

P, Q = floats(2, 3, low=0.3, high=4.0), floats(2, 3, seed=1, low=0.3, high=4.0)
UNIT = floats(2, 3, seed=2, low=0.05, high=0.95)
BESSEL = ("BesselI0", "BesselI0e", "BesselI1", "BesselI1e")
CASES = [
    *(Case(op, (P,)) for op in ("Digamma", "Lgamma", *BESSEL)),
    *(Case(op, (np.float32(0.7),), name="scalar") for op in ("Digamma", "Lgamma", "Ndtri", *BESSEL)),
    *(Case(op, (P.astype("d"),), name="float64") for op in ("Digamma", "Lgamma", *BESSEL)),
    *(Case(op, (P[:0],), name="empty") for op in ("Digamma", "Lgamma", "Ndtri", *BESSEL)),
    *(Case(op, (-P,), name="negative") for op in ("Digamma", "Lgamma", *BESSEL)),
    *(Case(op, (P.astype("e"),), name="float16") for op in BESSEL),
    Case("Lgamma", (np.float32([np.inf, -np.inf, np.nan, 0, 1, 2, 5]),), name="edges", gradient=False),
    Case("Ndtri", (UNIT,)),
    Case("Ndtri", (UNIT.astype("d"),), name="float64"),
    Case("Ndtri", (np.float32([0, 1, 1e-6, 0.5]),), name="edges", gradient=False),
    *(Case(op, (np.linspace(-6, 6, 25, dtype="float32"),)) for op in ("FresnelCos", "FresnelSin")),
    *(Case(op, (np.linspace(-9, 9, 37).reshape(1, 37),), name="float64") for op in ("FresnelCos", "FresnelSin")),
    *(Case(op, (np.float32(1.8),), name="scalar") for op in ("FresnelCos", "FresnelSin")),
    *(Case(op, (np.float32([np.inf, -np.inf, np.nan, 5e4, -1e9, 0]),), name="edges", gradient=False)
      for op in ("FresnelCos", "FresnelSin")),
    *(Case(op, (P, Q)) for op in ("Igamma", "Igammac")),
    *(Case(op, (P, Q[:1].astype("f")), name="broadcast") for op in ("Igamma", "Igammac")),
    *(Case(op, (P.astype("d"), Q.astype("d")), name="float64") for op in ("Igamma", "Igammac")),
    *(Case(op, (np.float32([0.01, 30, 60]), np.float32([0.5, 20, 65])), name="small-and-large")
      for op in ("Igamma", "Igammac")),
    Case("Polygamma", (np.float32([0, 1, 3]), P)),
    Case("Zeta", (P + 1, Q)),
]  # fmt: skip
