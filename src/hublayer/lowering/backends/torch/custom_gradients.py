"""torch.autograd.Function: a missing function of Keras, whose own takes no gradient for several outputs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import torch


class _Identity(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, gradient: Any, number: int, *tensors: torch.Tensor) -> tuple[torch.Tensor, ...]:
        ctx.gradient = gradient
        ctx.residuals = len(tensors) - number
        ctx.save_for_backward(*tensors[number:])
        outputs = tuple(x.view_as(x) for x in tensors[:number])
        ctx.mark_non_differentiable(*(x for x in outputs if not (x.is_floating_point() or x.is_complex())))
        return outputs

    @staticmethod
    def backward(ctx: Any, *cotangents: torch.Tensor) -> tuple[Any, ...]:
        return (None, None, *ctx.gradient(ctx.saved_tensors, cotangents), *[None] * ctx.residuals)


@torch.compiler.disable  # torch.compile cannot trace a backward function that is an argument
def with_gradient(
    values: Sequence[torch.Tensor],
    residuals: Sequence[torch.Tensor],
    gradient: Callable[[Sequence[torch.Tensor], Sequence[torch.Tensor]], list[torch.Tensor | None]],
) -> list[torch.Tensor]:
    """`values`, with gradient(residuals, cotangents) for their gradients; None among them is zero."""
    return list(_Identity.apply(gradient, len(values), *values, *residuals))


class _StraightThrough(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, source: torch.Tensor, value: torch.Tensor) -> torch.Tensor:
        return value.view_as(value)

    @staticmethod
    def backward(ctx: Any, *cotangents: torch.Tensor) -> tuple[torch.Tensor, None]:
        return cotangents[0], None


def straight_through(source: torch.Tensor, value: torch.Tensor) -> torch.Tensor:
    """`value`, with the gradient of `source`, of the same shape and dtype."""
    value = value.detach()
    return _StraightThrough.apply(source, value) if source.requires_grad else value  # pyright: ignore[reportReturnType]
