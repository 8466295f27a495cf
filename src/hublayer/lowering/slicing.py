"""Slices. Where a slice starts may be traced, how large it is may not."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from hublayer.graph.numpy_arrays import strided_slice_index
from hublayer.lowering.keras_ops import ops
from hublayer.lowering.registry import Static, lowers
from hublayer.lowering.shape import dtype_like, integers


def strided_slice(
    input: Any,
    begin: Any,
    end: Any,
    strides: Static,
    *,
    begin_mask: int = 0,
    end_mask: int = 0,
    ellipsis_mask: int = 0,
    new_axis_mask: int = 0,
    shrink_axis_mask: int = 0,
    _begin: Sequence[int | None] = (),
    _sizes: Sequence[int | None] = (),
) -> Any:
    """input[begin:end:strides]; bit i of a mask speaks of entry i.

    begin_mask, end_mask: from the start, to the end. ellipsis_mask: all dimensions that other entries leave.
    new_axis_mask: a new dimension. shrink_axis_mask: one index, and the dimension is taken away.
    _begin, _sizes: what is known of a traced begin and of its distance to the end, see graph.passes.moving_slices.
    """
    masks = mask_names(begin_mask, end_mask, ellipsis_mask, new_axis_mask, shrink_axis_mask)
    if isinstance(begin, np.ndarray) and isinstance(end, np.ndarray):
        return input[strided_slice_index(begin, end, strides, **masks)]
    count = len(strides)
    starts = _known(begin, _begin, count)
    sizes = list(_sizes) or [None] * count
    ends = _known(end, [a + n if None not in (a, n) else None for a, n in zip(starts, sizes, strict=True)], count)
    moving = {}
    for i, axis in enumerate(_axes(len(input.shape), count, ellipsis_mask, new_axis_mask)):
        bit = 1 << i
        shrinks = shrink_axis_mask & bit
        if axis is None:
            starts[i] = ends[i] = 0
            continue
        if starts[i] is None and (shrinks or not begin_mask & bit):
            moving[axis] = (begin[i], 1 if shrinks else None if end_mask & bit or strides[i] != 1 else sizes[i])
            starts[i], ends[i] = 0, moving[axis][1]
        starts[i] = starts[i] or 0
        ends[i] = 0 if shrinks or end_mask & bit else ends[i]
        if ends[i] is None or (axis in moving and moving[axis][1] is None):
            raise ValueError(f"entry {i} of 'begin' or 'end' must be known when the model is traced: it decides a size")
    index = strided_slice_index(np.array(starts), np.array(ends), strides, **masks)
    return _moved(input, moving)[index]


def _known(vector: Any, entries: Sequence[int | None], count: int) -> list[int | None]:
    return vector.tolist() if isinstance(vector, np.ndarray) else list(entries) or [None] * count


lowers("StridedSlice", picks=True)(strided_slice)


def _axes(rank: int, entries: int, ellipsis_mask: int, new_axis_mask: int) -> list[int | None]:
    """The dimension of which each entry speaks; None for an ellipsis or a new axis."""
    kinds = ["ellipsis" if ellipsis_mask & 1 << i else "new" if new_axis_mask & 1 << i else "" for i in range(entries)]
    spoken_of = kinds.count("")
    found: list[int | None] = []
    axis = 0
    for kind in kinds:
        found.append(None if kind else axis)
        axis += rank - spoken_of if kind == "ellipsis" else 0 if kind == "new" else 1
    return found


def _moved(x: Any, moving: dict[int, tuple[Any, int]]) -> Any:
    """`x` cut to some elements from a traced position of some axes; negative ones count from the end."""
    starts, sizes = [0] * len(x.shape), list(x.shape)
    for axis, (start, size) in moving.items():
        starts[axis] = ops.where(ops.less(start, 0), ops.add(start, sizes[axis]), start)
        sizes[axis] = size
    return dynamic_slice(x, starts, sizes) if moving else x


def dynamic_slice(x: Any, starts: Sequence[Any], sizes: Sequence[int]) -> Any:
    """`sizes` elements from `starts`, integers or traced scalars."""
    return ops.slice(x, [ops.cast(start, "int32") for start in starts], sizes)


@lowers("Slice", picks=True)
def slice_(input: Any, begin: Any, size: Static, *, _begin: Sequence[int | None] = ()) -> Any:
    """size[i] elements of dimension i from begin[i]; -1: all that remain, if begin[i] is known."""
    sizes = integers(size)
    starts = _known(begin, _begin, len(sizes))
    if None not in starts:
        return input[tuple(slice(a, None if n == -1 else a + n) for a, n in zip(starts, sizes, strict=True))]
    for i, (start, n) in enumerate(zip(starts, sizes, strict=True)):
        if n == -1 and start is None:
            raise ValueError(f"entry {i} of 'begin' must be known when the model is traced: it decides a size")
        sizes[i] = input.shape[i] - start if n == -1 else n
    return dynamic_slice(input, [begin[i] if a is None else a for i, a in enumerate(starts)], sizes)


def _positions(shape: list[int], begin: Any, end: Any, strides: np.ndarray, masks: dict[str, int]) -> Any:
    """The flat positions of the elements that a slice takes of a tensor of shape `shape`."""
    known = isinstance(begin, np.ndarray) and isinstance(end, np.ndarray)
    count = math.prod(shape)
    flat = np.arange(count, dtype=np.int32) if known else ops.arange(count, dtype="int32")
    return strided_slice(flat.reshape(shape), begin, end, strides, **masks)


@lowers("StridedSliceGrad")
def strided_slice_grad(
    shape: Static,
    begin: Any,
    end: Any,
    strides: Static,
    dy: Any,
    *,
    begin_mask: int = 0,
    end_mask: int = 0,
    ellipsis_mask: int = 0,
    new_axis_mask: int = 0,
    shrink_axis_mask: int = 0,
) -> Any:
    """Zeros of shape `shape` with `dy` in the place of the slice."""
    masks = mask_names(begin_mask, end_mask, ellipsis_mask, new_axis_mask, shrink_axis_mask)
    return _updated(ops.zeros(integers(shape), dtype_like(dy)), begin, end, strides, dy, masks)


@lowers("TensorStridedSliceUpdate", picks=True)
def tensor_strided_slice_update(
    input: Any,
    begin: Any,
    end: Any,
    strides: Static,
    value: Any,
    *,
    begin_mask: int = 0,
    end_mask: int = 0,
    ellipsis_mask: int = 0,
    new_axis_mask: int = 0,
    shrink_axis_mask: int = 0,
) -> Any:
    """`input` with `value` in the place of the slice."""
    masks = mask_names(begin_mask, end_mask, ellipsis_mask, new_axis_mask, shrink_axis_mask)
    return _updated(input, begin, end, strides, value, masks)


def mask_names(begin: int, end: int, ellipsis: int, new_axis: int, shrink_axis: int) -> dict[str, int]:
    """The masks by the names of their attributes."""
    return {
        "begin_mask": begin,
        "end_mask": end,
        "ellipsis_mask": ellipsis,
        "new_axis_mask": new_axis,
        "shrink_axis_mask": shrink_axis,
    }


def _updated(x: Any, begin: Any, end: Any, strides: np.ndarray, value: Any, masks: dict[str, int]) -> Any:
    shape = list(x.shape)
    positions = ops.reshape(_positions(shape, begin, end, strides, masks), [-1, 1])
    flat = ops.scatter_update(ops.reshape(x, [math.prod(shape)]), positions, ops.reshape(value, [-1]))
    return ops.reshape(flat, shape)
