"""Ops that only move elements: on strings they run on indices, and the strings are taken once at the end."""

from __future__ import annotations

from typing import Any

import numpy as np

from hublayer.graph.numpy_ops import NUMPY_OPS
from hublayer.host.string_tensor import StringTensor, concatenate

# Ops of NUMPY_OPS whose outputs are elements of their inputs.
MOVEMENT = frozenset(
    {
        "BroadcastTo",
        "Concat",
        "ConcatV2",
        "DynamicStitch",
        "ExpandDims",
        "Fill",
        "Gather",
        "GatherNd",
        "GatherV2",
        "MirrorPad",
        "OneHot",
        "Pack",
        "PadV2",
        "ParallelDynamicStitch",
        "Reshape",
        "Reverse",
        "ReverseSequence",
        "ReverseV2",
        "Roll",
        "Select",
        "SelectV2",
        "Slice",
        "Split",
        "SplitV",
        "Squeeze",
        "StridedSlice",
        "TensorScatterUpdate",
        "Tile",
        "Transpose",
        "Unpack",
    }
)
_SAME = frozenset({"EnsureShape", "Identity", "PreventGradient", "Snapshot", "StopGradient"})


def on_strings(op: str, inputs: list[Any], attrs: dict[str, Any]) -> Any:
    """What `op` of NUMPY_OPS gives where some inputs (or items of list inputs) are StringTensors.

    Raises TypeError if the op has no meaning for strings.
    """
    if op in _SAME:
        return inputs[0]
    if op == "IdentityN":
        return list(inputs[0])
    if op in ("Shape", "Size", "Rank", "ShapeN"):
        return NUMPY_OPS[op]([_shape_only(value) for value in inputs], attrs)
    if op == "ZerosLike":
        return StringTensor.from_list([b""] * inputs[0].size, inputs[0].shape)
    if op == "Pad":
        return on_strings("PadV2", [*inputs, StringTensor.from_list([b""], ())], attrs)
    if op not in MOVEMENT:
        raise TypeError(f"{op} is not defined on strings")
    sources: list[StringTensor] = []
    start = 0

    def as_indices(value: Any) -> Any:
        nonlocal start
        if isinstance(value, list):
            return [as_indices(item) for item in value]
        if not isinstance(value, StringTensor):
            return value
        sources.append(value)
        indices = np.arange(start, start + value.size).reshape(value.shape)
        start += value.size
        return indices

    moved = NUMPY_OPS[op]([as_indices(value) for value in inputs], attrs)
    pool = sources[0].array if len(sources) == 1 else concatenate(sources)
    if isinstance(moved, list):
        return [_take(pool, indices) for indices in moved]
    return _take(pool, moved)


def _take(pool: Any, indices: np.ndarray) -> StringTensor:
    return StringTensor(pool, (len(pool),)).take(np.asarray(indices, order="C"))


def _shape_only(value: Any) -> Any:
    if isinstance(value, list):
        return [_shape_only(item) for item in value]
    return np.empty(value.shape, np.bool_) if isinstance(value, StringTensor) else value
