"""Comparisons and choices in plain PyTorch: keras.ops costs two to four times as much per call when eager."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch

from hublayer.lowering.backends.torch.tensors import binary, tensor, unary
from hublayer.lowering.comparison import equality
from hublayer.lowering.registry import lowers, lowers_table


def _select(condition: Any, t: Any, e: Any) -> torch.Tensor:
    condition = tensor(condition)
    t, e = tensor(t, condition.device), tensor(e, condition.device)
    if condition.ndim == 1 and t.ndim > 1:
        condition = condition.reshape(-1, *(1,) * (t.ndim - 1))
    return torch.where(condition, t, e)


def _select_v2(condition: Any, t: Any, e: Any) -> torch.Tensor:
    condition = tensor(condition)
    return torch.where(condition, tensor(t, condition.device), tensor(e, condition.device))


def _shift(shift: Callable[..., torch.Tensor]) -> Callable[[Any, Any], torch.Tensor]:
    # keras.ops would cut the limits of int64 to 32 bits.
    return binary(lambda x, y: shift(x, y.clamp(0, torch.iinfo(x.dtype).bits - 1)))


lowers_table(
    {
        "BitwiseAnd": binary(torch.bitwise_and),
        "BitwiseOr": binary(torch.bitwise_or),
        "BitwiseXor": binary(torch.bitwise_xor),
        "Invert": unary(torch.bitwise_not),
        "LeftShift": _shift(torch.bitwise_left_shift),
        "RightShift": _shift(torch.bitwise_right_shift),
        "Greater": binary(torch.gt),
        "GreaterEqual": binary(torch.ge),
        "IsNan": unary(torch.isnan),
        "Less": binary(torch.lt),
        "LessEqual": binary(torch.le),
        "LogicalAnd": binary(torch.logical_and),
        "LogicalNot": unary(torch.logical_not),
        "LogicalOr": binary(torch.logical_or),
        "Select": _select,
        "SelectV2": _select_v2,
    },
    "torch",
)
lowers("Equal", backend="torch")(equality(binary(torch.eq), False))
lowers("NotEqual", backend="torch")(equality(binary(torch.ne), True))
