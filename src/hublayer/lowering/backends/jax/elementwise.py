"""Elementwise functions of JAX's own: keras.ops computes them in 32 bits, also where JAX has 64-bit types."""

from __future__ import annotations

import jax.numpy as jnp

from hublayer.lowering.registry import lowers_table

lowers_table(
    {
        "Acos": jnp.arccos,
        "Acosh": jnp.arccosh,
        "Asin": jnp.arcsin,
        "Asinh": jnp.arcsinh,
        "Atan": jnp.arctan,
        "Atanh": jnp.arctanh,
        "Ceil": jnp.ceil,
        "Cos": jnp.cos,
        "Cosh": jnp.cosh,
        "Floor": jnp.floor,
        "FloorDiv": lambda x, y: jnp.floor_divide(x, y) if jnp.issubdtype(x.dtype, jnp.integer) else jnp.floor(x / y),
        "Sin": jnp.sin,
        "Sinh": jnp.sinh,
        "Tan": jnp.tan,
        "Tanh": jnp.tanh,
    },
    "jax",
)
