"""jax.custom_vjp and jax.custom_jvp: Keras's own takes no gradient for several outputs, and none forwards."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import jax
import jax.numpy as jnp


def with_gradient(
    values: Sequence[jax.Array],
    residuals: Sequence[jax.Array],
    gradient: Callable[[Sequence[jax.Array], Sequence[jax.Array]], list[jax.Array | None]],
) -> list[jax.Array]:
    """`values`, with gradient(residuals, cotangents) for their gradients; None among them is zero."""

    @jax.custom_vjp
    def identity(values: list[jax.Array], residuals: list[jax.Array]) -> list[jax.Array]:
        return list(values)

    def forward(values: list[jax.Array], residuals: list[jax.Array]) -> tuple[list[jax.Array], Any]:
        return list(values), residuals

    def backward(residuals: list[jax.Array], cotangents: list[Any]) -> tuple[list[Any], None]:
        arrays = [
            jnp.zeros(value.shape, value.dtype) if cotangent.dtype == jax.dtypes.float0 else cotangent
            for cotangent, value in zip(cotangents, values, strict=True)
        ]
        found = gradient(residuals, arrays)
        inexact = [jnp.issubdtype(value.dtype, jnp.inexact) for value in values]
        return [x if differentiable else None for x, differentiable in zip(found, inexact, strict=True)], None

    identity.defvjp(forward, backward)
    return identity(list(values), list(residuals))


@jax.custom_jvp
def _straight_through(source: jax.Array, value: jax.Array) -> jax.Array:
    return value


@_straight_through.defjvp
def _tangent(primals: tuple[jax.Array, ...], tangents: tuple[jax.Array, ...]) -> tuple[jax.Array, jax.Array]:
    return _straight_through(*primals), tangents[0]


def straight_through(source: jax.Array, value: jax.Array) -> jax.Array:
    """`value`, with the gradient of `source`, of the same shape and dtype."""
    return _straight_through(source, value)
