"""Values that are at hand: where tensors have values, what must be an array is read, and nothing else is."""

from __future__ import annotations

import importlib
from typing import Any

import keras
import numpy as np

_native = importlib.import_module(f"hublayer.lowering.backends.{keras.config.backend()}.known_values")
# What computes at once in here, though a program is being traced around it.
at_once = _native.at_once

# Larger arrays of whole numbers are images rather than sizes and positions, and stay where the backend computes.
_LARGEST = 1 << 14


def known(value: Any) -> Any:
    """A small tensor of whole numbers or truth values as a NumPy array; everything else as it is."""
    if type(value) is np.ndarray or not hasattr(value, "dtype") or not hasattr(value, "shape"):
        return value
    return _native.small_integers(value, _LARGEST)


def array_of(value: Any) -> Any:
    """A tensor that has a value as a NumPy array, lists of them too; a traced one, and everything else, as it is."""
    if type(value) is np.ndarray:
        return value
    if isinstance(value, list):
        return [array_of(item) for item in value]
    return _native.read(value)
