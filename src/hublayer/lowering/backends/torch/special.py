"""Functions that Keras lacks."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch.autograd.function import once_differentiable

from hublayer.lowering.backends.torch.tensors import binary, tensor, through_float32, unary
from hublayer.lowering.registry import lowers, lowers_table


def _polygamma(a: torch.Tensor, x: torch.Tensor) -> torch.Tensor:
    """(-1)^(a + 1) · a! · ζ(a + 1, x); the digamma function for a = 0. PyTorch's own takes a Python integer only.

    As in TensorFlow, only x has a gradient.
    """
    a = a.detach()
    sign = 1 - 2 * torch.remainder(a + 1, 2)
    higher = sign * torch.exp(torch.lgamma(a + 1)) * torch.special.zeta(torch.where(a == 0, 2, a + 1), x)
    return torch.where(a == 0, torch.digamma(x), higher)


class _ByParameter(torch.autograd.Function):
    """Zeros, with the gradient `slope` by `a`."""

    @staticmethod
    def forward(ctx: Any, a: torch.Tensor, slope: torch.Tensor) -> torch.Tensor:
        ctx.save_for_backward(slope)
        return torch.zeros_like(slope)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, *cotangents: torch.Tensor) -> tuple[torch.Tensor, None]:
        return cotangents[0] * ctx.saved_tensors[0], None


def _with_parameter(function: Callable[..., torch.Tensor]) -> Callable[[torch.Tensor, torch.Tensor], torch.Tensor]:
    """`function` of (a, x), which PyTorch differentiates by x only, with its gradient by a too."""

    def run(a: torch.Tensor, x: torch.Tensor) -> torch.Tensor:
        fixed = a.detach()
        value = function(fixed, x)
        if not a.requires_grad:
            return value
        # A difference over five points in float64: its error is that of single precision, at least a hundredth of it.
        wide, at = torch.broadcast_tensors(fixed.double(), x.detach().double())
        step = torch.minimum(wide / 4, 1e-3 * torch.sqrt(wide).clamp(min=1))
        one, two = (function(wide + k * step, at) - function(wide - k * step, at) for k in (1, 2))
        slope = ((8 * one - two) / (12 * step)).to(value.dtype)
        return value + _ByParameter.apply(a.expand(slope.shape), slope)

    return run


def _zeta(x: torch.Tensor, q: torch.Tensor) -> torch.Tensor:
    # As in TensorFlow, only q has a gradient: PyTorch knows no other and would raise.
    x = x.detach()
    # At whole numbers from 0 down TensorFlow has infinity for even x only.
    undefined = (q <= 0) & (q == torch.floor(q)) & (x > 1) & (torch.remainder(x, 2) != 0)
    return torch.where(undefined, torch.nan, torch.special.zeta(x, q))


lowers_table(
    {
        "BesselI0": unary(torch.special.i0),
        "BesselI0e": unary(torch.special.i0e),
        "BesselI1": unary(through_float32(torch.special.i1)),
        "BesselI1e": unary(through_float32(torch.special.i1e)),
        "Digamma": unary(torch.digamma),
        "Igamma": binary(_with_parameter(torch.special.gammainc)),
        "Igammac": binary(_with_parameter(torch.special.gammaincc)),
        "Lgamma": unary(torch.lgamma),
        "Ndtri": unary(torch.special.ndtri),
        "Polygamma": binary(_polygamma),
        "Zeta": binary(_zeta),
    },
    "torch",
)


@lowers("Complex", backend="torch")
def make_complex(real: Any, imag: Any, *, Tout: str = "complex64") -> torch.Tensor:
    """real + i · imag."""
    return torch.complex(*torch.broadcast_tensors(tensor(real), tensor(imag)))
