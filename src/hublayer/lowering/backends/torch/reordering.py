"""Reversing and rolling in plain PyTorch: keras.ops costs several times as much per call when eager."""

from __future__ import annotations

from typing import Any

import torch

from hublayer.lowering.backends.torch.shape import integers
from hublayer.lowering.backends.torch.tensors import tensor
from hublayer.lowering.registry import lowers


@lowers("ReverseV2", backend="torch")
def _reverse_v2(tensor_: Any, axis: Any) -> torch.Tensor:
    return tensor(tensor_).flip(integers(axis))


@lowers("Roll", backend="torch")
def _roll(input: Any, shift: Any, axis: Any) -> torch.Tensor:
    return tensor(input).roll(integers(shift), integers(axis))
