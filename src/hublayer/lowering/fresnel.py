"""Fresnel integrals, which neither JAX nor PyTorch has.

For small numbers by the power series. For others by the auxiliary functions f and g, C(x) = 1/2 + f sin(πx²/2) -
g cos(πx²/2) and S(x) = 1/2 - f cos(πx²/2) - g sin(πx²/2), whose integrals ∫ exp(-πv²/2) h(v / x) dv are sums over the
places of Gauss and Hermite. The error is below 1e-13.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from hublayer.lowering.registry import lowers_table
from hublayer.lowering.windows import ops, tensor

# Where the power series ends, with how many terms, and from where on TensorFlow's kernel gives a half.
_SMALL, _TERMS, _LARGE = 1.8, 16, 36974.0
_PLACES, _WEIGHTS = (half[24:] for half in np.polynomial.hermite.hermgauss(48))
_SQUARES = _PLACES**2 * 2 / math.pi


def _series(x: Any, first: int) -> Any:
    """The power series of C (first 0) or of S (first 1)."""
    square = x * x
    fourth = square * square
    total = 0.0
    for n in reversed(range(_TERMS)):
        k = 2 * n + first
        total = total * fourth + (-1) ** n * (math.pi / 2) ** k / math.factorial(k) / (2 * k + 1)
    return total * x * (square if first else 1.0)


def _auxiliary(x: Any) -> tuple[Any, Any]:
    """f and g of numbers from _SMALL on."""
    inverse = 1.0 / (x * x)
    f = g = 0.0
    for square, weight in zip(_SQUARES.tolist(), _WEIGHTS.tolist(), strict=True):
        part = weight / (1.0 + square * square * inverse * inverse)
        f, g = f + part, g + square * part
    scale = 2.0 / math.pi**1.5
    return f * scale / x, g * scale * inverse / x


def _integral(first: int) -> Any:
    def integral(x: Any) -> Any:
        x = tensor(x)
        size = ops.abs(x)
        small, large = ops.less(size, _SMALL), ops.greater(size, _LARGE)
        near = _series(ops.where(small, x, ops.zeros_like(x)), first)
        # What the series computes, and what is too large, is kept from here, so that no gradient is NaN.
        far = ops.where(ops.logical_or(small, large), ops.full_like(x, _SMALL), size)
        half = far * far / 2.0
        phase = math.pi * (half - 2.0 * ops.round(half / 2.0))
        f, g = _auxiliary(far)
        sine, cosine = ops.sin(phase), ops.cos(phase)
        found = 0.5 + f * sine - g * cosine if first == 0 else 0.5 - f * cosine - g * sine
        found = ops.where(large, ops.full_like(x, 0.5), found)
        return ops.where(small, near, ops.sign(x) * found)

    return integral


lowers_table({"FresnelCos": _integral(0), "FresnelSin": _integral(1)})
