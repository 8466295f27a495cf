"""Elementwise functions of JAX's own.

keras.ops computes them in 32 bits, also where JAX has 64-bit types; or it has no such function, or no such gradient.
"""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from hublayer.lowering.elementwise import is_float
from hublayer.lowering.execute import Run
from hublayer.lowering.powers import power as general
from hublayer.lowering.registry import lowers, lowers_table


@jax.custom_jvp
def _power(x: jax.Array, y: jax.Array) -> jax.Array:
    return jnp.power(x, y)


@_power.defjvp
def _power_tangent(primals: tuple[jax.Array, ...], tangents: tuple[jax.Array, ...]) -> tuple[jax.Array, jax.Array]:
    (x, y), (dx, dy) = primals, tangents
    z = _power(x, y)
    defined = x != 0 if jnp.iscomplexobj(x) else x > 0
    logarithm = jnp.where(defined, jnp.log(jnp.where(defined, x, 1)), 0)
    return z, dx * (y * _power(x, y - 1)) + dy * (z * logarithm)


@lowers("Pow", backend="jax")
def power(run: Run, x: Any, y: Any) -> Any:
    """x ** y. For the gradient by y the logarithm of what is not positive is 0, as in TensorFlow; jnp has NaN there."""
    if not is_float(x) or isinstance(y, np.ndarray):
        return general(run, x, y)
    return _power(*jnp.broadcast_arrays(jnp.asarray(x), y))


@jax.custom_vjp
def _mul_no_nan(x: jax.Array, y: jax.Array) -> jax.Array:
    return jnp.where(y == 0, jnp.zeros_like(x), x * y)


_mul_no_nan.defvjp(
    lambda x, y: (_mul_no_nan(x, y), (x, y)), lambda kept, g: (_mul_no_nan(g, kept[1]), _mul_no_nan(kept[0], g))
)


def mul_no_nan(x: Any, y: Any) -> Any:
    """x · y, but 0 where y is 0, whatever x is; so are the gradients, in which the incoming one stands for x or y."""
    return _mul_no_nan(*jnp.broadcast_arrays(jnp.asarray(x), jnp.asarray(y)))


def larger(x: Any, y: Any) -> Any:
    """The larger one, NaN where one is NaN. Of equals x takes the whole gradient, as in TensorFlow; jnp shares it."""
    return jnp.where((x >= y) | (x != x), x, y) if is_float(x) else jnp.maximum(x, y)


def smaller(x: Any, y: Any) -> Any:
    """The smaller one, as `larger`."""
    return jnp.where((x <= y) | (x != x), x, y) if is_float(x) else jnp.minimum(x, y)


def population_count(x: Any) -> Any:
    """How many bits of each integer are 1, in uint8."""
    return jax.lax.population_count(jnp.asarray(x)).astype("uint8")


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
        "MulNoNan": mul_no_nan,
        "PopulationCount": population_count,
    },
    "jax",
)
lowers_table({"Maximum": larger, "Minimum": smaller}, "jax", picks=True, orders=True)
