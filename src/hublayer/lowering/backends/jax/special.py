"""Functions that Keras lacks."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
from jax.scipy import special

from hublayer.lowering.registry import lowers, lowers_table


def _exact(function: Callable[..., Any]) -> Callable[..., Any]:
    """`function` of jax.lax, which wants arrays of one shape."""
    return lambda *inputs: function(*jnp.broadcast_arrays(*(jnp.asarray(x) for x in inputs)))


@jax.custom_jvp
def _zeta(x: jax.Array, q: jax.Array) -> jax.Array:
    return jax.lax.zeta(x, q)


# JAX has no derivative at all; as in TensorFlow, there is one for q only.
_zeta.defjvps(None, lambda dq, found, x, q: -x * _zeta(x + 1, q) * dq)


lowers_table(
    {
        "BesselI0": special.i0,
        "BesselI0e": special.i0e,
        "BesselI1": special.i1,
        "BesselI1e": special.i1e,
        "Digamma": _exact(jax.lax.digamma),
        "Igamma": _exact(jax.lax.igamma),
        "Igammac": _exact(jax.lax.igammac),
        "Lgamma": _exact(jax.lax.lgamma),
        "Ndtri": special.ndtri,
        # As in TensorFlow, only the last input has a gradient: JAX knows no other and would raise.
        "Polygamma": lambda a, x: _exact(jax.lax.polygamma)(jax.lax.stop_gradient(a), x),
        "Zeta": _exact(_zeta),
    },
    "jax",
)


@lowers("Complex", backend="jax")
def make_complex(real: Any, imag: Any, *, Tout: str = "complex64") -> Any:
    """real + i · imag."""
    return _exact(jax.lax.complex)(real, imag)
