"""A value with the gradient of another: rounded numbers, and what a variable was assigned."""

from __future__ import annotations

import importlib
from typing import Any

import keras

_native = importlib.import_module(f"hublayer.lowering.backends.{keras.config.backend()}.custom_gradients")


def straight_through(source: Any, value: Any) -> Any:
    """`value`, whose derivative by `source` is 1 and by all else 0. Both are tensors of one shape and dtype.

    The sum source + stop_gradient(value - source) would be rounded, and NaN where `source` is infinite.
    """
    return _native.straight_through(source, value)
