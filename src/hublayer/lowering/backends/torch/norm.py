"""Batch normalisation in torch.addcmul, which reads and writes the input once; keras.ops does so twice."""

from __future__ import annotations

from typing import Any

import torch

from hublayer.lowering.norm import lower_batch_norm


def normalise(x: Any, scale: Any, offset: Any, mean: Any, variance: Any, epsilon: float, axis: int) -> Any:
    """x · factor + shift by channels on `axis`."""
    factor = scale * torch.rsqrt(variance + epsilon)
    shift = offset - mean * factor
    if axis != -1:
        sides = [1] * (x.ndim - 2)
        factor, shift = factor.reshape(-1, *sides), shift.reshape(-1, *sides)
    return torch.addcmul(shift, x.to(factor.dtype), factor).to(x.dtype)


lower_batch_norm(normalise, backend="torch")
