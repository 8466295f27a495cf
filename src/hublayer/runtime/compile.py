"""One compiled program per endpoint and shape, where the backend compiles."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras


def compiled(function: Callable[..., Any], straight: bool = True) -> Callable[..., Any]:
    """`function` of (dict of tensors, list of tensors, seed or None) as the backend runs it best.

    JAX: jax.jit; inside another jit it is inlined. TensorFlow: tf.function. PyTorch: as it is, op by op; a user's
    torch.compile makes it a part of its program. straight: whether it does the same whatever the values of tensors
    are; otherwise torch.compile breaks its program where a value is looked at.
    """
    backend = keras.config.backend()
    if backend == "jax":
        import jax

        return jax.jit(function)
    if backend == "tensorflow":
        import tensorflow as tf

        return tf.function(function, autograph=False)
    if straight:
        from hublayer.lowering.backends.torch.whole import whole

        return whole(function)
    return function
