"""Betainc, which Keras lacks."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp

from hublayer.lowering.registry import lowers


@lowers("Betainc", backend="jax")
def betainc(a: Any, b: Any, x: Any) -> Any:
    """The regularised incomplete beta function; as in TensorFlow, with a gradient for x only."""
    a, b, x = jnp.broadcast_arrays(*(jnp.asarray(value) for value in (a, b, x)))
    return jax.lax.betainc(jax.lax.stop_gradient(a), jax.lax.stop_gradient(b), x)
