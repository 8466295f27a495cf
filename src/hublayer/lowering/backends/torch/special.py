"""Functions that Keras lacks."""

from __future__ import annotations

from typing import Any

import torch

from hublayer.lowering.backends.torch.tensors import binary, tensor, unary
from hublayer.lowering.registry import lowers, lowers_table


def _polygamma(a: torch.Tensor, x: torch.Tensor) -> torch.Tensor:
    """(-1)^(a + 1) · a! · ζ(a + 1, x); the digamma function for a = 0. PyTorch's own takes a Python integer only."""
    sign = 1 - 2 * torch.remainder(a + 1, 2)
    higher = sign * torch.exp(torch.lgamma(a + 1)) * torch.special.zeta(torch.where(a == 0, 2, a + 1), x)
    return torch.where(a == 0, torch.digamma(x), higher)


lowers_table(
    {
        "BesselI0": unary(torch.special.i0),
        "BesselI0e": unary(torch.special.i0e),
        "BesselI1": unary(torch.special.i1),
        "BesselI1e": unary(torch.special.i1e),
        "Digamma": unary(torch.digamma),
        "Igamma": binary(torch.special.gammainc),
        "Igammac": binary(torch.special.gammaincc),
        "Lgamma": unary(torch.lgamma),
        "Ndtri": unary(torch.special.ndtri),
        "Polygamma": binary(_polygamma),
        "Zeta": binary(torch.special.zeta),
    },
    "torch",
)


@lowers("Complex", backend="torch")
def make_complex(real: Any, imag: Any, *, Tout: str = "complex64") -> torch.Tensor:
    """real + i · imag."""
    return torch.complex(*torch.broadcast_tensors(tensor(real), tensor(imag)))
