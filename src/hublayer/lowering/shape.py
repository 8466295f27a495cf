"""Shapes, and ops that rearrange dimensions: reshape, transpose, stack, concatenate, split."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from hublayer.graph.numpy_ops import NUMPY_OPS
from hublayer.lowering.dtypes import backend_dtype, dtype_of
from hublayer.lowering.keras_ops import ops
from hublayer.lowering.registry import Static, lowers


def integers(values: Any) -> list[int]:
    """A vector of known integers as a list; a scalar counts as a vector of one."""
    return values.reshape(-1).tolist()


def dtype_like(x: Any) -> str:
    """The dtype in which the backend has `x`, which may be a NumPy array that is wider."""
    return backend_dtype(dtype_of(x))


@lowers("Shape")
def shape(input: Any, *, out_type: str = "int32") -> np.ndarray:
    """The dimensions, which are known."""
    return np.array(tuple(input.shape), out_type)


@lowers("ShapeN")
def shape_n(input: Sequence[Any], *, out_type: str = "int32") -> list[np.ndarray]:
    """The dimensions of each input."""
    return [np.array(tuple(x.shape), out_type) for x in input]


@lowers("Rank")
def rank(input: Any) -> np.ndarray:
    """The number of dimensions."""
    return np.array(len(input.shape), np.int32)


@lowers("Size")
def size(input: Any, *, out_type: str = "int32") -> np.ndarray:
    """The number of elements."""
    return np.array(math.prod(input.shape), out_type)


@lowers("Reshape", picks=True)
def reshape(tensor: Any, shape: Static) -> Any:
    """The elements of `tensor` in another shape; one dimension may be -1."""
    return ops.reshape(tensor, integers(shape))


@lowers("ExpandDims", picks=True)
def expand_dims(input: Any, dim: Static) -> Any:
    """A dimension of one element put in at `dim`, counted in the result."""
    return ops.expand_dims(input, integers(dim)[0])


@lowers("Squeeze", picks=True)
def squeeze(input: Any, *, squeeze_dims: Sequence[int] = ()) -> Any:
    """The dimensions `squeeze_dims`, or all of one element, taken away."""
    return ops.reshape(input, squeezed_shape(tuple(input.shape), squeeze_dims))


def squeezed_shape(shape: Sequence[int], axes: Sequence[int]) -> list[int]:
    """`shape` without `axes`, or without all ones if there are no axes."""
    if not axes:
        return [dim for dim in shape if dim != 1]
    gone = {axis % len(shape) for axis in axes}
    for axis in gone:
        if shape[axis] != 1:
            raise ValueError(f"dimension {axis} of shape {tuple(shape)} is not 1")
    return [dim for axis, dim in enumerate(shape) if axis not in gone]


@lowers("Transpose", picks=True)
def transpose(x: Any, perm: Static) -> Any:
    """Dimension perm[i] of `x` as dimension i."""
    return ops.transpose(x, integers(perm))


@lowers("ConjugateTranspose")
def conjugate_transpose(x: Any, perm: Static) -> Any:
    """As Transpose, of complex numbers conjugated."""
    return ops.conj(ops.transpose(x, integers(perm)))


@lowers("Pack", picks=True)
def pack(values: Sequence[Any], *, axis: int = 0) -> Any:
    """Tensors of one shape along a new dimension."""
    return ops.stack(values, axis=axis)


@lowers("Unpack", picks=True)
def unpack(value: Any, *, num: int, axis: int = 0) -> list[Any]:
    """The `num` slices along `axis`, that dimension taken away."""
    return ops.unstack(value, num, axis=axis) if num else []


@lowers("Concat", picks=True)
def concat(concat_dim: Static, values: Sequence[Any]) -> Any:
    """Tensors one after the other along a dimension."""
    return ops.concatenate(values, axis=int(concat_dim))


@lowers("ConcatV2", picks=True)
def concat_v2(values: Sequence[Any], axis: Static) -> Any:
    """Tensors one after the other along `axis`."""
    return ops.concatenate(values, axis=int(axis))


@lowers("ConcatOffset")
def concat_offset(concat_dim: Static, shape: Static) -> list[np.ndarray]:
    """Where each input starts in a concatenation."""
    return NUMPY_OPS["ConcatOffset"]([concat_dim, shape], {})


@lowers("Split", picks=True)
def split(split_dim: Static, value: Any, *, num_split: int) -> list[Any]:
    """`num_split` equal parts."""
    return ops.split(value, num_split, axis=int(split_dim))


@lowers("SplitV", picks=True)
def split_v(value: Any, size_splits: Static, split_dim: Static, *, num_split: int) -> list[Any]:
    """Parts of the sizes `size_splits`, one of which may be -1."""
    axis = int(split_dim)
    ends = np.cumsum(split_sizes(integers(size_splits), value.shape[axis]))[:-1]
    return list(ops.split(value, ends.tolist(), axis=axis))


def split_sizes(sizes: Sequence[int], total: int) -> list[int]:
    """`sizes` with what remains of `total` in place of -1."""
    remaining = total - sum(size for size in sizes if size != -1)
    return [remaining if size == -1 else size for size in sizes]


@lowers("BroadcastArgs")
def broadcast_args(s0: Static, s1: Static) -> np.ndarray:
    """The shape to which two shapes broadcast."""
    return NUMPY_OPS["BroadcastArgs"]([s0, s1], {})


@lowers("BroadcastGradientArgs")
def broadcast_gradient_args(s0: Static, s1: Static) -> list[np.ndarray]:
    """The axes over which the gradients of two inputs that broadcast are summed."""
    return NUMPY_OPS["BroadcastGradientArgs"]([s0, s1], {})


@lowers("EnsureShape", picks=True)
def ensure_shape(input: Any, *, shape: Sequence[int | None] | None) -> Any:
    """`input`, if it has the shape `shape` (None: any dimension, or any shape)."""
    found = tuple(input.shape)
    if shape is not None and (
        len(shape) != len(found)
        or any(None not in (want, have) and want != have for want, have in zip(shape, found, strict=True))
    ):
        raise ValueError(f"shape {found} is not {tuple(shape)}")
    return input


@lowers("PlaceholderWithDefault", picks=True)
def placeholder_with_default(input: Any, *, shape: Any = None) -> Any:
    """`input`: nothing is fed in its place."""
    return input
