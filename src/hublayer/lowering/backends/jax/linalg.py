"""Cholesky: a wrong result otherwise, for jnp.linalg.cholesky reads both triangles."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp

from hublayer.lowering.registry import lowers


@lowers("Cholesky", backend="jax")
def cholesky(input: Any) -> Any:
    """The lower triangular L of L Lᴴ = input, of which only the lower triangle is read."""
    x = jnp.asarray(input)
    lower = jnp.tril(x)
    symmetric = lower + jnp.conj(jnp.swapaxes(jnp.tril(x, -1), -1, -2))
    # TensorFlow's gradient is the symmetric one, as if both triangles had been read.
    return jnp.linalg.cholesky(x + jax.lax.stop_gradient(symmetric - x))
