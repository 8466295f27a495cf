"""FakeQuant: a wrong result otherwise, for XLA divides and merges products with sums in its own way."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp

from hublayer.lowering.quantize import lower_fake_quantization


def _divided(x: Any, y: Any) -> jax.Array:
    # A known divisor, or one for all elements, would become a factor: here each has its own, for all that XLA knows.
    return x / jnp.where(x != x, x, jax.lax.optimization_barrier(y))


def _rounded(x: jax.Array) -> jax.Array:
    return jnp.maximum(x, jnp.finfo(x.dtype).min)  # no finite number is lower, which XLA does not know


lower_fake_quantization(_divided, _rounded, backend="jax")
