"""One compiled program per endpoint and shape, where the backend compiles."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras

from hublayer.errors import ExecutionError


def compiled(function: Callable[..., Any], straight: bool = True, platform: str = "cpu") -> Callable[..., Any]:
    """`function` of (dict of tensors, list of tensors, seed or None) as the backend runs it best.

    JAX: jax.jit; inside another jit it is inlined. TensorFlow: tf.function. PyTorch: as it is, op by op; a user's
    torch.compile makes it a part of its program. straight: whether it does the same whatever the values of tensors
    are; otherwise torch.compile ends its program before it, and it runs op by op. platform: where it will run.
    """
    backend = keras.config.backend()
    if backend == "jax":
        return _jitted(function, platform)
    if backend == "tensorflow":
        return _graph_function(function)
    if straight:
        from hublayer.lowering.backends.torch.whole import whole

        return whole(function)
    return outside_of_programs(function)


def outside_of_programs(function: Callable[..., Any]) -> Callable[..., Any]:
    """`function`; a user's torch.compile ends its program before it, and goes on with what it returned."""
    if keras.config.backend() != "torch":
        return function
    import torch

    return torch.compiler.disable(function)


def _graph_function(function: Callable[..., Any]) -> Callable[..., Any]:
    """tf.function, whose ops raise hublayer's error for values that they do not take."""
    import tensorflow as tf

    program = tf.function(function, autograph=False)

    def call(*arguments: Any) -> Any:
        try:
            return program(*arguments)
        except tf.errors.InvalidArgumentError as error:
            raise ExecutionError(str(error.message)) from error

    return call


# XLA's newer emitters of fusions take 54 MB more for MobileNetV2 and longer to compile; what they emit is no faster.
_ON_CPU = {"xla_cpu_use_fusion_emitters": False}


def _jitted(function: Callable[..., Any], platform: str) -> Callable[..., Any]:
    """jax.jit with options where the program is one of its own; a part of another program has that one's."""
    import jax

    part = jax.jit(function)
    if platform != "cpu":
        return part
    whole = jax.jit(function, compiler_options=_ON_CPU)

    def call(*arguments: Any) -> Any:
        if is_traced(arguments):
            return part(*arguments)
        try:
            return whole(*arguments)
        except ValueError as error:
            if "compiler_options" not in str(error):  # of a program that is being traced, though nothing here is
                raise
            return part(*arguments)

    return call


def is_traced(values: Any) -> bool:
    """Whether a program of the backend's is being made of any of these tensors."""
    if keras.config.backend() == "tensorflow":
        import tensorflow as tf

        return not tf.executing_eagerly()
    import jax

    return any(isinstance(leaf, jax.core.Tracer) for leaf in jax.tree.leaves(values))
