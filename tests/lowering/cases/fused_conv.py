"""Cases of hublayer.lowering.fused_conv, which TensorFlow does not differentiate.

Of one image: TensorFlow 2.21's kernels give every image of a batch the result of the first one.
"""

from __future__ import annotations

from typing import Any

from lowering.case import Case, floats, i32

X, FILTER = floats(1, 5, 6, 3), floats(3, 2, 3, 4, seed=1)
_PADS = i32([[0, 0], [2, 1], [0, 2], [0, 0]])
_VALID: dict[str, Any] = {"mode": "REFLECT", "strides": [1, 1, 1, 1], "padding": "VALID"}
_SAME: dict[str, Any] = {"mode": "SYMMETRIC", "strides": [1, 2, 2, 1], "padding": "SAME"}

CASES = [
    Case("FusedPadConv2D", (X, _PADS, FILTER), _VALID, gradient=False),
    Case("FusedPadConv2D", (X, _PADS, FILTER), _SAME, name="same", gradient=False),
    Case("FusedResizeAndPadConv2D", (X, i32(7, 9), _PADS, FILTER), _VALID, gradient=False, rtol=1e-4),
    Case(
        "FusedResizeAndPadConv2D",
        (X, i32(8, 4), _PADS, FILTER),
        {**_SAME, "resize_align_corners": True},
        name="corners",
        gradient=False,
        rtol=1e-4,
    ),
]
