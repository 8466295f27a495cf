"""Reversing and rolling."""

from __future__ import annotations

from typing import Any

import numpy as np

from hublayer.lowering.keras_ops import ops
from hublayer.lowering.registry import Static, lowers
from hublayer.lowering.shape import integers


@lowers("Reverse", picks=True)
def reverse(tensor: Any, dims: Static) -> Any:
    """`tensor` reversed along the dimensions for which `dims` is true."""
    return _flip(tensor, np.flatnonzero(dims).tolist())


@lowers("ReverseV2", picks=True)
def reverse_v2(tensor: Any, axis: Static) -> Any:
    """`tensor` reversed along the axes `axis`."""
    return _flip(tensor, integers(axis))


def _flip(x: Any, axes: list[int]) -> Any:
    return ops.flip(x, tuple(axes)) if axes else x


@lowers("ReverseSequence", picks=True)
def reverse_sequence(input: Any, seq_lengths: Any, *, seq_dim: int, batch_dim: int = 0) -> Any:
    """The first seq_lengths[i] elements of sequence i reversed, the others as they are."""
    rank, length = len(input.shape), input.shape[seq_dim]
    positions = np.arange(length, dtype=np.int32).reshape([-1 if axis == seq_dim else 1 for axis in range(rank)])
    lengths = ops.reshape(seq_lengths, [-1 if axis == batch_dim else 1 for axis in range(rank)])
    mirrored = ops.subtract(ops.subtract(lengths, 1), positions)
    source = ops.where(ops.less(positions, lengths), mirrored, positions)
    return ops.take_along_axis(input, ops.broadcast_to(source, tuple(input.shape)), axis=seq_dim)


@lowers("Roll", picks=True)
def roll(input: Any, shift: Any, axis: Static) -> Any:
    """Elements moved shift[i] places along axis[i]; what leaves at the end enters at the start."""
    axes = integers(axis)
    if isinstance(shift, np.ndarray):
        for shift_by, along in zip(integers(shift), axes, strict=True):
            input = ops.roll(input, shift_by, along)
        return input
    shifts = ops.reshape(shift, [-1])
    for i, along in enumerate(axes):
        length = input.shape[along]
        if length:
            source = ops.mod(ops.subtract(np.arange(length, dtype=np.int32), shifts[i]), length)
            input = ops.take(input, source, axis=along)
    return input
