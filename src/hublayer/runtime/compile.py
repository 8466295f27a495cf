"""One compiled program per endpoint and shape, where the backend compiles."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras


def compiled(function: Callable[..., Any]) -> Callable[..., Any]:
    """`function` of (dict of tensors, list of tensors, seed or None) as the backend runs it best.

    JAX: jax.jit; inside another jit it is inlined. TensorFlow: tf.function. PyTorch: as it is, op by op; a user's
    torch.compile traces through it.
    """
    backend = keras.config.backend()
    if backend == "jax":
        import jax

        return jax.jit(function)
    if backend == "tensorflow":
        import tensorflow as tf

        return tf.function(function, autograph=False)
    return function
