"""Values that are at hand while JAX runs op by op: those that shapes may follow from are arrays."""

from __future__ import annotations

from typing import Any

import numpy as np

# Larger arrays of whole numbers are images rather than sizes and positions, and stay where JAX computes with them.
_LARGEST = 1 << 14


def known(value: Any) -> Any:
    """A small JAX array of whole numbers or truth values as a NumPy array; everything else as it is."""
    is_small = hasattr(value, "dtype") and hasattr(value, "size") and type(value) is not np.ndarray
    if not is_small or np.dtype(value.dtype).kind not in "iub" or value.size > _LARGEST:
        return value
    return array_of(value)


def array_of(value: Any) -> Any:
    """A JAX array as a NumPy array, lists of them too; a tracer, and everything else, as it is."""
    import jax  # pyright: ignore[reportMissingImports]

    if isinstance(value, list):
        return [array_of(item) for item in value]
    if isinstance(value, jax.Array) and not isinstance(value, jax.core.Tracer):
        return np.asarray(value)
    return value
