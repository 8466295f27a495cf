"""XLA's product is jax.lax's own."""

from __future__ import annotations

from typing import Any

from jax import lax
from jax import numpy as jnp

from hublayer.lowering.dtypes import backend_dtype, cast
from hublayer.lowering.registry import lowers
from hublayer.lowering.windows import tensor
from hublayer.lowering.xla_dimension_numbers import Dot


def dot_general(lhs: Any, rhs: Any, dims: Dot, dtype: str) -> Any:
    """The product summed over the contracting axes, computed and returned in `dtype`, a name of TensorFlow's."""
    axes = (dims.lhs_contracting, dims.rhs_contracting), (dims.lhs_batch, dims.rhs_batch)
    if jnp.issubdtype(lhs.dtype, jnp.integer):  # on a GPU, XLA's product of int8 was twice what it should be
        lhs, rhs = cast(lhs, dtype), cast(rhs, dtype)
    return lax.dot_general(lhs, rhs, axes, preferred_element_type=backend_dtype(dtype))


@lowers("XlaDotV2", backend="jax", decode={"dimension_numbers": Dot.parse})
def _xla_dot_v2(
    lhs: Any, rhs: Any, *, dimension_numbers: Dot, precision_config: str | bytes, preferred_element_type: str
) -> Any:
    return dot_general(tensor(lhs), tensor(rhs), dimension_numbers, preferred_element_type)
