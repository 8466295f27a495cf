"""Ops on NumPy arrays that move elements about: slices, gathers, concatenations. See numpy_ops."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from hublayer.savedmodel.tensors import constant_dtype as numpy_dtype


def strided_slice_index(
    begin: np.ndarray | Sequence[int],
    end: np.ndarray | Sequence[int],
    strides: np.ndarray | Sequence[int],
    *,
    begin_mask: int = 0,
    end_mask: int = 0,
    ellipsis_mask: int = 0,
    new_axis_mask: int = 0,
    shrink_axis_mask: int = 0,
) -> tuple[Any, ...]:
    """The index that StridedSlice applies, as NumPy writes it: slices, None, Ellipsis and integers.

    Bit i of a mask speaks of the i-th entry; the ellipsis goes before a new axis, and that before shrinking.
    """
    index: list[Any] = []
    for i in range(len(begin)):
        bit = 1 << i
        if ellipsis_mask & bit:
            index.append(Ellipsis)
        elif new_axis_mask & bit:
            index.append(None)
        elif shrink_axis_mask & bit:
            index.append(int(begin[i]))
        else:
            start = None if begin_mask & bit else int(begin[i])
            stop = None if end_mask & bit else int(end[i])
            index.append(slice(start, stop, int(strides[i])))
    return tuple(index)


MASKS = ("begin_mask", "end_mask", "ellipsis_mask", "new_axis_mask", "shrink_axis_mask")


def strided_slice_key(begin: np.ndarray, end: np.ndarray, strides: np.ndarray, attrs: Mapping[str, Any]) -> Any:
    """The index of a StridedSlice node; with an Ellipsis, so that even one element is an array."""
    index = strided_slice_index(begin, end, strides, **{name: attrs[name] for name in MASKS if name in attrs})
    return index if Ellipsis in index else (*index, Ellipsis)


def strided_slice(inputs: list[Any], attrs: dict[str, Any]) -> np.ndarray:
    x, begin, end, strides = inputs
    return x[strided_slice_key(begin, end, strides, attrs)]


def slice_(inputs: list[Any], attrs: dict[str, Any]) -> np.ndarray:
    x, begin, size = inputs
    index = [slice(b, None if s == -1 else b + s) for b, s in zip(begin.tolist(), size.tolist(), strict=True)]
    return x[(*index, Ellipsis)]


def gather(inputs: list[Any], attrs: dict[str, Any]) -> np.ndarray:
    x, indices, *axis = inputs
    along = int(axis[0].reshape(-1)[0]) % max(x.ndim, 1) if axis else 0
    batch = attrs.get("batch_dims", 0)
    batch += indices.ndim if batch < 0 else 0
    if indices.size and not 0 <= indices.min() <= indices.max() < x.shape[along]:
        raise ValueError(f"indices from {indices.min()} to {indices.max()} are not all among {x.shape[along]} rows")
    result = np.empty((*x.shape[:along], *indices.shape[batch:], *x.shape[along + 1 :]), x.dtype)
    for where in np.ndindex(x.shape[:batch]):
        result[where] = x[where][(slice(None),) * (along - batch) + (indices[where],)]
    return result


def gather_nd(inputs: list[Any], attrs: dict[str, Any]) -> np.ndarray:
    x, indices = inputs
    if not indices.shape[-1]:
        return np.broadcast_to(x, indices.shape[:-1] + x.shape)
    return x[(*np.moveaxis(indices, -1, 0), Ellipsis)]


def scatter_nd(inputs: list[Any], attrs: dict[str, Any]) -> np.ndarray:
    indices, updates, shape = inputs
    result = np.zeros(tuple(shape.tolist()), updates.dtype)
    np.add.at(result[None], _places(indices), updates)
    return result


def _places(indices: np.ndarray) -> tuple[np.ndarray, ...]:
    """An index for each dimension of x[None], because indices of no dimension mean all of x, once for each update."""
    return (np.zeros(indices.shape[:-1], np.intp), *np.moveaxis(indices, -1, 0))


def tensor_scatter_update(inputs: list[Any], attrs: dict[str, Any]) -> np.ndarray:
    x, indices, updates = inputs
    result = x.copy()
    result[None][_places(indices)] = updates
    return result


def dynamic_stitch(inputs: list[Any], attrs: dict[str, Any]) -> np.ndarray:
    indices, data = inputs
    size = max((int(index.max()) + 1 for index in indices if index.size), default=0)
    result = np.zeros((size, *data[0].shape[indices[0].ndim :]), data[0].dtype)
    for index, rows in zip(indices, data, strict=True):
        result[index] = rows
    return result


def pack(inputs: list[Any], attrs: dict[str, Any]) -> np.ndarray:
    return np.stack(inputs[0], axis=attrs.get("axis", 0))


def unpack(inputs: list[Any], attrs: dict[str, Any]) -> list[np.ndarray]:
    axis = attrs.get("axis", 0)
    moved = np.moveaxis(inputs[0], axis, 0)
    return [moved[i, ...] for i in range(len(moved))]


def split_v(inputs: list[Any], attrs: dict[str, Any]) -> list[np.ndarray]:
    x, sizes, axis = inputs
    sizes = sizes.copy()
    sizes[sizes == -1] = x.shape[int(axis)] - sizes[sizes != -1].sum()
    return np.split(x, np.cumsum(sizes)[:-1], axis=int(axis))


def squeeze(inputs: list[Any], attrs: dict[str, Any]) -> np.ndarray:
    axes = attrs.get("squeeze_dims") or attrs.get("axis")
    return np.squeeze(inputs[0], axis=tuple(axes) if axes else None)


def fill(inputs: list[Any], attrs: dict[str, Any]) -> np.ndarray:
    return np.broadcast_to(inputs[1], tuple(int(dim) for dim in inputs[0]))


def where(inputs: list[Any], attrs: dict[str, Any]) -> np.ndarray:
    return np.argwhere(inputs[0]).astype(np.int64)


def range_(inputs: list[Any], attrs: dict[str, Any]) -> np.ndarray:
    return np.arange(*[item[()] for item in inputs], dtype=inputs[0].dtype)


def lin_space(inputs: list[Any], attrs: dict[str, Any]) -> np.ndarray:
    start, stop, num = inputs
    if int(num) == 1:  # NumPy multiplies the distance by 0, which is NaN if it is infinite
        return start.reshape(1)
    return np.linspace(start, stop, int(num), dtype=start.dtype)


def concat_offset(inputs: list[Any], attrs: dict[str, Any]) -> list[np.ndarray]:
    axis, shapes = inputs
    offsets = [np.zeros_like(shape) for shape in shapes]
    ends = np.cumsum([shape[int(axis)] for shape in shapes])
    for offset, end in zip(offsets[1:], ends, strict=False):
        offset[int(axis)] = end
    return offsets


def broadcast_gradient_args(inputs: list[Any], attrs: dict[str, Any]) -> list[np.ndarray]:
    """For each shape the axes along which it is repeated; axes of one element in both count too."""
    x, y = (shape.tolist() for shape in inputs)
    rank = max(len(x), len(y))
    x, y = ([1] * (rank - len(dims)) + dims for dims in (x, y))
    if inputs[0].tolist() == inputs[1].tolist():
        return [np.zeros(0, inputs[0].dtype) for _ in inputs]
    return [np.array([i for i in range(rank) if dims[i] == 1], inputs[0].dtype) for dims in (x, y)]


def pad(inputs: list[Any], attrs: dict[str, Any]) -> np.ndarray:
    x, paddings, *value = inputs
    pairs = paddings.reshape(-1, 2).tolist()
    return np.pad(x, pairs, constant_values=value[0] if value else x.dtype.type(0)) if x.ndim else x


def mirror_pad(inputs: list[Any], attrs: dict[str, Any]) -> np.ndarray:
    """Padding by what lies inside, with the edge (SYMMETRIC) or without it (REFLECT)."""
    x, paddings = inputs
    mode = attrs["mode"]
    pairs = paddings.reshape(-1, 2).tolist()
    for (before, after), size in zip(pairs, x.shape, strict=True):
        most = size if mode == "SYMMETRIC" else size - 1
        if not 0 <= before <= most or not 0 <= after <= most:
            raise ValueError(f"paddings {before} and {after} of {size} elements are not within 0 and {most}")
    if not x.ndim:
        return x
    return np.pad(x, pairs, "symmetric") if mode == "SYMMETRIC" else np.pad(x, pairs, "reflect")


def reverse_sequence(inputs: list[Any], attrs: dict[str, Any]) -> np.ndarray:
    """The first lengths[i] elements along one axis in reverse order, for each i along another."""
    x, lengths = inputs
    along, batch = attrs["seq_dim"] % x.ndim, attrs.get("batch_dim", 0) % x.ndim
    size = x.shape[along]
    if along == batch or lengths.shape != (x.shape[batch],):
        raise ValueError(
            f"lengths of shape {lengths.shape} do not fit axis {batch} of {x.shape}, reversed along {along}"
        )
    if lengths.size and not 0 <= lengths.min() <= lengths.max() <= size:
        raise ValueError(f"lengths from {lengths.min()} to {lengths.max()} are not all within 0 and {size}")
    place = np.arange(size)
    order = np.where(place < lengths[:, None], lengths[:, None] - 1 - place, place)
    order = order if batch < along else order.T
    shape = [size if axis == along else x.shape[batch] if axis == batch else 1 for axis in range(x.ndim)]
    return np.take_along_axis(x, order.reshape(shape), along)


def roll(inputs: list[Any], attrs: dict[str, Any]) -> np.ndarray:
    x, shift, axis = inputs
    return np.roll(x, tuple(shift.reshape(-1).tolist()), tuple(axis.reshape(-1).tolist()))


def one_hot(inputs: list[Any], attrs: dict[str, Any]) -> np.ndarray:
    indices, depth, on_value, off_value = inputs
    hot = np.where(indices[..., None] == np.arange(int(depth)), on_value, off_value)
    return np.moveaxis(hot, -1, attrs.get("axis", -1))


def half_as_bits(x: np.ndarray) -> np.ndarray:
    """Half floats as integers that are equal where TensorFlow says so: 0 and -0 are two, each NaN is one."""
    if x.dtype.kind in "iub" or x.itemsize != 2:
        return x
    return np.where(np.isnan(x), 2**16 + np.arange(x.size).reshape(x.shape), x.view(np.int16).astype(np.int64))


def unique(inputs: list[Any], attrs: dict[str, Any]) -> list[np.ndarray]:
    """Distinct values in the order in which they first appear, and where each element went."""
    return unique_with_counts(inputs, attrs)[:2]


def unique_with_counts(inputs: list[Any], attrs: dict[str, Any]) -> list[np.ndarray]:
    x, *axis = inputs
    along = int(axis[0].reshape(-1)[0]) if axis and axis[0].size else None
    dtype = numpy_dtype(attrs.get("out_idx", "int32"))
    _, first, inverse, counts = np.unique(
        half_as_bits(x) if along is None else x, True, True, True, axis=along, equal_nan=False
    )
    order = np.argsort(first)
    place = np.argsort(order)
    values = np.take(x, first[order], axis=0 if along is None else along)
    return [values, place[inverse.reshape(-1)].astype(dtype), counts[order].astype(dtype)]


def list_diff(inputs: list[Any], attrs: dict[str, Any]) -> list[np.ndarray]:
    x, y = inputs
    kept = np.flatnonzero(~np.isin(x, y))
    return [x[kept], kept.astype(numpy_dtype(attrs.get("out_idx", "int32")))]


def select(inputs: list[Any], attrs: dict[str, Any]) -> np.ndarray:
    """A condition of rank 1 chooses whole rows."""
    condition, x, y = inputs
    if condition.ndim == 1:
        condition = condition.reshape(-1, *[1] * (x.ndim - 1))
    return np.where(condition, x, y)


def zeros_like(inputs: list[Any], attrs: dict[str, Any]) -> np.ndarray:
    return np.full(inputs[0].shape, b"", object) if inputs[0].dtype == object else np.zeros_like(inputs[0])
