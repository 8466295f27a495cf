"""Run one function of a graph on the Keras backend at hand: eagerly, compiled, and differentiated."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import keras
import numpy as np

BACKEND = keras.config.backend()


def to_tensor(array: np.ndarray) -> Any:
    """A NumPy array as a tensor of the backend, in the dtype that the backend has for it."""
    from hublayer.runtime.keras_tensors import KerasTensors
    from hublayer.savedmodel.specs import TensorSpec

    return KerasTensors().convert(array, TensorSpec(array.dtype.name, None))


def to_numpy(value: Any) -> np.ndarray:
    """A result as a NumPy array."""
    if isinstance(value, np.ndarray):
        return value
    # Keras's own conversion fails at TensorFlow's scalars of bfloat16.
    return np.asarray(value.numpy() if BACKEND == "tensorflow" else keras.ops.convert_to_numpy(value))


def compiled(function: Callable[[Sequence[Any]], list[Any]]) -> Callable[[Sequence[Any]], list[Any]]:
    """`function` under the backend's compiler (for PyTorch its tracer, without code generation)."""
    if BACKEND == "jax":
        import jax

        return jax.jit(lambda inputs: [keras.ops.convert_to_tensor(x) for x in function(inputs)])
    if BACKEND == "torch":
        import torch

        return torch.compile(function, backend="eager", dynamic=False)
    import tensorflow as tf

    return tf.function(lambda inputs: [tf.convert_to_tensor(x) for x in function(inputs)], autograph=False)


def gradients(
    function: Callable[[Sequence[Any]], list[Any]],
    inputs: Sequence[Any],
    watched: Sequence[int],
    weights: Sequence[Any],
) -> list[np.ndarray | None]:
    """Gradients for inputs[i], i in `watched`, of the sum of each output times its weight (None: not counted)."""

    def loss(given: Sequence[Any]) -> Any:
        terms = [
            keras.ops.sum(keras.ops.multiply(output, weight))
            for output, weight in zip(function(given), weights, strict=True)
            if weight is not None
        ]
        return sum(terms[1:], terms[0])

    if BACKEND == "jax":
        import jax

        def of_watched(values: list[Any]) -> Any:
            given = list(inputs)
            for i, value in zip(watched, values, strict=True):
                given[i] = value
            return loss(given)

        return [np.asarray(g) for g in jax.grad(of_watched)([inputs[i] for i in watched])]
    if BACKEND == "torch":
        import torch

        given = list(inputs)
        for i in watched:
            given[i] = given[i].detach().clone().requires_grad_()
        total = loss(given)
        if not total.requires_grad:
            return [None for _ in watched]
        found = torch.autograd.grad(total, [given[i] for i in watched], allow_unused=True)
        return [None if g is None else to_numpy(g.detach()) for g in found]
    import tensorflow as tf

    with tf.GradientTape() as tape:
        tape.watch([inputs[i] for i in watched])
        total = loss(inputs)
    found = tape.gradient(total, [inputs[i] for i in watched])
    return [None if g is None else tf.convert_to_tensor(g).numpy() for g in found]
