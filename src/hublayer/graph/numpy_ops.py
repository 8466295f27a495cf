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
        return np.asarray(function(*inputs)).astype(inputs[0].dtype, copy=False)

    return run


def _truth(function: Callable[..., Any]) -> NumpyOp:
    return lambda inputs, attrs: np.asarray(function(*inputs), bool)


def _reduction(function: Callable[..., Any]) -> NumpyOp:
    def run(inputs: list[Any], attrs: dict[str, Any]) -> np.ndarray:
        x, axes = inputs
        axis = tuple(int(a) for a in np.atleast_1d(axes))
        return np.asarray(function(x, axis=axis, keepdims=attrs.get("keep_dims", False))).astype(x.dtype, copy=False)

    return run


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
    return np.asarray(x[strided_slice_index(begin, end, strides, **masks)])


def _slice(inputs: list[Any], attrs: dict[str, Any]) -> np.ndarray:
    x, begin, size = inputs
    return x[tuple(slice(b, None if s == -1 else b + s) for b, s in zip(begin.tolist(), size.tolist(), strict=True))]


def _gather(inputs: list[Any], attrs: dict[str, Any]) -> np.ndarray:
    x, indices, *axis = inputs
    if attrs.get("batch_dims", 0):
        raise ValueError("batch_dims")
    return np.asarray(np.take(x, indices, axis=int(axis[0]) if axis else 0))


def _cast(inputs: list[Any], attrs: dict[str, Any]) -> np.ndarray:
    return inputs[0].astype(numpy_dtype(attrs["DstT"]))


def _pack(inputs: list[Any], attrs: dict[str, Any]) -> np.ndarray:
    return np.stack(inputs[0], axis=attrs.get("axis", 0))


def _unpack(inputs: list[Any], attrs: dict[str, Any]) -> list[np.ndarray]:
    axis = attrs.get("axis", 0)
    return [np.asarray(np.take(inputs[0], i, axis)) for i in range(inputs[0].shape[axis])]


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
    return np.stack(np.nonzero(inputs[0]), axis=-1).astype(np.int64)


def _range(inputs: list[Any], attrs: dict[str, Any]) -> np.ndarray:
    return np.arange(*[item[()] for item in inputs], dtype=inputs[0].dtype)


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
    "Cast": _cast,
    "Ceil": _same(np.ceil),
    "Concat": lambda inputs, attrs: np.concatenate(inputs[1], axis=int(inputs[0])),
    "ConcatV2": lambda inputs, attrs: np.concatenate(inputs[0], axis=int(inputs[1])),
    "Cumsum": _cumulative,
    "Div": _same(_truncated_division),
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
    "Greater": _truth(np.greater),
    "GreaterEqual": _truth(np.greater_equal),
    "Identity": lambda inputs, attrs: inputs[0],
    "IdentityN": lambda inputs, attrs: list(inputs[0]),
    "InvertPermutation": _same(np.argsort),
    "Less": _truth(np.less),
    "LessEqual": _truth(np.less_equal),
    "LogicalAnd": _truth(np.logical_and),
    "LogicalNot": _truth(np.logical_not),
    "LogicalOr": _truth(np.logical_or),
    "Max": _reduction(np.max),
    "Maximum": _same(np.maximum),
    "Mean": _reduction(np.mean),
    "Min": _reduction(np.min),
    "Minimum": _same(np.minimum),
    "Mul": _same(np.multiply),
    "Neg": _same(np.negative),
    "NotEqual": _truth(np.not_equal),
    "OnesLike": lambda inputs, attrs: np.ones_like(inputs[0]),
    "Pack": _pack,
    "Pow": _same(np.power),
    "PreventGradient": lambda inputs, attrs: inputs[0],
    "Prod": _reduction(np.prod),
    "Range": _range,
    "Rank": lambda inputs, attrs: np.array(inputs[0].ndim, np.int32),
    "RealDiv": _same(np.divide),
    "Reshape": lambda inputs, attrs: inputs[0].reshape(tuple(inputs[1].tolist())),
    "ReverseV2": lambda inputs, attrs: np.flip(inputs[0], tuple(inputs[1].tolist())),
    "Round": _same(np.round),
    "Rsqrt": _same(lambda x: 1 / np.sqrt(x)),
    "Select": lambda inputs, attrs: np.where(inputs[0], inputs[1], inputs[2]),
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
    "Tile": lambda inputs, attrs: np.tile(inputs[0], tuple(inputs[1].tolist())),
    "Transpose": lambda inputs, attrs: np.transpose(inputs[0], tuple(inputs[1].tolist())),
    "TruncateDiv": _same(_truncated_division),
    "TruncateMod": _same(np.fmod),
    "Unpack": _unpack,
    "Where": _where,
    "ZerosLike": lambda inputs, attrs: np.zeros_like(inputs[0]),
}
