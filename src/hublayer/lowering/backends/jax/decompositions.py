"""Decompositions of matrices with TensorFlow's gradients: JAX's are NaN where values are equal, and lack shapes."""

from __future__ import annotations

from functools import partial
from typing import Any

import jax
import jax.numpy as jnp

from hublayer.lowering.decompositions import refuse_gradient


def _adjoint(x: jax.Array) -> jax.Array:
    return jnp.conj(jnp.swapaxes(x, -1, -2))


def _reciprocal(x: jax.Array) -> jax.Array:
    """TensorFlow's 1 / x in these gradients, which is 0 at 0."""
    return x / (x * x + 1e-20)


def _apart(x: jax.Array) -> jax.Array:
    """The reciprocals of differences, without the diagonal: its 0 would have a second derivative that hides others."""
    return jnp.where(jnp.eye(x.shape[-1], dtype=bool), 0, _reciprocal(x))


def _diagonal(x: jax.Array) -> jax.Array:
    return jnp.diagonal(x, axis1=-2, axis2=-1)


@partial(jax.custom_jvp, nondiff_argnums=(1,))
def qr(x: jax.Array, full_matrices: bool) -> tuple[jax.Array, jax.Array]:
    """Q and R of x = Q R."""
    q, r = jnp.linalg.qr(x, mode="complete" if full_matrices else "reduced")
    return q, r


@qr.defjvp
def _qr_tangent(full_matrices: bool, primals: tuple[jax.Array], tangents: tuple[jax.Array]) -> tuple[Any, Any]:
    (x,), (moved,) = primals, tangents
    rows, columns = x.shape[-2:]
    if full_matrices and rows > columns:
        refuse_gradient("Qr", x.shape)
    q, r = qr(x, full_matrices)
    # The leading square determines Q; the columns beside it are R's alone.
    quotient = jax.lax.linalg.triangular_solve(r[..., :, :rows], moved[..., :, :rows], left_side=False)
    inner = _adjoint(q) @ quotient
    below = jnp.tril(inner, -1)
    turned = below - _adjoint(below)
    if jnp.iscomplexobj(x):
        turned = turned + jnp.eye(inner.shape[-1], dtype=inner.dtype) * 1j * jnp.imag(inner)
    q_moved = q @ turned
    if rows > columns:
        q_moved = q_moved + quotient - q @ inner
    r_moved = _adjoint(q) @ moved - turned @ r
    return (q, r), (q_moved, jnp.triu(r_moved))


@partial(jax.custom_jvp, nondiff_argnums=(1,))
def svd(x: jax.Array, full_matrices: bool) -> tuple[jax.Array, jax.Array, jax.Array]:
    """s, u and v of x = u diag(s) vᴴ."""
    u, s, vh = jnp.linalg.svd(x, full_matrices=full_matrices)
    return s, u, _adjoint(vh)


@svd.defjvp
def _svd_tangent(full_matrices: bool, primals: tuple[jax.Array], tangents: tuple[jax.Array]) -> tuple[Any, Any]:
    (x,), (moved,) = primals, tangents
    rows, columns = x.shape[-2:]
    if full_matrices and abs(rows - columns) > 1:  # of one vector more only the sign is open
        refuse_gradient("Svd", x.shape)
    s, u, v = svd(x, full_matrices)
    if rows < columns:
        s_moved, v_moved, u_moved = _tall_svd_tangent(s, v, u, _adjoint(moved))
    else:
        s_moved, u_moved, v_moved = _tall_svd_tangent(s, u, v, moved)
    return (s, u, v), (s_moved, u_moved, v_moved)


def _tall_svd_tangent(s: jax.Array, u: jax.Array, v: jax.Array, moved: jax.Array) -> tuple[Any, Any, Any]:
    """The tangents of s, u and v of a matrix with at least as many rows as columns, whose tangent is `moved`."""
    size = s.shape[-1]
    u, beyond = u[..., :, :size], u[..., :, size:]
    inner = _adjoint(u) @ moved @ v
    across, down = s[..., None, :], s[..., :, None]
    apart = _apart((across - down) * (across + down)).astype(inner.dtype)
    u_turned = apart * (inner * across + down * _adjoint(inner))
    v_turned = apart * (down * inner + _adjoint(inner) * across)
    inverse = _reciprocal(across).astype(inner.dtype)
    if jnp.iscomplexobj(inner):
        v_turned = v_turned - jnp.eye(size, dtype=inner.dtype) * 1j * jnp.imag(inner) * inverse
    u_moved, v_moved = u @ u_turned, v @ v_turned
    if u.shape[-2] > size:
        quotient = moved @ v * inverse
        u_moved = u_moved + quotient - u @ (_adjoint(u) @ quotient)
        if beyond.shape[-1]:
            u_moved = jnp.concatenate([u_moved, -u @ (_adjoint(quotient) @ beyond)], -1)
    return jnp.real(_diagonal(inner)), u_moved, v_moved


@jax.custom_jvp
def eigh(x: jax.Array) -> tuple[jax.Array, jax.Array]:
    """Ascending eigenvalues, and eigenvectors, of self-adjoint matrices."""
    values, vectors = jnp.linalg.eigh(x)
    return values, vectors


@eigh.defjvp
def _eigh_tangent(primals: tuple[jax.Array], tangents: tuple[jax.Array]) -> tuple[Any, Any]:
    values, vectors = eigh(*primals)
    moved = (tangents[0] + _adjoint(tangents[0])) / 2
    inner = _adjoint(vectors) @ moved @ vectors
    apart = _apart(values[..., None, :] - values[..., :, None]).astype(inner.dtype)
    return (values, vectors), (jnp.real(_diagonal(inner)), vectors @ (apart * inner))
