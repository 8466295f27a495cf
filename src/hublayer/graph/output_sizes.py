"""How large the output of a node is, where its inputs ask for a size, so that it can be refused before memory is taken.

Most ops return about as much as they are given. Listed here are those whose constants ask for any size at all
(``Fill``, ``Tile``, ``OneHot``, random numbers), and those of two inputs that broadcast.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from hublayer.errors import ExecutionError
from hublayer.graph.ir import Node
from hublayer.graph.memory import memory_left
from hublayer.savedmodel import dtypes

# Below it nothing is asked: reading how much memory there is takes longer than taking this much.
_ALWAYS = 64 << 20
_ASSUMED = 4  # bytes of an element whose dtype is not said

Count = Callable[[Sequence[Any], Mapping[str, Any]], float]


def _product(dims: Any) -> float:
    """Their product as a float, so that no size is too large to be told."""
    return math.prod(float(max(int(dim), 0)) for dim in np.asarray(dims).ravel())


def _elements(value: Any) -> float:
    return _product([0 if dim is None else dim for dim in value.shape])


def _asked(index: int) -> Count:
    """The shape is input number `index`."""
    return lambda inputs, attrs: _product(inputs[index])


def _range(inputs: Sequence[Any], attrs: Mapping[str, Any]) -> float:
    start, limit, delta = (float(np.asarray(value)) for value in inputs)
    return abs((limit - start) / delta) if delta else 0.0


def _padded(inputs: Sequence[Any], attrs: Mapping[str, Any]) -> float:
    paddings = np.asarray(inputs[1], np.float64).reshape(-1, 2).sum(1)
    return math.prod(max(float(dim) + more, 0.0) for dim, more in zip(inputs[0].shape, paddings, strict=False))


def _xla_padded(inputs: Sequence[Any], attrs: Mapping[str, Any]) -> float:
    low, high, interior = (np.asarray(value, np.float64) for value in inputs[2:5])
    dims = zip(inputs[0].shape, low, high, interior, strict=False)
    return math.prod(max(dim + a + b + max(dim - 1, 0) * c, 0.0) for dim, a, b, c in dims)


def _segments(inputs: Sequence[Any], attrs: Mapping[str, Any]) -> float:
    return _product(inputs[2]) * _product(inputs[0].shape[len(inputs[1].shape) :])


def _resized(inputs: Sequence[Any], attrs: Mapping[str, Any]) -> float:
    return _product(inputs[1]) * inputs[0].shape[0] * inputs[0].shape[3]


def _cropped(inputs: Sequence[Any], attrs: Mapping[str, Any]) -> float:
    return _product(inputs[3]) * inputs[1].shape[0] * inputs[0].shape[3]


def _transformed(inputs: Sequence[Any], attrs: Mapping[str, Any]) -> float:
    lengths = np.asarray(inputs[1]).ravel()
    return _product(lengths) * _product(inputs[0].shape[: len(inputs[0].shape) - len(lengths)])


def _diagonals(inputs: Sequence[Any], attrs: Mapping[str, Any]) -> float:
    rows, columns = (float(np.asarray(value).ravel()[0]) for value in inputs[2:4])
    last = float(inputs[0].shape[-1])
    return _elements(inputs[0]) / max(last, 1) * max(rows, last) * max(columns, last)


def _stitched(inputs: Sequence[Any], attrs: Mapping[str, Any]) -> float:
    number = len(inputs) // 2
    indices = [value for value in inputs[:number] if isinstance(value, np.ndarray) and value.size]
    rows = max((float(value.max()) for value in indices), default=-1.0) + 1
    return rows * _product(inputs[number].shape[len(inputs[0].shape) :])


def _broadcast(inputs: Sequence[Any], attrs: Mapping[str, Any]) -> float:
    shapes = [tuple(value.shape) for value in inputs if hasattr(value, "shape")]
    if sum(map(any, shapes)) < 2 or all(shape == shapes[0] for shape in shapes):
        return 0.0  # scalars, or all the same: no more than is there already
    rank = max(map(len, shapes), default=0)
    return math.prod(
        max((float(shape[axis - rank]) for shape in shapes if axis - rank >= -len(shape)), default=1.0)
        for axis in range(rank)
    )


_SIZES: dict[str, Count] = {
    **dict.fromkeys(("Fill", "Empty", "ImmutableConst"), _asked(0)),
    **dict.fromkeys(("BroadcastTo", "SparseToDense"), _asked(1)),
    **dict.fromkeys(("ScatterNd", "ScatterNdNonAliasingAdd"), _asked(2)),
    "Tile": lambda inputs, attrs: _elements(inputs[0]) * _product(inputs[1]),
    "Range": _range,
    "LinSpace": _asked(2),
    "OneHot": lambda inputs, attrs: _elements(inputs[0]) * _product(inputs[1]),
    **dict.fromkeys(("Pad", "PadV2", "MirrorPad"), _padded),
    "XlaPad": _xla_padded,
    **dict.fromkeys(
        (
            "ParameterizedTruncatedNormal",
            "RandomStandardNormal",
            "RandomUniform",
            "RandomUniformInt",
            "StatelessParameterizedTruncatedNormal",
            "StatelessRandomBinomial",
            "StatelessRandomGammaV2",
            "StatelessRandomGammaV3",
            "StatelessRandomNormal",
            "StatelessRandomNormalV2",
            "StatelessRandomPoisson",
            "StatelessRandomUniform",
            "StatelessRandomUniformFullInt",
            "StatelessRandomUniformFullIntV2",
            "StatelessRandomUniformInt",
            "StatelessRandomUniformIntV2",
            "StatelessRandomUniformV2",
            "StatelessTruncatedNormal",
            "StatelessTruncatedNormalV2",
            "TruncatedNormal",
        ),
        _asked(0),
    ),
    **dict.fromkeys(
        ("RandomGamma", "RandomPoisson", "RandomPoissonV2"),
        lambda inputs, attrs: _product(inputs[0]) * _elements(inputs[1]),
    ),
    **dict.fromkeys(
        ("Multinomial", "StatelessMultinomial"),
        lambda inputs, attrs: inputs[0].shape[0] * _product(inputs[1]),
    ),
    **dict.fromkeys(
        ("UnsortedSegmentMax", "UnsortedSegmentMin", "UnsortedSegmentProd", "UnsortedSegmentSum"), _segments
    ),
    **dict.fromkeys(("ResizeArea", "ResizeBicubic", "ResizeBilinear", "ResizeNearestNeighbor"), _resized),
    "CropAndResize": _cropped,
    **dict.fromkeys(("FFT", "IFFT"), lambda inputs, attrs: _elements(inputs[0])),
    **dict.fromkeys(("RFFT", "RFFT2D", "RFFT3D", "IRFFT", "IRFFT2D", "IRFFT3D"), _transformed),
    **dict.fromkeys(
        ("Diag", "MatrixDiag"), lambda inputs, attrs: _elements(inputs[0]) * _product(inputs[0].shape[-1:])
    ),
    **dict.fromkeys(("MatrixDiagV2", "MatrixDiagV3"), _diagonals),
    **dict.fromkeys(
        ("Bincount", "DenseBincount"), lambda inputs, attrs: _product(inputs[1]) * len(inputs[0].shape or [1])
    ),
    **dict.fromkeys(("DynamicStitch", "ParallelDynamicStitch"), _stitched),
    **dict.fromkeys(("Conv2DBackpropInput", "DepthwiseConv2dNativeBackpropInput", "Conv3DBackpropInputV2"), _asked(0)),
    "TensorListReserve": lambda inputs, attrs: _product(inputs[1]) * _product(inputs[0]),
    "TensorListResize": _asked(1),
    **dict.fromkeys(("TensorArrayV3", "TensorArray"), _asked(0)),
    "FakeParam": lambda inputs, attrs: _product([dim or 0 for dim in attrs.get("shape") or ()]),
}
_BROADCASTING = frozenset(
    {
        "Add",
        "AddV2",
        "BitwiseAnd",
        "BitwiseOr",
        "BitwiseXor",
        "Div",
        "DivNoNan",
        "Equal",
        "FloorDiv",
        "FloorMod",
        "Greater",
        "GreaterEqual",
        "Less",
        "LessEqual",
        "LogicalAnd",
        "LogicalOr",
        "Maximum",
        "Minimum",
        "Mul",
        "MulNoNan",
        "NotEqual",
        "Pow",
        "RealDiv",
        "SelectV2",
        "SquaredDifference",
        "Sub",
        "Xdivy",
        "Xlogy",
    }
)


def output_elements(op: str, inputs: Sequence[Any], attrs: Mapping[str, Any]) -> float:
    """How many elements `op` would return; 0 if it asks for no size, or what asks for it is not known yet.

    inputs: arrays or tensors, lists of them flat. What does not fit the op is left to the op to refuse.
    """
    count = _broadcast if op in _BROADCASTING else _SIZES.get(op)
    if count is None:
        return 0.0
    try:
        return count(inputs, attrs)
    except (TypeError, ValueError, IndexError, AttributeError, OverflowError, RuntimeError):
        return 0.0


def may_be_large(op: str) -> bool:
    """Whether `op` may return much more than it is given."""
    return op in _SIZES or op in _BROADCASTING


def asks_for_size(op: str) -> bool:
    """Whether an input or attribute of `op` asks for a size."""
    return op in _SIZES


def refuse_too_large(node: Node, inputs: Sequence[Any]) -> None:
    """Raise ExecutionError, naming `node`, if its output would take more memory than this process can still get."""
    elements = output_elements(node.op, inputs, node.attrs)
    if elements * 16 > _ALWAYS:
        _refuse(node, elements * _itemsize(node), f"asks for {elements:.3g} elements")


def refuse_too_large_array(node: Node, array: np.ndarray) -> None:
    """The same for a constant of one repeated value, which is small only until it is used."""
    if array.nbytes > _ALWAYS:
        _refuse(node, array.nbytes, f"has the shape {array.shape}")


def _itemsize(node: Node) -> int:
    for name in ("dtype", "T", "out_type", "Tindices"):
        value = node.attrs.get(name)
        if isinstance(value, str) and (size := dtypes.itemsize(value)):
            return size
    return _ASSUMED


def _refuse(node: Node, nbytes: float, what: str) -> None:
    left = memory_left()
    if nbytes > left:
        raise ExecutionError(
            f"{node.origin}, node {node.name} ({node.op}) {what}, which take {nbytes / 1e9:,.1f} GB of memory, but "
            f"{left / 1e9:,.1f} GB are left. Pass smaller inputs; if they are small, the model is damaged."
        )
