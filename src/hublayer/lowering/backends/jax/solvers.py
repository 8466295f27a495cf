"""Lu: Keras gives pivots, not the permutation."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp

from hublayer.lowering.dtypes import cast
from hublayer.lowering.registry import lowers


@lowers("Lu", backend="jax")
def lu(input: Any, *, output_idx_type: str = "int32") -> tuple[Any, Any]:
    """L and U in one matrix, and the rows p of input[p] = L U. Complex pivots are LAPACK's, not Eigen's."""
    factors, _, permutation = jax.lax.linalg.lu(jnp.asarray(input))
    return factors, cast(permutation, output_idx_type)
