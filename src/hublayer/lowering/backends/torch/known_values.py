"""Tensors of PyTorch have values, but for those on the meta device and those that a tracer of PyTorch's makes."""

from __future__ import annotations

from contextlib import nullcontext
from typing import Any

import torch

at_once = nullcontext


def read(value: Any) -> Any:
    """See hublayer.lowering.known_values.array_of."""
    if not isinstance(value, torch.Tensor) or value.is_meta:
        return value
    try:
        return value.detach().cpu().numpy()
    except (RuntimeError, NotImplementedError, TypeError):  # each tracer refuses in its own way
        return value


def small_integers(value: Any, largest: int) -> Any:
    """See hublayer.lowering.known_values.known."""
    if not isinstance(value, torch.Tensor) or value.numel() > largest:
        return value
    return value if value.is_floating_point() or value.is_complex() else read(value)
