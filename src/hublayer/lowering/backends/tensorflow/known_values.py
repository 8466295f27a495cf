"""TensorFlow's eager tensors have values; those of a graph have none."""

from __future__ import annotations

from typing import Any

import numpy as np
import tensorflow as tf

at_once = tf.init_scope


def read(value: Any) -> Any:
    """See hublayer.lowering.known_values.array_of."""
    has_value = isinstance(value, tf.__internal__.EagerTensor) and value.dtype != tf.string
    return np.asarray(value.numpy()) if has_value else value


def small_integers(value: Any, largest: int) -> Any:
    """See hublayer.lowering.known_values.known."""
    if not tf.is_tensor(value) or not (value.dtype.is_integer or value.dtype.is_bool):
        return value
    size = value.shape.num_elements()
    return read(value) if size is not None and size <= largest else value
