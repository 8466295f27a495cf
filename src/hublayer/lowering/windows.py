"""What convolutions, pooling and patches share: layouts, paddings, and one view of the input per place of a window."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from hublayer.lowering.dtypes import backend_dtype, dtype_of
from hublayer.lowering.keras_ops import ops

Pads = list[tuple[int, int]]


def tensor(x: Any) -> Any:
    """`x` as a tensor of the backend."""
    return x if ops.is_tensor(x) else ops.convert_to_tensor(x, dtype=backend_dtype(x.dtype.name))


def channels_first(data_format: str) -> bool:
    """Whether axis 1 holds the channels: NCHW, NCDHW, CHANNELS_FIRST. Raises for packed layouts."""
    if data_format not in ("NHWC", "NDHWC", "CHANNELS_LAST", "NCHW", "NCDHW", "CHANNELS_FIRST"):
        raise ValueError(f"the layout {data_format} exists on GPUs of TensorFlow only")
    return data_format in ("NCHW", "NCDHW", "CHANNELS_FIRST")


def keras_format(data_format: str) -> str:
    """TensorFlow's name of a layout as Keras says it."""
    return "channels_first" if channels_first(data_format) else "channels_last"


def spatial(values: Sequence[Any], data_format: str) -> list[Any]:
    """The entries of a list over all axes (strides, a shape) that speak of the spatial axes."""
    return list(values[2:]) if channels_first(data_format) else list(values[1:-1])


def span(kernel: int, dilation: int) -> int:
    """How far a dilated kernel reaches."""
    return (kernel - 1) * dilation + 1


def window_pads(
    sizes: Sequence[int],
    kernel: Sequence[int],
    strides: Sequence[int],
    dilations: Sequence[int],
    padding: str,
    explicit: Sequence[int] = (),
    data_format: str = "NHWC",
) -> Pads:
    """How many places TensorFlow pads before and after each spatial axis; with SAME the odd one comes after.

    explicit: pairs for all axes of `data_format`, the attribute explicit_paddings.
    """
    if padding == "VALID":
        return [(0, 0)] * len(sizes)
    if padding == "EXPLICIT":
        return spatial([(explicit[i], explicit[i + 1]) for i in range(0, len(explicit), 2)], data_format)
    pads = []
    for size, k, stride, dilation in zip(sizes, kernel, strides, dilations, strict=True):
        total = max((-(-size // stride) - 1) * stride + span(k, dilation) - size, 0)
        pads.append((total // 2, total - total // 2))
    return pads


def output_sizes(
    sizes: Sequence[int], kernel: Sequence[int], strides: Sequence[int], dilations: Sequence[int], pads: Pads
) -> list[int]:
    """How many places a window takes along each spatial axis."""
    return [
        max((size + before + after - span(k, dilation)) // stride + 1, 0)
        for size, k, stride, dilation, (before, after) in zip(sizes, kernel, strides, dilations, pads, strict=True)
    ]


def pad_spatial(x: Any, pads: Pads, value: Any = 0, first: bool = False) -> Any:
    """`x` padded along its spatial axes; `x` itself where nothing is to do."""
    if not any(before or after for before, after in pads):
        return x
    widths = [(0, 0), (0, 0), *pads] if first else [(0, 0), *pads, (0, 0)]
    return ops.pad(x, widths, constant_values=value)


def lowest(x: Any) -> float | int:
    """What every number of the dtype of `x` is at least."""
    kind = np.dtype(name).kind if (name := dtype_of(x)) != "bfloat16" else "f"
    return np.iinfo(name).min if kind in "iu" else -np.inf


def taps(
    x: Any, kernel: Sequence[int], strides: Sequence[int], dilations: Sequence[int], out: Sequence[int]
) -> Iterator[tuple[tuple[int, ...], Any]]:
    """For each place of the window, row by row: the place, and what padded `x` (channels last) has there."""
    for place in itertools.product(*(range(k) for k in kernel)):
        cut = [
            slice(i * dilation, i * dilation + (size - 1) * stride + 1 if size else i * dilation, stride)
            for i, dilation, size, stride in zip(place, dilations, out, strides, strict=True)
        ]
        yield place, x[(slice(None), *cut)]


def to_last(x: Any, data_format: str) -> Any:
    """`x` with its channels moved to the last axis."""
    return ops.moveaxis(x, 1, -1) if channels_first(data_format) else x


def from_last(x: Any, data_format: str) -> Any:
    """The inverse of `to_last`."""
    return ops.moveaxis(x, -1, 1) if channels_first(data_format) else x
