"""Ops of neural networks: convolutions, pools, normalisation, biases."""

from __future__ import annotations

from typing import Any

import numpy as np

from values.drawers.images import image_shape
from values.drawers.registry import draws, draws_op
from values.drawing import Drawing


def _window(d: Drawing, rank: int, sizes: list[int]) -> list[int]:
    return [1, *(d.choose(sizes) for _ in range(rank)), 1]


def _convolution(d: Drawing, rank: int, depthwise: bool) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Strides, dilations and padding; the shapes of the input and of the filter."""
    d.attrs["data_format"] = "NDHWC" if rank == 3 else "NHWC"
    stride = d.choose([1, 2])
    d.attrs["strides"] = [1, *[stride] * rank, 1]
    d.attrs["dilations"] = _window(d, rank, [1, 2]) if stride == 1 and rank == 2 else [1] * (rank + 2)
    spatial = tuple(d.choose([3, 2, 4, 5]) for _ in range(rank))
    channels = d.choose([1, 2, 3])
    if d.attrs["padding"] == "EXPLICIT":
        d.attrs["explicit_paddings"] = [0, 0, *(d.choose([0, 1]) for _ in range(2 * rank)), 0, 0]
    kernel = tuple(d.choose([2, 1, 3]) for _ in range(rank))
    if rank == 3:  # TensorFlow's own gradient ends the process where a filter is larger than the volume
        kernel = tuple(min(k, size) for k, size in zip(kernel, spatial, strict=True))
    groups = channels if not depthwise and rank == 2 and d.choose([False, False, True]) else 1
    filters = (*kernel, channels // groups, d.choose([1, 2]) * groups)
    return (d.choose([1, 2]), *spatial, channels), filters


@draws("input filter")
def convolution(d: Drawing) -> list[Any]:
    """Small images and filters."""
    rank = 3 if d.op == "Conv3D" else 2
    if d.op == "Conv" and d.attrs["data_format"] != "CHANNELS_LAST":
        d.reject()
    kept = d.attrs["data_format"] if d.op == "Conv" else None
    shape, filters = _convolution(d, rank, "Depthwise" in d.op)
    if kept:
        d.attrs |= {"data_format": kept, "groups": shape[-1] // filters[-2], "batch_dims": 1}
    return [d.given(0, shape, "moderate"), d.given(1, filters, "moderate")]


@draws_op("Dilation2D")
def dilation(d: Drawing) -> list[Any]:
    """The largest sum within a window."""
    d.attrs |= {"strides": _window(d, 2, [1, 2]), "rates": _window(d, 2, [1, 2])}
    shape = image_shape(d)
    return [d.given(0, shape, "moderate"), d.given(1, (d.choose([2, 1]), d.choose([2, 1]), shape[-1]), "moderate")]


def _gradient(d: Drawing) -> tuple[tuple[int, ...], tuple[int, ...], tuple[int, ...]]:
    """The shapes of the input, the filter and the output."""
    rank = 3 if "3D" in d.op else 2
    depthwise = "Depthwise" in d.op
    shape, filters = _convolution(d, rank, depthwise)
    d.attrs["dilations"] = [1] * (rank + 2)
    sizes = []
    for i in range(rank):
        stride, padding = d.attrs["strides"][i + 1], d.attrs["padding"]
        around = sum(d.attrs["explicit_paddings"][2 * i + 2 : 2 * i + 4]) if padding == "EXPLICIT" else 0
        length = shape[i + 1] + around
        size = -(-length // stride) if padding == "SAME" else (length - filters[i]) // stride + 1
        if size <= 0:
            d.reject()
        sizes.append(size)
    channels = filters[-1] * filters[-2] if depthwise else filters[-1]
    return shape, filters, (shape[0], *sizes, channels)


@draws("input filter_sizes out_backprop")
def filter_gradient(d: Drawing) -> list[Any]:
    """The gradient for the filter."""
    shape, filters, output = _gradient(d)
    return [d.given(0, shape, "moderate"), d.whole_array(1, filters), d.given(2, output, "moderate")]


@draws("input_sizes filter out_backprop")
def input_gradient(d: Drawing) -> list[Any]:
    """The gradient for the input."""
    shape, filters, output = _gradient(d)
    return [d.whole_array(0, shape), d.given(1, filters, "moderate"), d.given(2, output, "moderate")]


@draws_op("MaxPool", "AvgPool", "MaxPool3D", "AvgPool3D", "MaxPoolWithArgmax")
def pool(d: Drawing) -> list[Any]:
    """Windows with steps; values with edges, for the largest of them may be NaN."""
    rank = 3 if "3D" in d.op else 2
    d.attrs |= {"ksize": _window(d, rank, [2, 1, 3]), "strides": _window(d, rank, [1, 2])}
    if "data_format" in d.schema.attrs:
        d.attrs["data_format"] = "NDHWC" if rank == 3 else "NHWC"
    if d.attrs["padding"] == "EXPLICIT":
        d.attrs["explicit_paddings"] = [0, 0, *(d.choose([0, 1]) for _ in range(4)), 0, 0]
    shape = image_shape(d) if rank == 2 else (1, *(d.choose([2, 3]) for _ in range(3)), d.choose([1, 2]))
    return [d.given(0, shape)]


@draws("input ksize strides")
def pool_sizes(d: Drawing) -> list[Any]:
    """Windows as inputs."""
    d.attrs["data_format"] = "NHWC"
    sizes = [d.whole_array(i, _window(d, 2, s)) for i, s in ((1, [2, 1, 3]), (2, [1, 2]))]
    return [d.given(0, image_shape(d)), *sizes]


@draws("x scale offset mean variance")
def normalize(d: Drawing) -> list[Any]:
    """Statistics of the batch, or given ones."""
    d.attrs["data_format"] = "NHWC"
    d.attrs["epsilon"] = d.choose([1e-3, 1e-4])
    if d.of(0) != "float32":  # else the kernel leaves what is reserved for the gradient as the memory was
        d.attrs["is_training"] = True
    shape = image_shape(d)
    channels = (shape[-1],)
    given = () if d.attrs["is_training"] else channels
    mean, variance = (d.given(3, channels, "moderate"), d.given(4, channels, "positive"))
    if d.attrs["is_training"]:
        mean, variance = mean[:0], variance[:0]
    assert given in ((), channels)
    return [
        d.given(0, shape, "moderate"),
        d.given(1, channels, "moderate"),
        d.given(2, channels, "moderate"),
        mean,
        variance,
    ]


@draws("value bias")
def bias(d: Drawing) -> list[Any]:
    """A bias for each channel, which is the last dimension, or the second."""
    shape = d.shape(2)
    second = d.attrs.get("data_format") == "NCHW"
    return [d.given(0, shape), d.given(1, (shape[1] if second else shape[-1],))]


@draws_op("LRN")
def local_response(d: Drawing) -> list[Any]:
    """Channels and their neighbours."""
    d.attrs |= {
        "depth_radius": d.whole(0, 3),
        "bias": d.choose([1.0, 0.5]),
        "alpha": d.choose([1.0, 0.1]),
        "beta": d.choose([0.5, 0.75]),
    }
    return [d.given(0, image_shape(d), "moderate")]


@draws("inputs min max")
def fake_quantize(d: Drawing) -> list[Any]:
    """A range for all or for each channel."""
    d.attrs["num_bits"] = d.choose([8, 2, 4, 16])
    channel = "PerChannel" in d.op
    shape = d.shape(1, 4) if channel else d.shape()
    bounds = (shape[-1],) if channel else ()
    low = d.picked("float32", bounds, [-1.0, 0.0, -2.5, 0.1])
    return [d.given(0, shape), low, np.asarray(low + d.picked("float32", bounds, [2.0, 1.0, 5.0]), np.float32)]


@draws("gradients inputs min max")
def fake_quantize_gradient(d: Drawing) -> list[Any]:
    """The same with a gradient."""
    channel = "PerChannel" in d.op
    d.attrs["num_bits"] = 8
    shape = d.shape(1, 4) if channel else d.shape()
    bounds = (shape[-1],) if channel else ()
    low = d.picked("float32", bounds, [-1.0, 0.0, -2.5])
    return [d.given(0, shape), d.given(1, shape), low, np.asarray(low + 2, np.float32)]
