"""Gather and scatter."""

from __future__ import annotations

from typing import Any

from keras import ops


def gather(params: Any, indices: Any, *, axis: int = 0, batch_dims: int = 0) -> Any:
    """params' slices at `indices` along `axis`, the first `batch_dims` dimensions matched pairwise."""
    if batch_dims:
        raise ValueError("batch dims")
    return ops.take(params, indices, axis=axis)
