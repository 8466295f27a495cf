"""Cholesky: a wrong result otherwise, for jnp.linalg.cholesky reads both triangles. Eig, which Keras lacks."""

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


@jax.custom_jvp
def _eig(x: jax.Array) -> tuple[jax.Array, jax.Array]:
    return tuple(jnp.linalg.eig(x))


@_eig.defjvp
def _eig_tangent(primals: tuple[jax.Array], tangents: tuple[jax.Array]) -> tuple[Any, Any]:
    # JAX has no derivative of the vectors. Here they keep their length, as in TensorFlow.
    values, vectors = _eig(*primals)
    turned = jnp.linalg.solve(vectors, tangents[0].astype(vectors.dtype) @ vectors)
    apart = values[..., None, :] - values[..., :, None]
    same = apart == 0
    moved = vectors @ jnp.where(same, 0, turned / jnp.where(same, 1, apart))
    longer = jnp.real(jnp.sum(jnp.conj(vectors) * moved, -2, keepdims=True))
    return (values, vectors), (jnp.diagonal(turned, axis1=-2, axis2=-1), moved - vectors * longer)


@lowers("Eig", backend="jax")
def eig(input: Any, *, compute_v: bool = True, Tout: str = "complex64") -> tuple[Any, Any]:
    """Eigenvalues, in no order, and eigenvectors of length 1 of square matrices."""
    values, vectors = _eig(jnp.asarray(input))
    return values, vectors if compute_v else jnp.zeros((), vectors.dtype)
