"""tf.custom_gradient: a missing function of Keras, whose own takes no gradient for several outputs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import tensorflow as tf


def with_gradient(
    values: Sequence[tf.Tensor],
    residuals: Sequence[tf.Tensor],
    gradient: Callable[[Sequence[tf.Tensor], Sequence[tf.Tensor]], list[tf.Tensor | None]],
) -> list[tf.Tensor]:
    """`values`, with gradient(residuals, cotangents) for their gradients; None among them is zero."""

    @tf.custom_gradient
    def identity(*values: tf.Tensor) -> tuple[list[tf.Tensor], Any]:
        def backward(*cotangents: tf.Tensor) -> list[tf.Tensor | None]:
            return gradient(residuals, cotangents)

        return [tf.identity(value) for value in values], backward

    return list(identity(*values))


@tf.custom_gradient
def straight_through(source: tf.Tensor, value: tf.Tensor) -> tuple[tf.Tensor, Any]:
    """`value`, with the gradient of `source`, of the same shape and dtype."""
    return tf.identity(value), lambda cotangent: (cotangent, None)
