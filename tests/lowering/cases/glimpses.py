"""Cases of hublayer.lowering.glimpses. What it fills with noise is in test_glimpses.py."""

from __future__ import annotations

import numpy as np

from lowering.case import Case, floats, i32

X = floats(3, 6, 7, 2)
_PARTS, _PIXELS = np.float32([[0, 0], [0.5, -0.3], [1, -1]]), np.float32([[0, 0], [2.6, 1.4], [-1, 5]])

CASES = [
    Case(
        op,
        (X, i32(4, 3), _PARTS if normalized else _PIXELS),
        {"centered": centered, "normalized": normalized, "uniform_noise": False, "noise": "zero"},
        name=f"{'centered' if centered else 'corner'}_{'parts' if normalized else 'pixels'}",
        gradient=False,
    )
    for op in ("ExtractGlimpse", "ExtractGlimpseV2")
    for centered in (True, False)
    for normalized in (True, False)
]
