"""Tensors made from little in plain PyTorch: keras.ops costs several times as much, and sizes may be computed here."""

from __future__ import annotations

from typing import Any

import torch

from hublayer.lowering.backends.torch.shape import integers, scalar
from hublayer.lowering.backends.torch.tensors import tensor
from hublayer.lowering.registry import lowers


@lowers("Tile", backend="torch")
def _tile(input: Any, multiples: Any) -> torch.Tensor:
    return tensor(input).tile(integers(multiples))


@lowers("Fill", backend="torch")
def _fill(dims: Any, value: Any) -> torch.Tensor:
    return tensor(value).expand(integers(dims))


@lowers("BroadcastTo", backend="torch")
def _broadcast_to(input: Any, shape: Any) -> torch.Tensor:
    return tensor(input).expand(integers(shape))


@lowers("Range", backend="torch")
def _range(start: Any, limit: Any, delta: Any) -> torch.Tensor:
    start = tensor(start)
    return torch.arange(start.item(), limit.item(), delta.item(), dtype=start.dtype, device=start.device)


@lowers("OneHot", backend="torch")
def _one_hot(indices: Any, depth: Any, on_value: Any, off_value: Any, *, axis: int = -1) -> torch.Tensor:
    indices = tensor(indices)
    device, rank = indices.device, indices.ndim
    axis = rank if axis == -1 else axis
    positions = torch.arange(scalar(depth), device=device).reshape([-1] + [1] * (rank - axis))
    return torch.where(indices.unsqueeze(axis) == positions, tensor(on_value, device), tensor(off_value, device))
