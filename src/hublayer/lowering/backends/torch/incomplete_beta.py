"""Betainc, which neither Keras nor PyTorch has: the continued fraction of DLMF 8.17.22 by the modified Lentz method."""

from __future__ import annotations

from typing import Any

import torch

from hublayer.lowering.backends.torch.tensors import tensor
from hublayer.lowering.registry import lowers

# The fraction needs about the root of the greater parameter: this is for parameters up to some ten thousands.
_STEPS = 128
_TINY = 1e-300


def _fraction(a: torch.Tensor, b: torch.Tensor, x: torch.Tensor) -> torch.Tensor:
    def apart(value: torch.Tensor) -> torch.Tensor:
        return torch.where(value.abs() > _TINY, value, _TINY)

    c, d = torch.ones_like(x), 1 / apart(1 - (a + b) * x / (a + 1))
    found = d
    for m in range(1, _STEPS):
        even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m))
        odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1))
        for term in (even, odd):
            d, c = 1 / apart(1 + term * d), apart(1 + term / c)
            found = found * c * d
    return found


@lowers("Betainc", backend="torch")
def betainc(a: Any, b: Any, x: Any) -> torch.Tensor:
    """The regularised incomplete beta function; as in TensorFlow, with a gradient for x only."""
    given = tensor(x)
    wide = [tensor(value).detach().double() for value in (a, b, x)]
    p, q, z = torch.broadcast_tensors(*wide)
    known = (p > 0) & (q > 0) & (z >= 0) & (z <= 1)
    inside = known & (z > 0) & (z < 1)
    p, q, z = (torch.where(inside, value, 0.5) for value in (p, q, z))
    beta = torch.lgamma(p) + torch.lgamma(q) - torch.lgamma(p + q)
    scale = torch.exp(torch.xlogy(p, z) + torch.special.xlog1py(q, -z) - beta)
    swapped = z > (p + 1) / (p + q + 2)
    first, second = torch.where(swapped, q, p), torch.where(swapped, p, q)
    part = scale * _fraction(first, second, torch.where(swapped, 1 - z, z)) / first
    value = torch.where(inside, torch.where(swapped, 1 - part, part), torch.where(known, wide[2], torch.nan))
    slope = torch.where(inside, scale / (z * (1 - z)), 0.0).to(given.dtype)
    # The derivative is the density, so it is not traced through the fraction.
    moved = (given - given.detach()) * slope
    return value.to(given.dtype) + torch.where(known, moved, torch.zeros_like(moved))
