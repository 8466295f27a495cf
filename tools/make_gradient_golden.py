"""Save a model with gradients of its own in TensorFlow; keep its graph, values and gradients.

    PYTHONPATH=src:tests python tools/make_gradient_golden.py

tests/lowering/goldens/custom_gradients.npz has saved_model.pb ("saved_model"), the input ("x"), the variable's value
("weight"), and for each function its output ("NAME") and gradients ("NAME|x", "NAME|weight").
"""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf
from lowering.case import cotangent, floats
from lowering.collect import FOLDER


@tf.custom_gradient
def straight_through(x: Any) -> Any:
    """Rounded, with the gradient of the identity: the derivative of rounding is zero."""
    return tf.round(x), lambda dy: dy


@tf.custom_gradient
def doubled(x: Any) -> Any:
    """exp(x) with twice its gradient, which needs the result."""
    y = tf.exp(x)
    return y, lambda dy: 2.0 * dy * y


@tf.custom_gradient
def two_results(x: Any, y: Any) -> Any:
    """Sum and product; the gradient for y is left out."""

    def gradient(of_sum: Any, of_product: Any) -> Any:
        return 3.0 * of_sum + of_product * y, None

    return (x + y, x * y), gradient


class Model(tf.Module):
    """Functions whose gradients are not their derivatives."""

    def __init__(self) -> None:
        self.weight = tf.Variable(floats(3, seed=5))

    @tf.function(input_signature=[tf.TensorSpec([None, 3])])
    def rounded(self, x: Any) -> Any:
        """A straight-through estimator behind a weight."""
        return straight_through(x * self.weight) * 0.5

    @tf.function(input_signature=[tf.TensorSpec([None, 3])])
    def exponential(self, x: Any) -> Any:
        """A gradient that captures a result."""
        return doubled(x) + x

    @tf.function(input_signature=[tf.TensorSpec([None, 3])])
    def pair(self, x: Any) -> Any:
        """Several results, and an argument without a gradient."""
        total, product = two_results(x, tf.sin(x))
        return total * product

    @tf.function(input_signature=[tf.TensorSpec([None, 3])])
    def of_weight(self, x: Any) -> Any:
        """A gradient function that reads a variable."""

        @tf.custom_gradient
        def scaled(x: Any) -> Any:
            def gradient(dy: Any, variables: Any = None) -> Any:
                return dy * self.weight * 10.0, [tf.reduce_sum(dy, 0) for _ in variables]

            return x * self.weight, gradient

        return scaled(x) + x

    @tf.function(input_signature=[tf.TensorSpec([None, 3])])
    def swish(self, x: Any) -> Any:
        """TensorFlow's own activation with a gradient of its own."""
        return tf.nn.silu(x)


def main() -> None:
    """Write the golden."""
    model, x = Model(), floats(2, 3)
    arrays: dict[str, np.ndarray] = {"x": x, "weight": model.weight.numpy()}
    for name in ("rounded", "exponential", "pair", "of_weight", "swish"):
        given = tf.constant(x)
        with tf.GradientTape() as tape:
            tape.watch(given)
            y = getattr(model, name)(given)
            loss = tf.reduce_sum(y * cotangent(0, y.numpy()))
        found = tape.gradient(loss, [given, model.weight])
        arrays[name] = y.numpy()
        for key, gradient in zip(("x", "weight"), found, strict=True):
            if gradient is not None:
                arrays[f"{name}|{key}"] = gradient.numpy()
    with tempfile.TemporaryDirectory() as folder:
        tf.saved_model.save(model, folder, options=tf.saved_model.SaveOptions(experimental_custom_gradients=True))
        pb = (Path(folder) / "saved_model.pb").read_bytes()
    arrays["saved_model"] = np.frombuffer(pb, np.uint8)
    np.savez_compressed(FOLDER / "goldens" / "custom_gradients.npz", **arrays)


if __name__ == "__main__":
    main()
