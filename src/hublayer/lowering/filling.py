"""Tensors made from little: repeated, filled, ranges, one-hot."""

from __future__ import annotations

from typing import Any

import numpy as np

from hublayer.graph.numpy_ops import NUMPY_OPS
from hublayer.lowering.dtypes import backend_dtype, cast, dtype_of
from hublayer.lowering.keras_ops import ops
from hublayer.lowering.registry import Static, lowers
from hublayer.lowering.shape import integers


@lowers("Tile", picks=True)
def tile(input: Any, multiples: Static) -> Any:
    """`input` repeated multiples[i] times along dimension i."""
    return ops.tile(input, integers(multiples))


@lowers("Fill", picks=True)
def fill(dims: Static, value: Any) -> Any:
    """The scalar `value` everywhere in a tensor of shape `dims`."""
    return ops.broadcast_to(value, integers(dims))


@lowers("BroadcastTo", picks=True)
def broadcast_to(input: Any, shape: Static) -> Any:
    """`input` broadcast to `shape`."""
    return ops.broadcast_to(input, integers(shape))


@lowers("Empty", picks=True)
def empty(shape: Static, *, dtype: str, init: bool = False) -> Any:
    """Zeros, whether or not they are asked for."""
    return ops.zeros(integers(shape), backend_dtype(dtype))


@lowers("Range", picks=True)
def range_(start: Static, limit: Static, delta: Static) -> np.ndarray:
    """start, start + delta, … up to `limit`, which is left out."""
    return NUMPY_OPS["Range"]([start, limit, delta], {})


@lowers("LinSpace")
def lin_space(start: Any, stop: Any, num: Static) -> Any:
    """`num` values at equal distances from `start` to `stop`, both included."""
    count = integers(num)[0]
    if count == 1:
        return ops.reshape(start, [1])
    inner = ops.divide(cast(np.arange(1, count - 1), dtype_of(start)), cast(np.array(count - 1), dtype_of(start)))
    between = ops.add(ops.multiply(inner, ops.subtract(stop, start)), start)
    return ops.concatenate([ops.reshape(start, [1]), between, ops.reshape(stop, [1])])


@lowers("OneHot", picks=True)
def one_hot(indices: Any, depth: Static, on_value: Any, off_value: Any, *, axis: int = -1) -> Any:
    """`on_value` where the position on the new dimension is the index, else `off_value`.

    An index out of range gives a row of `off_value`.
    """
    rank = len(indices.shape)
    axis = rank if axis == -1 else axis
    positions = np.arange(int(depth), dtype=np.int32).reshape([-1] + [1] * (rank - axis))
    return ops.where(ops.equal(ops.expand_dims(indices, axis), positions), on_value, off_value)
