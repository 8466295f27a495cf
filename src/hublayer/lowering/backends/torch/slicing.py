"""Slices in plain PyTorch: keras.ops costs several times as much when eager, and cannot step backwards."""

from __future__ import annotations

from typing import Any

import torch

from hublayer.graph.numpy_arrays import strided_slice_index
from hublayer.lowering import slicing
from hublayer.lowering.backends.torch.shape import integers
from hublayer.lowering.backends.torch.tensors import tensor
from hublayer.lowering.registry import lowers


@lowers("StridedSlice", backend="torch")
def strided_slice(
    input: Any,
    begin: Any,
    end: Any,
    strides: Any,
    *,
    begin_mask: int = 0,
    end_mask: int = 0,
    ellipsis_mask: int = 0,
    new_axis_mask: int = 0,
    shrink_axis_mask: int = 0,
) -> torch.Tensor:
    """input[begin:end:strides]. Ends that the model computes are read."""
    masks = slicing.mask_names(begin_mask, end_mask, ellipsis_mask, new_axis_mask, shrink_axis_mask)
    input = tensor(input)
    index = strided_slice_index(integers(begin), integers(end), integers(strides), **masks)
    if any(isinstance(entry, slice) and entry.step < 0 for entry in index):
        input, index = _forwards(input, index)
    return input[index]


def _forwards(x: torch.Tensor, index: tuple[Any, ...]) -> tuple[torch.Tensor, tuple[Any, ...]]:
    """`x` reversed along the dimensions in which `index` steps backwards, and the index into that."""
    rest = x.ndim - sum(isinstance(entry, slice | int) for entry in index)
    axis, flipped, found = 0, [], []
    for entry in index:
        if isinstance(entry, slice) and entry.step < 0:
            start, stop, step = entry.indices(x.shape[axis])
            last = x.shape[axis] - 1
            flipped.append(axis)
            entry = slice(last - start, last - stop, -step)
        found.append(entry)
        axis += rest if entry is Ellipsis else entry is not None
    return x.flip(flipped), tuple(found)


@lowers("Slice", backend="torch")
def _slice(input: Any, begin: Any, size: Any) -> torch.Tensor:
    starts, sizes = integers(begin), integers(size)
    return tensor(input)[tuple(slice(a, None if n == -1 else a + n) for a, n in zip(starts, sizes, strict=True))]


def _updated(x: torch.Tensor, begin: Any, end: Any, strides: Any, value: Any, masks: dict[str, int]) -> torch.Tensor:
    where = torch.arange(x.numel(), device=x.device).reshape(x.shape)
    where = strided_slice(where, begin, end, strides, **masks).reshape(-1)
    return x.reshape(-1).index_copy(0, where, tensor(value, x.device).reshape(-1)).reshape(x.shape)


@lowers("TensorStridedSliceUpdate", backend="torch")
def _update(
    input: Any,
    begin: Any,
    end: Any,
    strides: Any,
    value: Any,
    *,
    begin_mask: int = 0,
    end_mask: int = 0,
    ellipsis_mask: int = 0,
    new_axis_mask: int = 0,
    shrink_axis_mask: int = 0,
) -> torch.Tensor:
    masks = slicing.mask_names(begin_mask, end_mask, ellipsis_mask, new_axis_mask, shrink_axis_mask)
    return _updated(tensor(input), begin, end, strides, value, masks)


@lowers("StridedSliceGrad", backend="torch")
def _backward(
    shape: Any,
    begin: Any,
    end: Any,
    strides: Any,
    dy: Any,
    *,
    begin_mask: int = 0,
    end_mask: int = 0,
    ellipsis_mask: int = 0,
    new_axis_mask: int = 0,
    shrink_axis_mask: int = 0,
) -> torch.Tensor:
    masks = slicing.mask_names(begin_mask, end_mask, ellipsis_mask, new_axis_mask, shrink_axis_mask)
    dy = tensor(dy)
    return _updated(dy.new_zeros(integers(shape)), begin, end, strides, dy, masks)
