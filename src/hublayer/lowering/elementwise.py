"""Elementwise ops, broadcasting as NumPy does."""

from __future__ import annotations

from typing import Any

from keras import ops

from hublayer.lowering.registry import lowers, lowers_table

lowers_table(
    {
        "Add": ops.add,
        "AddV2": ops.add,
        "Mul": ops.multiply,
        "Relu": ops.relu,
    }
)


@lowers("LeakyRelu")
def leaky_relu(features: Any, *, alpha: float = 0.2) -> Any:
    """features where positive, else alpha · features."""
    return ops.where(ops.greater(features, 0), features, ops.multiply(features, alpha))
