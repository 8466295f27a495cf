"""jax.custom_vjp: a missing function of Keras, whose own takes no gradient for several outputs."""

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


@jax.custom_vjp
def assigned(old: jax.Array, value: jax.Array) -> jax.Array:
    """`value`, whose gradient is that of `old`."""
    return value


def _assigned(old: jax.Array, value: jax.Array) -> tuple[jax.Array, None]:
    return value, None


def _gradients_of_assigned(_: None, cotangent: jax.Array) -> tuple[jax.Array, jax.Array]:
    return cotangent, jnp.zeros_like(cotangent)


assigned.defvjp(_assigned, _gradients_of_assigned)
