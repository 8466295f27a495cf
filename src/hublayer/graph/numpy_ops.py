"""Ops on NumPy arrays: what is known while a graph is traced or loaded (shapes, axes, sizes) is computed here.

Each entry takes the list of inputs (lists for inputs that are lists) and the node's attributes, and returns an array,
or a list of arrays for an op with several outputs. The results are those of TensorFlow's kernels.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from hublayer.graph import numpy_arrays as arrays
from hublayer.savedmodel.tensors import constant_dtype as numpy_dtype

NumpyOp = Callable[[list[Any], dict[str, Any]], Any]


# Integers give no warnings here.
_QUIET = frozenset({np.add, np.subtract, np.multiply, np.maximum, np.minimum})


def _same(function: Callable[..., Any]) -> NumpyOp:
    """An elementwise op whose result has the dtype of its first input."""

    def run(inputs: list[Any], attrs: dict[str, Any]) -> np.ndarray:
        if function in _QUIET and inputs[0].dtype.kind in "iu":  # taking note of warnings takes longer than the work
            return np.asarray(function(*inputs)).astype(inputs[0].dtype, copy=False)
        with np.errstate(all="ignore"):  # 1/0 and the like give what IEEE says, as in TensorFlow
            return np.asarray(function(*inputs)).astype(inputs[0].dtype, copy=False)

    return run


def _truth(function: Callable[..., Any]) -> NumpyOp:
    return lambda inputs, attrs: np.asarray(function(*inputs), bool)


def _equality(function: Callable[..., Any], otherwise: bool) -> NumpyOp:
    """Shapes that do not broadcast give the scalar `otherwise`, if that is no error."""
    compare = _truth(function)

    def run(inputs: list[Any], attrs: dict[str, Any]) -> np.ndarray:
        try:
            return compare(inputs, attrs)
        except ValueError:
            if attrs.get("incompatible_shape_error", True):
                raise
            return np.array(otherwise)

    return run


def _reduction(function: Callable[..., Any]) -> NumpyOp:
    def run(inputs: list[Any], attrs: dict[str, Any]) -> np.ndarray:
        x, axes = inputs
        axis = tuple(np.ravel(axes).tolist())
        if x.dtype.kind == "b":
            return np.asarray(function(x, axis=axis, keepdims=attrs.get("keep_dims", False)))
        with np.errstate(all="ignore"):
            result = function(x, axis=axis, keepdims=attrs.get("keep_dims", False))
            return np.asarray(result).astype(x.dtype, copy=False)

    return run


def _extreme(function: Callable[..., Any], sign: int) -> NumpyOp:
    """The largest (sign 1) or smallest (-1); of nothing, the bound of the dtype, infinite for floats."""

    def run(x: np.ndarray, axis: tuple[int, ...], keepdims: bool) -> np.ndarray:
        bound: Any = -sign * np.inf
        if x.dtype.kind in "iu":
            bound = np.iinfo(x.dtype).min if sign > 0 else np.iinfo(x.dtype).max
        return function(x, axis=axis, keepdims=keepdims, initial=bound)

    return _reduction(run)


def _mean(x: np.ndarray, axis: tuple[int, ...], keepdims: bool) -> np.ndarray:
    """The mean; of nothing NaN, but 0 for integers and complex numbers."""
    total = np.sum(x, axis=axis, keepdims=keepdims)
    number = np.prod([x.shape[a] for a in axis], dtype=np.int64)
    if x.dtype.kind in "iu":  # NumPy adds them up in 64 bits, as TensorFlow does
        return _truncated_division(total, np.maximum(number, 1).astype(total.dtype))
    return total / (np.maximum(number, 1) if x.dtype.kind == "c" else number)


def _truncated_division(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    if x.dtype.kind in "iu":
        quotient = x // y
        return quotient + ((quotient * y != x) & ((x < 0) != (y < 0)))
    return x / y


def _floor_division(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    return np.floor_divide(x, y) if x.dtype.kind in "iu" else np.floor(x / y)


def _sign(x: np.ndarray) -> np.ndarray:
    """A complex number over its magnitude: 0 where that overflows, and NaN where it is infinite."""
    if x.dtype.kind != "c":
        return np.sign(x)
    magnitude = np.abs(x)
    return x / np.where(magnitude == 0, magnitude.dtype.type(1), magnitude)


def _reciprocal_root(x: np.ndarray) -> np.ndarray:
    """1 over the square root; of complex numbers 0 where a part is infinite, and -0 as imaginary part counts as 0."""
    if x.dtype.kind != "c":
        return 1 / np.sqrt(x)
    return np.where(np.isinf(x), x.dtype.type(0), 1 / np.sqrt(x + 0))


def _cast(inputs: list[Any], attrs: dict[str, Any]) -> np.ndarray:
    x, dtype = inputs[0], numpy_dtype(attrs["DstT"])
    if x.dtype.kind == "c" and dtype is not None and dtype.kind not in "cb":
        x = x.real
    if x.dtype.kind in "biu":  # nothing to warn of
        return x.astype(dtype)
    with np.errstate(all="ignore"):
        return x.astype(dtype)


def _size_dtype(attrs: dict[str, Any]) -> np.dtype | None:
    return numpy_dtype(attrs.get("out_type", "int32"))


def _argument(function: Callable[..., Any]) -> NumpyOp:
    def run(inputs: list[Any], attrs: dict[str, Any]) -> np.ndarray:
        x, axis = inputs[0], int(inputs[1])
        if x.dtype.kind not in "iub":  # NaN is never the one
            x = np.where(np.isnan(x), x.dtype.type(-np.inf if function is np.argmax else np.inf), x)
        return np.asarray(function(x, axis=axis), numpy_dtype(attrs.get("output_type", "int64")))

    return run


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
    "BroadcastGradientArgs": arrays.broadcast_gradient_args,
    "Cast": _cast,
    "Ceil": _same(np.ceil),
    "Concat": lambda inputs, attrs: np.concatenate(inputs[1], axis=int(inputs[0])),
    "ConcatV2": lambda inputs, attrs: np.concatenate(inputs[0], axis=int(inputs[1])),
    "ConcatOffset": arrays.concat_offset,
    "Cumsum": _cumulative,
    "Div": _same(_truncated_division),
    "DynamicStitch": arrays.dynamic_stitch,
    "EnsureShape": lambda inputs, attrs: inputs[0],
    "Equal": _equality(np.equal, False),
    "Exp": _same(np.exp),
    "ExpandDims": lambda inputs, attrs: np.expand_dims(inputs[0], int(inputs[1].ravel()[0])),
    "Fill": arrays.fill,
    "Floor": _same(np.floor),
    "FloorDiv": _same(_floor_division),
    "FloorMod": _same(np.mod),
    "Gather": arrays.gather,
    "GatherV2": arrays.gather,
    "GatherNd": arrays.gather_nd,
    "Greater": _truth(np.greater),
    "GreaterEqual": _truth(np.greater_equal),
    "Identity": lambda inputs, attrs: inputs[0],
    "IdentityN": lambda inputs, attrs: list(inputs[0]),
    "InvertPermutation": _same(np.argsort),
    "Less": _truth(np.less),
    "LessEqual": _truth(np.less_equal),
    "LinSpace": arrays.lin_space,
    "ListDiff": arrays.list_diff,
    "LogicalAnd": _truth(np.logical_and),
    "LogicalNot": _truth(np.logical_not),
    "LogicalOr": _truth(np.logical_or),
    "Max": _extreme(np.max, 1),
    "Maximum": _same(np.maximum),
    "Mean": _reduction(_mean),
    "Min": _extreme(np.min, -1),
    "Minimum": _same(np.minimum),
    "MirrorPad": arrays.mirror_pad,
    "Mul": _same(np.multiply),
    "Neg": _same(np.negative),
    "NotEqual": _equality(np.not_equal, True),
    "OneHot": arrays.one_hot,
    "OnesLike": lambda inputs, attrs: np.ones_like(inputs[0]),
    "Pack": arrays.pack,
    "Pad": arrays.pad,
    "PadV2": arrays.pad,
    "ParallelDynamicStitch": arrays.dynamic_stitch,
    "Pow": _same(np.power),
    "PreventGradient": lambda inputs, attrs: inputs[0],
    "Prod": _reduction(np.prod),
    "Range": arrays.range_,
    "Rank": lambda inputs, attrs: np.array(inputs[0].ndim, np.int32),
    "RealDiv": _same(np.divide),
    "Reshape": lambda inputs, attrs: inputs[0].reshape(tuple(inputs[1].tolist())),
    "Reverse": lambda inputs, attrs: np.flip(inputs[0], tuple(np.flatnonzero(inputs[1]).tolist())),
    "ReverseSequence": arrays.reverse_sequence,
    "ReverseV2": lambda inputs, attrs: np.flip(inputs[0], tuple(inputs[1].tolist())),
    "Roll": arrays.roll,
    "Round": _same(np.round),
    "Rsqrt": _same(_reciprocal_root),
    "ScatterNd": arrays.scatter_nd,
    "Select": arrays.select,
    "SelectV2": lambda inputs, attrs: np.where(inputs[0], inputs[1], inputs[2]),
    "Shape": lambda inputs, attrs: np.array(inputs[0].shape, _size_dtype(attrs)),
    "ShapeN": lambda inputs, attrs: [np.array(x.shape, _size_dtype(attrs)) for x in inputs[0]],
    "Sign": _same(_sign),
    "Size": lambda inputs, attrs: np.array(inputs[0].size, _size_dtype(attrs)),
    "Slice": arrays.slice_,
    "Snapshot": lambda inputs, attrs: inputs[0],
    "Split": lambda inputs, attrs: np.split(inputs[1], attrs["num_split"], axis=int(inputs[0])),
    "SplitV": arrays.split_v,
    "Sqrt": _same(np.sqrt),
    "Square": _same(np.square),
    "Squeeze": arrays.squeeze,
    "StopGradient": lambda inputs, attrs: inputs[0],
    "StridedSlice": arrays.strided_slice,
    "Sub": _same(np.subtract),
    "Sum": _reduction(np.sum),
    "TensorScatterUpdate": arrays.tensor_scatter_update,
    "Tile": lambda inputs, attrs: np.tile(inputs[0], tuple(inputs[1].tolist())),
    "Transpose": lambda inputs, attrs: np.transpose(inputs[0], tuple(inputs[1].tolist())),
    "TruncateDiv": _same(lambda x, y: np.trunc(_truncated_division(x, y))),
    "TruncateMod": _same(np.fmod),
    "Unique": arrays.unique,
    "UniqueV2": arrays.unique,
    "UniqueWithCounts": arrays.unique_with_counts,
    "UniqueWithCountsV2": arrays.unique_with_counts,
    "Unpack": arrays.unpack,
    "Where": arrays.where,
    "ZerosLike": arrays.zeros_like,
}
