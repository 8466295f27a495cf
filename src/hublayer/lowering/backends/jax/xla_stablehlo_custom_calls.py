"""The custom calls and composites of StableHLO that are known; any other target is refused by its name."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import jax
import jax.numpy as jnp
import jax.scipy.special as special
import numpy as np
from jax import lax

from hublayer.lowering.backends.jax.xla_module import Operation
from hublayer.lowering.backends.jax.xla_stablehlo import (
    CUSTOM_CALLS,
    Interpreter,
    array,
    known,
    lowers_custom_call,
    lowers_op,
)


@lowers_op("custom_call", raw=True)
def _custom_call(interpreter: Interpreter, operation: Operation, *operands: Any) -> Any:
    return CUSTOM_CALLS[operation.attrs["call_target_name"]](interpreter, operation, *operands)


@lowers_custom_call(
    "Sharding",
    "SPMDFullToShardShape",
    "SPMDShardToFullShape",
    "LayoutConstraint",
    "annotate_device_placement",
    "xla.sdy.FuncResultSharding",
)
def _placed(interpreter: Interpreter, operation: Operation, *values: Any) -> list[Any]:
    """There is one device."""
    return list(values)


@lowers_custom_call("shape_assertion")
def _shape_assertion(interpreter: Interpreter, operation: Operation, holds: Any, *values: Any) -> list[Any]:
    if isinstance(holds, np.ndarray) and not holds.all():
        message = str(operation.attrs.get("error_message", "")).partition(". Please see")[0]
        numbers = [int(value) if isinstance(value, np.ndarray) else "?" for value in values]
        for place, number in enumerate(numbers):
            message = message.replace(f"{{{place}}}", str(number))
        raise ValueError(message or "an assertion about the inputs' shapes does not hold")
    return []


_FUNCTIONS: dict[str, Callable[..., Any]] = {
    "acos": jnp.arccos,
    "acosh": jnp.arccosh,
    "asin": jnp.arcsin,
    "asinh": jnp.arcsinh,
    "atan": jnp.arctan,
    "atanh": jnp.arctanh,
    "bessel_i1e": lax.bessel_i1e,
    "cosh": jnp.cosh,
    "digamma": lax.digamma,
    "erf": lax.erf,
    "erf_inv": lax.erf_inv,
    "erfc": lax.erfc,
    "lgamma": lax.lgamma,
    "next_after": jnp.nextafter,
    "polygamma": lambda m, x: special.polygamma(m.astype(int), x),
    "sinh": jnp.sinh,
    "square": jnp.square,
    "tan": jnp.tan,
    "zeta": special.zeta,
}


def _bind(function: Callable[..., Any]) -> Callable[..., Any]:
    return lambda interpreter, operation, *operands: [function(*(array(x) for x in operands))]


for _name, _function in _FUNCTIONS.items():
    lowers_custom_call(f"mhlo.{_name}", f"chlo.{_name}")(_bind(_function))
    lowers_op(_name, dialect="chlo")(_bind(_function))


@lowers_op("composite", raw=True)
def _composite(interpreter: Interpreter, operation: Operation, *arguments: Any) -> Any:
    """What a composite is called, if that is known: its decomposition may lose digits, or the derivative."""
    known_call = CUSTOM_CALLS.get(operation.attrs["name"])
    if known_call is not None and "version" in operation.attrs:
        return known_call(interpreter, operation, *arguments)
    return interpreter.function(operation.attrs["decomposition"], arguments)


def _options(operation: Operation) -> Mapping[str, Any]:
    """Attributes of what stands behind a custom call or a composite."""
    return operation.attrs.get("mhlo.attributes") or operation.attrs.get("composite_attributes") or operation.attrs


def _top(x: Any, k: int, largest: bool, dtype: Any) -> list[jax.Array]:
    values, indices = lax.top_k(x if largest else -x, k)
    return [values if largest else -values, indices.astype(dtype)]


@lowers_op("top_k", raw=True, dialect="chlo")
@lowers_custom_call("mhlo.topk", "chlo.top_k", "stablehlo.dynamic_top_k", "chlo.dynamic_top_k")
def _top_k(interpreter: Interpreter, operation: Operation, x: Any, *k: Any) -> list[jax.Array]:
    attrs: Mapping[str, Any] = _options(operation)
    count = known(k[0], "the number of results")[0] if k else int(attrs["k"])
    return _top(array(x), count, attrs.get("largest", True), jnp.int32)


@lowers_custom_call("ApproxTopK", "stablehlo.dynamic_approx_top_k")
def _approximate_top_k(interpreter: Interpreter, operation: Operation, *operands: Any) -> list[jax.Array]:
    """All of the largest, found exactly."""
    config = operation.attrs.get("mhlo.backend_config") or {}
    if not isinstance(config, Mapping) or len(operands) not in (4, 5) or not operation.attrs.get("called_computations"):
        raise ValueError("an approximate top-k of another form than JAX writes")
    x, indices = array(operands[0]), array(operands[1])
    axis = int(config["reduction_dim"])
    count = known(operands[4], "the number of results")[0] if len(operands) == 5 else int(config["top_k"])
    largest = not (isinstance(operands[2], np.ndarray) and operands[2] > 0)
    moved = jnp.moveaxis(x, axis, -1)
    values, places = _top(moved, count, largest, jnp.int32)
    chosen = jnp.take_along_axis(jnp.moveaxis(indices, axis, -1), places, -1)
    return [jnp.moveaxis(values, -1, axis), jnp.moveaxis(chosen, -1, axis)]


@lowers_custom_call("tf.call_tf_function")
def _call_tf_function(interpreter: Interpreter, operation: Operation, *operands: Any) -> list[Any]:
    config = operation.attrs["tf.backend_config"]
    assert interpreter.call is not None
    arguments = operands[1:] if config.get("has_token_input_output") else operands
    results = list(interpreter.call(int(config["called_index"]), [array(x) for x in arguments]))
    return [operands[0], *results] if config.get("has_token_input_output") else results
