"""Shapes in TensorFlow: dimensions may be unknown while a function is traced, so shapes and axes may be traced too."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import tensorflow as tf

from hublayer.lowering import shape
from hublayer.lowering.backends.tensorflow.native import lowers_native
from hublayer.lowering.registry import lowers

lowers_native(
    "BatchToSpace",
    "BatchToSpaceND",
    "BroadcastArgs",
    "BroadcastGradientArgs",
    "BroadcastTo",
    "Concat",
    "ConcatOffset",
    "ConcatV2",
    "ConjugateTranspose",
    "Empty",
    "ExpandDims",
    "Fill",
    "LinSpace",
    "MirrorPad",
    "OneHot",
    "Pack",
    "Pad",
    "PadV2",
    "Range",
    "Reshape",
    "Reverse",
    "ReverseSequence",
    "ReverseV2",
    "Roll",
    "SpaceToBatch",
    "SpaceToBatchND",
    "Split",
    "SplitV",
    "Squeeze",
    "Tile",
    "Transpose",
    "Unpack",
)
# Diagonals: the general versions need the sizes of the matrices.
lowers_native(
    "Diag",
    "DiagPart",
    "MatrixBandPart",
    "MatrixDiag",
    "MatrixDiagPart",
    "MatrixDiagPartV2",
    "MatrixDiagPartV3",
    "MatrixDiagV2",
    "MatrixDiagV3",
    "MatrixSetDiag",
    "MatrixSetDiagV2",
    "MatrixSetDiagV3",
)


def _known(x: Any) -> bool:
    return tf.TensorShape(x.shape).is_fully_defined()


@lowers("Shape", backend="tensorflow")
def _shape(input: Any, *, out_type: str = "int32") -> Any:
    return shape.shape(input, out_type=out_type) if _known(input) else tf.shape(input, out_type)


@lowers("ShapeN", backend="tensorflow")
def _shape_n(input: Sequence[Any], *, out_type: str = "int32") -> list[Any]:
    return [_shape(x, out_type=out_type) for x in input]


@lowers("Rank", backend="tensorflow")
def _rank(input: Any) -> Any:
    return tf.rank(input) if tf.TensorShape(input.shape).rank is None else shape.rank(input)


@lowers("Size", backend="tensorflow")
def _size(input: Any, *, out_type: str = "int32") -> Any:
    return shape.size(input, out_type=out_type) if _known(input) else tf.size(input, out_type)


def _blocks(native: Callable[..., Any]) -> Callable[..., Any]:
    def run(input: Any, *, block_size: int, data_format: str = "NHWC") -> Any:
        """TensorFlow's kernel on the CPU knows NHWC only."""
        if data_format == "NCHW":
            last = native(tf.transpose(input, (0, 2, 3, 1)), block_size)
            return tf.transpose(last, (0, 3, 1, 2))
        return native(input, block_size, data_format)

    return run


lowers("SpaceToDepth", backend="tensorflow")(_blocks(tf.nn.space_to_depth))
lowers("DepthToSpace", backend="tensorflow")(_blocks(tf.nn.depth_to_space))


@lowers("EnsureShape", backend="tensorflow")
def _ensure_shape(input: Any, *, shape: Sequence[int | None] | None) -> Any:
    """In a graph, TensorFlow's kernel refuses an unknown rank."""
    return input if shape is None else tf.ensure_shape(input, shape)
