"""Functions that Keras lacks."""

from __future__ import annotations

from hublayer.lowering.backends.tensorflow.native import lowers_native

lowers_native("BesselI0", "BesselI0e", "BesselI1", "BesselI1e", "Complex", "Digamma", "Igamma", "Igammac", "Lgamma")
lowers_native("Ndtri", "Polygamma", "Zeta")
