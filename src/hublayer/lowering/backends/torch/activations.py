"""Activation functions in plain PyTorch: keras.ops costs two to four times as much per call when eager."""

from __future__ import annotations

from typing import Any

import torch

from hublayer.lowering.backends.torch.tensors import tensor, unary
from hublayer.lowering.registry import lowers, lowers_table

lowers_table(
    {
        "Elu": unary(torch.nn.functional.elu),
        "Relu": unary(torch.relu),
        "Relu6": unary(torch.nn.functional.relu6),
        "Selu": unary(torch.selu),
        "Sigmoid": unary(torch.sigmoid),
        "Softplus": unary(torch.nn.functional.softplus),
    },
    "torch",
)


@lowers("LeakyRelu", backend="torch")
def leaky_relu(features: Any, *, alpha: float = 0.2) -> torch.Tensor:
    """features where positive, else alpha · features."""
    return torch.nn.functional.leaky_relu(tensor(features), alpha)
