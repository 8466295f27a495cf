"""Decompositions of matrices by TensorFlow's own kernels, whose gradients the other backends repeat."""

from __future__ import annotations

from typing import Any

import tensorflow as tf


def qr(x: Any, full_matrices: bool) -> tuple[Any, Any]:
    """Q and R of x = Q R."""
    q, r = tf.linalg.qr(x, full_matrices=full_matrices)
    return q, r


def svd(x: Any, full_matrices: bool) -> tuple[Any, Any, Any]:
    """s, u and v of x = u diag(s) vᴴ."""
    s, u, v = tf.linalg.svd(x, full_matrices=full_matrices)
    return s, u, v


def eigh(x: Any) -> tuple[Any, Any]:
    """Ascending eigenvalues, and eigenvectors, of self-adjoint matrices."""
    values, vectors = tf.linalg.eigh(x)
    return values, vectors
