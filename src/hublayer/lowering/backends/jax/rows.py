"""Tokens in rows on JAX. On a CPU, XLA adds one looked-up row after another faster than it gathers and sums.

Three times as fast for 1,024 rows of 32 tokens and 128 dimensions. The gradient is that of the general form, which
scatters once and not once for each place.
"""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp

from hublayer.lowering.registry import lowers
from hublayer.lowering.rows import scaled
from hublayer.lowering.windows import tensor

# Longer rows are added in a loop: the program would grow with each place.
_UNROLLED = 64


@lowers("hublayer>LookUpRows", backend="jax")
def look_up_rows(table, ids, lengths, *, combiner="sum", empty="zero"):
    """See hublayer.lowering.rows."""
    table, ids = tensor(table), tensor(ids)
    return scaled(_sums(table, ids, tensor(lengths)), lengths, combiner)


@jax.custom_jvp
def _sums(table: Any, ids: Any, lengths: Any) -> Any:
    rows, longest = ids.shape
    beside = (rows,) + (1,) * (table.ndim - 1)

    def add(place: Any, total: Any) -> Any:
        found = table.at[ids[:, place]].get(mode="promise_in_bounds")
        return total + jnp.where((place < lengths).reshape(beside), found, 0)

    total = jnp.zeros((rows, *table.shape[1:]), table.dtype)
    if longest > _UNROLLED:
        return jax.lax.fori_loop(0, longest, add, total)
    for place in range(longest):
        total = add(place, total)
    return total


@_sums.defjvp
def _sums_tangent(primals: tuple[Any, Any, Any], tangents: tuple[Any, Any, Any]) -> tuple[Any, Any]:
    table, ids, lengths = primals
    change = tangents[0]  # ids and lengths are whole numbers
    found = change.at[ids].get(mode="promise_in_bounds")
    real = (jnp.arange(ids.shape[1]) < lengths[:, None]).reshape(ids.shape + (1,) * (table.ndim - 1))
    return _sums(table, ids, lengths), jnp.sum(jnp.where(real, found, 0), axis=1)
