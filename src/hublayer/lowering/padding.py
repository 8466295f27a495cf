"""Padding, and moving blocks of space into depth or batch and back."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from hublayer.lowering.keras_ops import ops
from hublayer.lowering.registry import Static, lowers
from hublayer.lowering.shape import integers


@lowers("Pad", picks=True)
def pad(input: Any, paddings: Static) -> Any:
    """Zeros put around `input`: paddings[i] before and after dimension i."""
    return ops.pad(input, _pairs(paddings)) if len(input.shape) else input


@lowers("PadV2", picks=True)
def pad_v2(input: Any, paddings: Static, constant_values: Any) -> Any:
    """The scalar `constant_values` put around `input`."""
    if isinstance(constant_values, np.ndarray) and len(input.shape):
        return ops.pad(input, _pairs(paddings), constant_values=constant_values[()])
    for axis, (before, after) in enumerate(_pairs(paddings)):
        shape = list(input.shape)
        parts = [input]
        if before:
            shape[axis] = before
            parts.insert(0, ops.broadcast_to(constant_values, shape))
        if after:
            shape[axis] = after
            parts.append(ops.broadcast_to(constant_values, shape))
        input = ops.concatenate(parts, axis=axis) if len(parts) > 1 else input
    return input


@lowers("MirrorPad", picks=True)
def mirror_pad(input: Any, paddings: Static, *, mode: str) -> Any:
    """`input` mirrored at its borders; REFLECT leaves the border itself out, SYMMETRIC repeats it."""
    skip = 1 if mode == "REFLECT" else 0
    for axis, (before, after) in enumerate(_pairs(paddings)):
        length = input.shape[axis]
        head = _part(input, axis, skip, skip + before)
        tail = _part(input, axis, length - skip - after, length - skip)
        parts = [ops.flip(head, axis)] * bool(before) + [input] + [ops.flip(tail, axis)] * bool(after)
        input = ops.concatenate(parts, axis=axis) if len(parts) > 1 else input
    return input


def _pairs(paddings: np.ndarray) -> list[tuple[int, int]]:
    sizes = integers(paddings)
    return list(zip(sizes[::2], sizes[1::2], strict=True))


def _part(x: Any, axis: int, start: int, stop: int) -> Any:
    return x[(slice(None),) * axis + (slice(start, stop),)]


@lowers("SpaceToDepth", picks=True)
def space_to_depth(input: Any, *, block_size: int, data_format: str = "NHWC") -> Any:
    """Blocks of block_size × block_size positions as channels of one position."""
    b = block_size
    if data_format == "NCHW":
        n, c, h, w = input.shape
        blocks = ops.transpose(ops.reshape(input, [n, c, h // b, b, w // b, b]), (0, 3, 5, 1, 2, 4))
        return ops.reshape(blocks, [n, b * b * c, h // b, w // b])
    _only(data_format, "NHWC")
    n, h, w, c = input.shape
    blocks = ops.transpose(ops.reshape(input, [n, h // b, b, w // b, b, c]), (0, 1, 3, 2, 4, 5))
    return ops.reshape(blocks, [n, h // b, w // b, b * b * c])


@lowers("DepthToSpace", picks=True)
def depth_to_space(input: Any, *, block_size: int, data_format: str = "NHWC") -> Any:
    """Channels as blocks of block_size × block_size positions."""
    b = block_size
    if data_format == "NCHW":
        n, c, h, w = input.shape
        blocks = ops.transpose(ops.reshape(input, [n, b, b, c // b // b, h, w]), (0, 3, 4, 1, 5, 2))
        return ops.reshape(blocks, [n, c // b // b, h * b, w * b])
    _only(data_format, "NHWC")
    n, h, w, c = input.shape
    blocks = ops.transpose(ops.reshape(input, [n, h, w, b, b, c // b // b]), (0, 1, 3, 2, 4, 5))
    return ops.reshape(blocks, [n, h * b, w * b, c // b // b])


def _only(data_format: str, known: str) -> None:
    if data_format != known:
        raise ValueError(f"data_format {data_format} is not supported")


@lowers("SpaceToBatchND", picks=True)
def space_to_batch_nd(input: Any, block_shape: Static, paddings: Static) -> Any:
    """Every position of a block as an example of its own: the dimensions after the batch are divided by block_shape."""
    return _space_to_batch(input, integers(block_shape), paddings)


@lowers("SpaceToBatch", picks=True)
def space_to_batch(input: Any, paddings: Static, *, block_size: int) -> Any:
    """SpaceToBatchND of two dimensions."""
    return _space_to_batch(input, [block_size] * 2, paddings)


def _space_to_batch(x: Any, block: Sequence[int], paddings: np.ndarray) -> Any:
    m = len(block)
    after = len(x.shape) - 1 - m
    x = ops.pad(x, [(0, 0), *_pairs(paddings), *[(0, 0)] * after])
    batch, rest = x.shape[0], list(x.shape[m + 1 :])
    counts = [dim // b for dim, b in zip(x.shape[1 : m + 1], block, strict=True)]
    split = [length for pair in zip(counts, block, strict=True) for length in pair]
    x = ops.reshape(x, [batch, *split, *rest])
    order = [*range(2, 2 * m + 1, 2), 0, *range(1, 2 * m, 2), *range(2 * m + 1, 2 * m + 1 + after)]
    return ops.reshape(ops.transpose(x, order), [batch * int(np.prod(block)), *counts, *rest])


@lowers("BatchToSpaceND", picks=True)
def batch_to_space_nd(input: Any, block_shape: Static, crops: Static) -> Any:
    """The inverse of SpaceToBatchND: examples as positions of blocks, `crops` cut away."""
    return _batch_to_space(input, integers(block_shape), crops)


@lowers("BatchToSpace", picks=True)
def batch_to_space(input: Any, crops: Static, *, block_size: int) -> Any:
    """BatchToSpaceND of two dimensions."""
    return _batch_to_space(input, [block_size] * 2, crops)


def _batch_to_space(x: Any, block: Sequence[int], crops: np.ndarray) -> Any:
    m = len(block)
    batch = x.shape[0] // int(np.prod(block))
    counts, rest = list(x.shape[1 : m + 1]), list(x.shape[m + 1 :])
    x = ops.reshape(x, [*block, batch, *counts, *rest])
    pairs = [axis for i in range(m) for axis in (m + 1 + i, i)]
    x = ops.transpose(x, [m, *pairs, *range(2 * m + 1, 2 * m + 1 + len(rest))])
    sizes = [count * b for count, b in zip(counts, block, strict=True)]
    x = ops.reshape(x, [batch, *sizes, *rest])
    cut = [slice(a, size - b) for (a, b), size in zip(_pairs(crops), sizes, strict=True)]
    return x[(slice(None), *cut)]
