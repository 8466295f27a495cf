"""StableHLO's operations on single elements."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
from jax import lax

from hublayer.lowering.backends.jax.xla_module import Operation
from hublayer.lowering.backends.jax.xla_stablehlo import Interpreter, jax_dtype, lowers_op

_UNARY: dict[str, Callable[[Any], Any]] = {
    "abs": lax.abs,
    "cbrt": lax.cbrt,
    "ceil": lax.ceil,
    "cosine": lax.cos,
    "count_leading_zeros": lax.clz,
    "exponential": lax.exp,
    "exponential_minus_one": lax.expm1,
    "floor": lax.floor,
    "imag": lax.imag,
    "is_finite": lax.is_finite,
    "log": lax.log,
    "log_plus_one": lax.log1p,
    "logistic": lax.logistic,
    "negate": lax.neg,
    "not": lax.bitwise_not,
    "popcnt": lax.population_count,
    "real": lax.real,
    "round_nearest_afz": lambda x: lax.round(x, lax.RoundingMethod.AWAY_FROM_ZERO),
    "round_nearest_even": lambda x: lax.round(x, lax.RoundingMethod.TO_NEAREST_EVEN),
    "rsqrt": lax.rsqrt,
    "sign": lax.sign,
    "sine": lax.sin,
    "sqrt": lax.sqrt,
    "tan": lax.tan,
    "tanh": lax.tanh,
}
_BINARY: dict[str, Callable[[Any, Any], Any]] = {
    "add": lax.add,
    "and": lax.bitwise_and,
    "atan2": lax.atan2,
    "complex": lax.complex,
    "divide": lax.div,
    "maximum": lax.max,
    "minimum": lax.min,
    "multiply": lax.mul,
    "or": lax.bitwise_or,
    "power": lax.pow,
    "remainder": lax.rem,
    "shift_left": lax.shift_left,
    "shift_right_arithmetic": lax.shift_right_arithmetic,
    "shift_right_logical": lax.shift_right_logical,
    "subtract": lax.sub,
    "xor": lax.bitwise_xor,
}
_COMPARISONS: dict[str, Callable[[Any, Any], Any]] = {
    "EQ": lax.eq,
    "NE": lax.ne,
    "GE": lax.ge,
    "GT": lax.gt,
    "LE": lax.le,
    "LT": lax.lt,
}


def alike(*values: Any) -> list[Any]:
    """The values in one shape: where a region of numbers runs on tensors, its constants are still numbers."""
    if len({value.shape for value in values}) == 1:
        return list(values)
    shape = jnp.broadcast_shapes(*(value.shape for value in values))
    return [jnp.broadcast_to(value, shape) for value in values]


def _register_unary(name: str, function: Callable[[Any], Any]) -> None:
    lowers_op(name)(lambda interpreter, operation, x: function(x))


def _register_binary(name: str, function: Callable[[Any, Any], Any]) -> None:
    lowers_op(name)(lambda interpreter, operation, x, y: function(*alike(x, y)))


for _name, _function in _UNARY.items():
    _register_unary(_name, _function)
for _name, _other in _BINARY.items():
    _register_binary(_name, _other)


@lowers_op("compare")
def _compare(interpreter: Interpreter, operation: Operation, x: jax.Array, y: jax.Array) -> jax.Array:
    if operation.attrs.get("compare_type") == "TOTALORDER" and jnp.issubdtype(x.dtype, jnp.floating):
        x, y = _ordered(x), _ordered(y)
    return _COMPARISONS[operation.attrs["comparison_direction"]](*alike(x, y))


def _ordered(x: jax.Array) -> jax.Array:
    """Integers in the total order of floats: -NaN, -inf, …, -0, 0, …, inf, NaN."""
    bits = 8 * x.dtype.itemsize
    whole = lax.bitcast_convert_type(x, jnp.dtype(f"int{bits}"))
    return jnp.where(whole < 0, whole ^ jnp.iinfo(whole.dtype).max, whole)


@lowers_op("select")
def _select(interpreter: Interpreter, operation: Operation, chosen: Any, x: Any, y: Any) -> jax.Array:
    return jnp.where(chosen, x, y)


@lowers_op("clamp")
def _clamp(interpreter: Interpreter, operation: Operation, low: Any, x: Any, high: Any) -> jax.Array:
    return lax.min(*alike(lax.max(*alike(low, x)), high))


@lowers_op("convert")
def _convert(interpreter: Interpreter, operation: Operation, x: Any) -> jax.Array:
    dtype = jax_dtype(operation.types[0].dtype)
    if jnp.issubdtype(x.dtype, jnp.complexfloating) and not jnp.issubdtype(dtype, jnp.complexfloating):
        x = lax.real(x)
    return lax.convert_element_type(x, dtype)


@lowers_op("bitcast_convert")
def _bitcast_convert(interpreter: Interpreter, operation: Operation, x: Any) -> jax.Array:
    return lax.bitcast_convert_type(x, jax_dtype(operation.types[0].dtype))


@lowers_op("reduce_precision")
def _reduce_precision(interpreter: Interpreter, operation: Operation, x: Any) -> jax.Array:
    return lax.reduce_precision(x, operation.attrs["exponent_bits"], operation.attrs["mantissa_bits"])
