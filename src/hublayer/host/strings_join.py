"""Joining strings: element by element, along axes, by segments."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from hublayer.graph.numpy_ops import NUMPY_OPS
from hublayer.host.byte_sets import offsets_of
from hublayer.host.registry import host_op
from hublayer.host.string_tensor import StringTensor

# pyarrow makes its functions when it is imported, so a type checker does not see them.
_JOIN_LISTS, _JOIN_ELEMENTS = (getattr(pc, name) for name in ("binary_join", "binary_join_element_wise"))

# Segments take memory before there is a string in them.
_MOST_SEGMENTS = 1 << 28


def as_bytes(text: str | bytes) -> bytes:
    """A string attribute, which is str if it is UTF-8, as bytes."""
    return text.encode() if isinstance(text, str) else text


@host_op("StringJoin")
def string_join(inputs, *, separator=""):
    """Strings of the same place joined; scalars stand for every place. Raises ValueError for different shapes."""
    shapes = {value.shape for value in inputs if value.shape != ()} or {()}
    if len(shapes) > 1:
        raise ValueError(f"inputs that are no scalars must have one shape, but they have {sorted(shapes)}")
    (shape,) = shapes
    return _elements_joined(inputs, shape, as_bytes(separator))


def _elements_joined(inputs: Sequence[StringTensor], shape: tuple[int, ...], separator: bytes) -> StringTensor:
    if not inputs:
        return StringTensor.from_list([b""], ())
    parts = [
        pa.scalar(value.item(), pa.large_binary()) if value.shape == () and shape != () else value.array
        for value in inputs
    ]
    if len(parts) == 1:
        return inputs[0]
    joined = _JOIN_ELEMENTS(*parts, pa.scalar(separator, pa.large_binary()))
    return StringTensor(joined, shape)


@host_op("Add")
def add(x, y):
    """Numbers added; strings, whose shapes broadcast, one behind the other."""
    if not isinstance(x, StringTensor):
        return NUMPY_OPS["Add"]([x, y], {})
    shape = np.broadcast_shapes(x.shape, y.shape)
    return _elements_joined([_broadcast(x, shape), _broadcast(y, shape)], shape, b"")


def _broadcast(value: StringTensor, shape: tuple[int, ...]) -> StringTensor:
    if value.shape in ((), shape):
        return value
    return value.take(np.broadcast_to(np.arange(value.size).reshape(value.shape), shape))


@host_op("ReduceJoin")
def reduce_join(inputs, reduction_indices, *, keep_dims=False, separator=""):
    """Strings joined along axes, the first of which changes fastest; no axes leave the strings as they are."""
    rank, axes = inputs.ndim, []
    for axis in reduction_indices.ravel().tolist():
        if not -rank <= axis < rank:
            raise ValueError(f"there is no axis {axis} in a tensor of shape {inputs.shape}")
        if axis % rank in axes:
            raise ValueError(f"axis {axis % rank} is named twice in {reduction_indices.ravel().tolist()}")
        axes.append(axis % rank)
    if not axes:
        return inputs
    kept = [axis for axis in range(rank) if axis not in axes]
    order = np.arange(inputs.size).reshape(inputs.shape).transpose(kept + axes[::-1])
    rows = int(np.prod(order.shape[: len(kept)], dtype=np.int64))
    width = int(np.prod(order.shape[len(kept) :], dtype=np.int64))
    shape = [1 if axis in axes else dim for axis, dim in enumerate(inputs.shape) if keep_dims or axis not in axes]
    offsets = np.arange(rows + 1, dtype=np.int64) * width
    return _lists_joined(inputs, order.ravel(), offsets, separator, shape)


def _lists_joined(
    strings: StringTensor, order: np.ndarray, offsets: np.ndarray, separator: str | bytes, shape: Sequence[int]
) -> StringTensor:
    """List i, of the strings with the numbers order[offsets[i] : offsets[i + 1]], joined."""
    in_order = np.array_equal(order, np.arange(strings.size))
    items = strings.array if in_order else strings.array.take(pa.array(order))
    lists = pa.LargeListArray.from_arrays(pa.array(offsets), items)
    return StringTensor(_JOIN_LISTS(lists, pa.scalar(as_bytes(separator), pa.large_binary())), shape)


@host_op("UnsortedSegmentJoin")
def unsorted_segment_join(inputs, segment_ids, num_segments, *, separator="", Tnumsegments=None):
    """The strings of each segment joined in their order; an empty string for a segment without any.

    segment_ids: the leading dimensions of `inputs`. Raises ValueError for a segment beyond num_segments or below 0.
    """
    if num_segments.shape != ():
        raise ValueError(f"num_segments must be a scalar, but its shape is {num_segments.shape}")
    number, leading = int(num_segments), segment_ids.shape
    if number < 0:
        raise ValueError(f"num_segments must not be negative, but it is {number}")
    if not leading or inputs.shape[: len(leading)] != leading:
        raise ValueError(f"segment ids of shape {leading} do not begin the shape {inputs.shape} of the strings")
    ids = segment_ids.ravel().astype(np.int64)
    if ids.size and (ids.min() < 0 or ids.max() >= number):
        raise ValueError(f"segments go from {ids.min()} to {ids.max()}, but there are {number}")
    inner = inputs.shape[len(leading) :]
    width = int(np.prod(inner, dtype=np.int64))
    result = number * width
    if result > _MOST_SEGMENTS:
        raise ValueError(f"{number} segments of shape {inner} are more strings than fit")
    target = (ids[:, None] * width + np.arange(width)).ravel()
    order = np.argsort(target, kind="stable")
    order = order[_behind_a_nonempty(target[order], np.diff(inputs.offsets)[order] > 0)]
    offsets = offsets_of(np.bincount(target[order], minlength=result))
    return _lists_joined(inputs, order, offsets, separator, (number, *inner))


def _behind_a_nonempty(segments: np.ndarray, nonempty: np.ndarray) -> np.ndarray:
    """bool: which strings are not empty or follow one that is not in their segment: before it nothing is separated."""
    seen = np.cumsum(nonempty)
    starts = np.flatnonzero(np.diff(segments, prepend=-1))
    before = np.repeat(seen[starts] - nonempty[starts], np.diff(np.append(starts, len(segments))))
    return seen > before
