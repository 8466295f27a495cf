"""Reductions in plain PyTorch: keras.ops costs two to three times as much per call when eager (performance.md)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch

from hublayer.lowering.backends.torch.tensors import tensor, unary
from hublayer.lowering.reduce import axes_of, cumulative, has_no_elements, reduced_shape
from hublayer.lowering.registry import Static, lowers, lowers_table


def _reduction(
    reduce: Callable[..., torch.Tensor], initial: Callable[[torch.dtype], float] | None = None
) -> Callable[..., torch.Tensor]:
    """The lowering of a reduction reduce(x, axes, keepdim), which keeps the dtype; see hublayer.lowering.reduce."""

    def lowering(input: Any, reduction_indices: Static, *, keep_dims: bool = False) -> torch.Tensor:
        x = tensor(input)
        axes = axes_of(x, reduction_indices)
        if not axes:
            return x
        if initial is not None and has_no_elements(x):
            return torch.full(reduced_shape(x, axes, keep_dims), initial(x.dtype), dtype=x.dtype, device=x.device)
        return reduce(x, axes, keep_dims)

    return lowering


def _lowest(dtype: torch.dtype) -> float:
    return -torch.inf if dtype.is_floating_point else torch.iinfo(dtype).min


def _highest(dtype: torch.dtype) -> float:
    return torch.inf if dtype.is_floating_point else torch.iinfo(dtype).max


def _mean(x: torch.Tensor, axes: tuple[int, ...], keep: bool) -> torch.Tensor:
    if x.is_complex() and not x.numel():
        return torch.sum(x, axes, keep)
    if x.is_floating_point() or x.is_complex():
        return torch.mean(x, axes, keep)
    number = 1
    for axis in axes:
        number *= x.shape[axis]
    return torch.div(torch.sum(x, axes, keep, dtype=torch.int64), max(number, 1), rounding_mode="trunc").to(x.dtype)


def _product(x: torch.Tensor, axes: tuple[int, ...], keep: bool) -> torch.Tensor:
    for axis in sorted(axes, reverse=True):
        x = torch.prod(x, axis, keep, dtype=x.dtype)
    return x


lowers("All", backend="torch")(_reduction(torch.all))
lowers("Any", backend="torch")(_reduction(torch.any))
# amax shares the gradient among equal values, as TensorFlow does.
lowers("Max", backend="torch")(_reduction(torch.amax, _lowest))
lowers("Mean", backend="torch")(_reduction(_mean))
lowers("Min", backend="torch")(_reduction(torch.amin, _highest))
lowers("Prod", backend="torch")(_reduction(_product))
lowers("Sum", backend="torch")(_reduction(lambda x, axes, keep: torch.sum(x, axes, keep, dtype=x.dtype)))
lowers("Cumprod", backend="torch")(cumulative(lambda x, axis: torch.cumprod(x, axis, dtype=x.dtype), 1))
lowers("Cumsum", backend="torch")(cumulative(lambda x, axis: torch.cumsum(x, axis, dtype=x.dtype), 0))
lowers("CumulativeLogsumexp", backend="torch")(cumulative(torch.logcumsumexp, -torch.inf))

lowers_table(
    {
        "LogSoftmax": unary(lambda logits: torch.log_softmax(logits, -1)),
        "Softmax": unary(lambda logits: torch.softmax(logits, -1)),
    },
    "torch",
)


def _arg(find: Callable[..., torch.Tensor]) -> Callable[..., torch.Tensor]:
    def lowering(input: Any, dimension: Static, *, output_type: str = "int64") -> torch.Tensor:
        x = tensor(input)
        x = x.to(torch.uint8) if x.dtype is torch.bool else x
        if x.is_floating_point():  # NaN is never the one
            x = torch.where(torch.isnan(x), -torch.inf if find is torch.argmax else torch.inf, x)
        return find(x, int(dimension.ravel()[0])).to(getattr(torch, output_type))

    return lowering


lowers("ArgMax", backend="torch")(_arg(torch.argmax))
lowers("ArgMin", backend="torch")(_arg(torch.argmin))
