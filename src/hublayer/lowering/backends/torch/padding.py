"""Padding in plain PyTorch: keras.ops costs several times as much per call when eager."""

from __future__ import annotations

from typing import Any

import torch
from torch.nn.functional import pad

from hublayer.lowering.backends.torch.shape import integers
from hublayer.lowering.backends.torch.tensors import tensor
from hublayer.lowering.padding import pad_v2
from hublayer.lowering.registry import lowers


def _around(paddings: Any) -> list[int]:
    """PyTorch counts from the last dimension."""
    sizes = integers(paddings)
    return [size for i in range(len(sizes) - 2, -2, -2) for size in sizes[i : i + 2]]


@lowers("Pad", backend="torch")
def _pad(input: Any, paddings: Any) -> torch.Tensor:
    return pad(tensor(input), _around(paddings))


@lowers("PadV2", backend="torch")
def _pad_v2(input: Any, paddings: Any, constant_values: Any) -> torch.Tensor:
    input = tensor(input)
    if isinstance(constant_values, torch.Tensor):  # its value may have a gradient, and reading it stops the device
        return pad_v2(input, paddings, constant_values)
    return pad(input, _around(paddings), value=integers(constant_values)[0])
