"""Ops on NumPy arrays: what is known while a graph is traced or loaded (shapes, axes, sizes) is computed here.

Each entry takes the list of inputs (lists for inputs that are lists) and the node's attributes, and returns an array,
or a list of arrays for an op with several outputs. The results are those of TensorFlow's kernels.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from hublayer.savedmodel.tensors import constant_dtype as numpy_dtype

NumpyOp = Callable[[list[Any], dict[str, Any]], Any]


def _same(function: Callable[..., Any]) -> NumpyOp:
    """An elementwise op whose result has the dtype of its first input."""

    def run(inputs: list[Any], attrs: dict[str, Any]) -> np.ndarray:
        with np.errstate(all="ignore"):  # 1/0 and the like give what IEEE says, as in TensorFlow
            return np.asarray(function(*inputs)).astype(inputs[0].dtype, copy=False)

    return run


def _truth(function: Callable[..., Any]) -> NumpyOp:
    return lambda inputs, attrs: np.asarray(function(*inputs), bool)


def _reduction(function: Callable[..., Any]) -> NumpyOp:
    def run(inputs: list[Any], attrs: dict[str, Any]) -> np.ndarray:
        x, axes = inputs
        axis = tuple(int(a) for a in np.atleast_1d(axes))
        with np.errstate(all="ignore"):
            result = function(x, axis=axis, keepdims=attrs.get("keep_dims", False))
            return np.asarray(result).astype(x.dtype, copy=False)

    return run


def _mean(x: np.ndarray, axis: tuple[int, ...], keepdims: bool) -> np.ndarray:
    """The mean; NaN of nothing, without NumPy's warning."""
    total = np.sum(x, axis=axis, keepdims=keepdims)
    return total / np.prod([x.shape[a] for a in axis])


