"""JAX's own positions of extremes: keras.ops takes -0.0 for less than 0.0."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax.numpy as jnp

from hublayer.lowering.dtypes import backend_dtype
from hublayer.lowering.registry import Static, lowers


def _arg(find: Callable[..., Any]) -> Callable[..., Any]:
    def lowering(input: Any, dimension: Static, *, output_type: str = "int64") -> Any:
        x = jnp.asarray(input)
        if jnp.issubdtype(x.dtype, jnp.floating):  # NaN is never the one
            x = jnp.where(jnp.isnan(x), jnp.array(-jnp.inf if find is jnp.argmax else jnp.inf, x.dtype), x)
        return find(x, int(dimension.ravel()[0])).astype(backend_dtype(output_type))

    return lowering


lowers("ArgMax", backend="jax")(_arg(jnp.argmax))
lowers("ArgMin", backend="jax")(_arg(jnp.argmin))
