"""Slices of a tensor at positions along one axis."""

from __future__ import annotations

import math
from typing import Any

from hublayer.lowering.keras_ops import ops


def take(x: Any, indices: Any, axis: int) -> Any:
    """x's slices at `indices` along `axis`, whose dimension becomes those of `indices`.

    JAX forgets the indices' shape where the axis is empty.
    """
    if x.shape[axis] != 0:
        return ops.take(x, indices, axis=axis)
    if math.prod(indices.shape):
        raise ValueError(f"there is nothing to take along the axis {axis} of {tuple(x.shape)}")
    axis %= len(x.shape)
    return ops.reshape(x, (*x.shape[:axis], *indices.shape, *x.shape[axis + 1 :]))