def _truncated_division(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    if x.dtype.kind in "iu":
        return (np.sign(x) * np.sign(y)) * (np.abs(x) // np.abs(y))
    return x / y


def strided_slice_index(
    begin: np.ndarray,
    end: np.ndarray,
    strides: np.ndarray,
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


def _strided_slice(inputs: list[Any], attrs: dict[str, Any]) -> np.ndarray:
    x, begin, end, strides = inputs
    masks = {name: attrs[name] for name in MASKS if name in attrs}
    index = strided_slice_index(begin, end, strides, **masks)
    return x[index if Ellipsis in index else (*index, Ellipsis)]  # with an ellipsis even one element is an array


def _slice(inputs: list[Any], attrs: dict[str, Any]) -> np.ndarray:
    x, begin, size = inputs
    return x[tuple(slice(b, None if s == -1 else b + s) for b, s in zip(begin.tolist(), size.tolist(), strict=True))]


def _gather(inputs: list[Any], attrs: dict[str, Any]) -> np.ndarray:
    x, indices, *axis = inputs
    along = int(axis[0]) % max(x.ndim, 1) if axis else 0
    batch = attrs.get("batch_dims", 0)
    batch += indices.ndim if batch < 0 else 0
    result = np.empty((*x.shape[:along], *indices.shape[batch:], *x.shape[along + 1 :]), x.dtype)
    for where in np.ndindex(x.shape[:batch]):
        result[where] = x[where][(slice(None),) * (along - batch) + (indices[where],)]
    return result


def _gather_nd(inputs: list[Any], attrs: dict[str, Any]) -> np.ndarray:
    x, indices = inputs
    return x[(*np.moveaxis(indices, -1, 0), Ellipsis)]


def _scatter_nd(inputs: list[Any], attrs: dict[str, Any]) -> np.ndarray:
    indices, updates, shape = inputs
    result = np.zeros(tuple(shape.tolist()), updates.dtype)
    np.add.at(result, tuple(np.moveaxis(indices, -1, 0)), updates)
    return result


def _tensor_scatter_update(inputs: list[Any], attrs: dict[str, Any]) -> np.ndarray:
    x, indices, updates = inputs
    result = x.copy()
    result[tuple(np.moveaxis(indices, -1, 0))] = updates
    return result


def _dynamic_stitch(inputs: list[Any], attrs: dict[str, Any]) -> np.ndarray:
    indices, data = inputs
    size = max((int(index.max()) + 1 for index in indices if index.size), default=0)
    result = np.zeros((size, *data[0].shape[indices[0].ndim :]), data[0].dtype)
    for index, rows in zip(indices, data, strict=True):
        result[index] = rows
    return result


def _cast(inputs: list[Any], attrs: dict[str, Any]) -> np.ndarray:
    x, dtype = inputs[0], numpy_dtype(attrs["DstT"])
    if x.dtype.kind == "c" and dtype is not None and dtype.kind not in "cb":
        x = x.real
    with np.errstate(all="ignore"):
        return x.astype(dtype)


def _pack(inputs: list[Any], attrs: dict[str, Any]) -> np.ndarray:
    return np.stack(inputs[0], axis=attrs.get("axis", 0))


def _unpack(inputs: list[Any], attrs: dict[str, Any]) -> list[np.ndarray]:
    axis = attrs.get("axis", 0)
    moved = np.moveaxis(inputs[0], axis, 0)
    return [moved[i, ...] for i in range(len(moved))]


def _split_v(inputs: list[Any], attrs: dict[str, Any]) -> list[np.ndarray]:
    x, sizes, axis = inputs
    sizes = sizes.copy()
    sizes[sizes == -1] = x.shape[int(axis)] - sizes[sizes != -1].sum()
    return np.split(x, np.cumsum(sizes)[:-1], axis=int(axis))


def _squeeze(inputs: list[Any], attrs: dict[str, Any]) -> np.ndarray:
    axes = attrs.get("squeeze_dims") or attrs.get("axis")
    return np.squeeze(inputs[0], axis=tuple(axes) if axes else None)


def _size_dtype(attrs: dict[str, Any]) -> np.dtype:
    return numpy_dtype(attrs.get("out_type", "int32"))


def _argument(function: Callable[..., Any]) -> NumpyOp:
    return lambda inputs, attrs: np.asarray(
        function(inputs[0], axis=int(inputs[1])), numpy_dtype(attrs.get("output_type", "int64"))
    )


def _fill(inputs: list[Any], attrs: dict[str, Any]) -> np.ndarray:
    return np.broadcast_to(inputs[1], tuple(int(dim) for dim in inputs[0]))


def _where(inputs: list[Any], attrs: dict[str, Any]) -> np.ndarray:
    return np.argwhere(inputs[0]).astype(np.int64)


def _range(inputs: list[Any], attrs: dict[str, Any]) -> np.ndarray:
    return np.arange(*[item[()] for item in inputs], dtype=inputs[0].dtype)


def _lin_space(inputs: list[Any], attrs: dict[str, Any]) -> np.ndarray:
    start, stop, num = inputs
    return np.linspace(start, stop, int(num), dtype=start.dtype)


def _concat_offset(inputs: list[Any], attrs: dict[str, Any]) -> list[np.ndarray]:
    axis, shapes = inputs
    offsets = [np.zeros_like(shape) for shape in shapes]
    ends = np.cumsum([shape[int(axis)] for shape in shapes])
    for offset, end in zip(offsets[1:], ends, strict=False):
        offset[int(axis)] = end
    return offsets


def _broadcast_gradient_args(inputs: list[Any], attrs: dict[str, Any]) -> list[np.ndarray]:
    """For each shape the axes along which it is repeated; axes of one element in both count, unless the shapes agree."""
    x, y = (shape.tolist() for shape in inputs)
    rank = max(len(x), len(y))
    x, y = ([1] * (rank - len(dims)) + dims for dims in (x, y))
    if inputs[0].tolist() == inputs[1].tolist():
        return [np.zeros(0, inputs[0].dtype) for _ in inputs]
    return [np.array([i for i in range(rank) if dims[i] == 1], inputs[0].dtype) for dims in (x, y)]


def _pad(inputs: list[Any], attrs: dict[str, Any]) -> np.ndarray:
    x, paddings, *value = inputs
    pairs = paddings.reshape(-1, 2).tolist()
    return np.pad(x, pairs, constant_values=value[0] if value else x.dtype.type(0)) if x.ndim else x


def _roll(inputs: list[Any], attrs: dict[str, Any]) -> np.ndarray:
    x, shift, axis = inputs
    return np.roll(x, tuple(shift.reshape(-1).tolist()), tuple(axis.reshape(-1).tolist()))


def _one_hot(inputs: list[Any], attrs: dict[str, Any]) -> np.ndarray:
    indices, depth, on_value, off_value = inputs
    hot = np.where(indices[..., None] == np.arange(int(depth)), on_value, off_value)
    return np.moveaxis(hot, -1, attrs.get("axis", -1))


def _unique(inputs: list[Any], attrs: dict[str, Any]) -> list[np.ndarray]:
    """Distinct values in the order in which they first appear, and where each element went."""
    return _unique_with_counts(inputs, attrs)[:2]


def _unique_with_counts(inputs: list[Any], attrs: dict[str, Any]) -> list[np.ndarray]:
    x, *axis = inputs
    along = int(axis[0].reshape(-1)[0]) if axis and axis[0].size else None
    dtype = numpy_dtype(attrs.get("out_idx", "int32"))
    _, first, inverse, counts = np.unique(x, True, True, True, axis=along)
    order = np.argsort(first)
    place = np.argsort(order)
    values = np.take(x, first[order], axis=0 if along is None else along)
    return [values, place[inverse.reshape(-1)].astype(dtype), counts[order].astype(dtype)]


def _list_diff(inputs: list[Any], attrs: dict[str, Any]) -> list[np.ndarray]:
    x, y = inputs
    kept = np.flatnonzero(~np.isin(x, y))
    return [x[kept], kept.astype(numpy_dtype(attrs.get("out_idx", "int32")))]


def _select(inputs: list[Any], attrs: dict[str, Any]) -> np.ndarray:
    """A condition of rank 1 chooses whole rows."""
    condition, x, y = inputs
    if condition.ndim == 1:
        condition = condition.reshape(-1, *[1] * (x.ndim - 1))
    return np.where(condition, x, y)


def _zeros_like(inputs: list[Any], attrs: dict[str, Any]) -> np.ndarray:
    return np.full(inputs[0].shape, b"", object) if inputs[0].dtype == object else np.zeros_like(inputs[0])


def _cumulative(inputs: list[Any], attrs: dict[str, Any]) -> np.ndarray:
    x, axis = inputs[0], int(inputs[1])
    if attrs.get("reverse"):
        x = np.flip(x, axis)
    total = np.cumsum(x, axis=axis, dtype=x.dtype)
    if attrs.get("exclusive"):
        total = total - x
    return np.flip(total, axis) if attrs.get("reverse") else total


NUMPY_OPS: dict[str, NumpyOp] = {
    "Abs": _same(np.abs),
    "Add": _same(np.add),
    "AddV2": _same(np.add),
    "All": _reduction(np.all),
    "Any": _reduction(np.any),
    "ArgMax": _argument(np.argmax),
    "ArgMin": _argument(np.argmin),
    "BroadcastArgs": lambda inputs, attrs: np.array(
        np.broadcast_shapes(*(tuple(shape.tolist()) for shape in inputs)), inputs[0].dtype
    ),
    "BroadcastTo": lambda inputs, attrs: np.broadcast_to(inputs[0], tuple(inputs[1].tolist())),
    "BroadcastGradientArgs": _broadcast_gradient_args,
    "Cast": _cast,
    "Ceil": _same(np.ceil),
    "Concat": lambda inputs, attrs: np.concatenate(inputs[1], axis=int(inputs[0])),
    "ConcatV2": lambda inputs, attrs: np.concatenate(inputs[0], axis=int(inputs[1])),
    "ConcatOffset": _concat_offset,
    "Cumsum": _cumulative,
    "Div": _same(_truncated_division),
    "DynamicStitch": _dynamic_stitch,
    "EnsureShape": lambda inputs, attrs: inputs[0],
    "Equal": _truth(np.equal),
    "Exp": _same(np.exp),
    "ExpandDims": lambda inputs, attrs: np.expand_dims(inputs[0], int(inputs[1].ravel()[0])),
    "Fill": _fill,
    "Floor": _same(np.floor),
    "FloorDiv": _same(np.floor_divide),
    "FloorMod": _same(np.mod),
    "Gather": _gather,
    "GatherV2": _gather,
    "GatherNd": _gather_nd,
    "Greater": _truth(np.greater),
    "GreaterEqual": _truth(np.greater_equal),
    "Identity": lambda inputs, attrs: inputs[0],
    "IdentityN": lambda inputs, attrs: list(inputs[0]),
    "InvertPermutation": _same(np.argsort),
    "Less": _truth(np.less),
    "LessEqual": _truth(np.less_equal),
    "LinSpace": _lin_space,
    "ListDiff": _list_diff,
    "LogicalAnd": _truth(np.logical_and),
    "LogicalNot": _truth(np.logical_not),
    "LogicalOr": _truth(np.logical_or),
    "Max": _reduction(np.max),
    "Maximum": _same(np.maximum),
    "Mean": _reduction(_mean),
    "Min": _reduction(np.min),
    "Minimum": _same(np.minimum),
    "Mul": _same(np.multiply),
    "Neg": _same(np.negative),
    "NotEqual": _truth(np.not_equal),
    "OneHot": _one_hot,
    "OnesLike": lambda inputs, attrs: np.ones_like(inputs[0]),
    "Pack": _pack,
    "Pad": _pad,
    "PadV2": _pad,
    "ParallelDynamicStitch": _dynamic_stitch,
    "Pow": _same(np.power),
    "PreventGradient": lambda inputs, attrs: inputs[0],
    "Prod": _reduction(np.prod),
    "Range": _range,
    "Rank": lambda inputs, attrs: np.array(inputs[0].ndim, np.int32),
    "RealDiv": _same(np.divide),
    "Reshape": lambda inputs, attrs: inputs[0].reshape(tuple(inputs[1].tolist())),
    "Reverse": lambda inputs, attrs: np.flip(inputs[0], tuple(np.flatnonzero(inputs[1]).tolist())),
    "ReverseV2": lambda inputs, attrs: np.flip(inputs[0], tuple(inputs[1].tolist())),
    "Roll": _roll,
    "Round": _same(np.round),
    "Rsqrt": _same(lambda x: 1 / np.sqrt(x)),
    "ScatterNd": _scatter_nd,
    "Select": _select,
    "SelectV2": lambda inputs, attrs: np.where(inputs[0], inputs[1], inputs[2]),
    "Shape": lambda inputs, attrs: np.array(inputs[0].shape, _size_dtype(attrs)),
    "ShapeN": lambda inputs, attrs: [np.array(x.shape, _size_dtype(attrs)) for x in inputs[0]],
    "Sign": _same(np.sign),
    "Size": lambda inputs, attrs: np.array(inputs[0].size, _size_dtype(attrs)),
    "Slice": _slice,
    "Snapshot": lambda inputs, attrs: inputs[0],
    "Split": lambda inputs, attrs: np.split(inputs[1], attrs["num_split"], axis=int(inputs[0])),
    "SplitV": _split_v,
    "Sqrt": _same(np.sqrt),
    "Square": _same(np.square),
    "Squeeze": _squeeze,
    "StopGradient": lambda inputs, attrs: inputs[0],
    "StridedSlice": _strided_slice,
    "Sub": _same(np.subtract),
    "Sum": _reduction(np.sum),
    "TensorScatterUpdate": _tensor_scatter_update,
    "Tile": lambda inputs, attrs: np.tile(inputs[0], tuple(inputs[1].tolist())),
    "Transpose": lambda inputs, attrs: np.transpose(inputs[0], tuple(inputs[1].tolist())),
    "TruncateDiv": _same(_truncated_division),
    "TruncateMod": _same(np.fmod),
    "Unique": _unique,
    "UniqueV2": _unique,
    "UniqueWithCounts": _unique_with_counts,
    "UniqueWithCountsV2": _unique_with_counts,
    "Unpack": _unpack,
    "Where": _where,
    "ZerosLike": _zeros_like,
}
