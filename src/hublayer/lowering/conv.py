"""Convolutions, transposed convolutions and filter gradients in two and three dimensions.

Filters are TensorFlow's: spatial axes, input channels of a group, output channels. A convolution is grouped when its
input has a multiple of the filter's input channels; a depthwise one is grouped with one channel per group.

All of them are `convolve`, `transposed` or `filter_gradient` once attributes are resolved. A backend that computes
these in its own way registers the same ops again with its own functions, by `lower_convolutions`.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from hublayer.lowering.correlate import Ints, convolve, filter_gradient, transposed
from hublayer.lowering.dtypes import dtype_of
from hublayer.lowering.registry import Static, lowers
from hublayer.lowering.windows import (
    Pads,
    channels_first,
    lowest,
    ops,
    output_sizes,
    pad_spatial,
    spatial,
    taps,
    tensor,
    window_pads,
)

_ONES_2D, _ONES_3D = (1, 1, 1, 1), (1, 1, 1, 1, 1)


def lower_convolutions(
    convolve: Callable[..., Any],
    transposed: Callable[..., Any],
    filter_gradient: Callable[..., Any],
    backend: str | None = None,
    platform: str | None = None,
) -> None:
    """Register all convolutions, computed by the three given functions."""

    @lowers("Conv2D", backend=backend, platform=platform)
    def conv2d(
        input: Any,
        filter: Any,
        *,
        strides: Ints,
        use_cudnn_on_gpu: bool = True,
        padding: str,
        explicit_paddings: Ints = (),
        data_format: str = "NHWC",
        dilations: Ints = _ONES_2D,
    ) -> Any:
        """Correlation of (N, H, W, C) with (h, w, C / groups, M)."""
        x, kernel = tensor(input), tensor(filter)
        window = _window(x.shape, kernel.shape, strides, dilations, padding, explicit_paddings, data_format)
        return convolve(x, kernel, *window, channels_first(data_format))

    @lowers("Conv3D", backend=backend, platform=platform)
    def conv3d(
        input: Any,
        filter: Any,
        *,
        strides: Ints,
        padding: str,
        data_format: str = "NDHWC",
        dilations: Ints = _ONES_3D,
    ) -> Any:
        """Correlation of (N, D, H, W, C) with (d, h, w, C / groups, M)."""
        return conv2d(input, filter, strides=strides, padding=padding, data_format=data_format, dilations=dilations)

    @lowers("Conv", backend=backend, platform=platform)
    def conv(
        input: Any,
        filter: Any,
        *,
        strides: Ints,
        padding: str,
        explicit_paddings: Ints = (),
        data_format: str = "CHANNELS_LAST",
        dilations: Ints = (),
        batch_dims: int = 1,
        groups: int = 1,
    ) -> Any:
        """Conv2D or Conv3D by the filter's rank, over `batch_dims` leading axes."""
        x = tensor(input)
        batch = x.shape[:batch_dims]
        y = conv2d(
            ops.reshape(x, (math.prod(batch), *x.shape[batch_dims:])),
            filter,
            strides=strides,
            padding=padding,
            explicit_paddings=explicit_paddings,
            data_format=data_format,
            dilations=dilations or [1] * len(strides),
        )
        return ops.reshape(y, (*batch, *y.shape[1:]))

    @lowers("DepthwiseConv2dNative", backend=backend, platform=platform)
    def depthwise(
        input: Any,
        filter: Any,
        *,
        strides: Ints,
        padding: str,
        explicit_paddings: Ints = (),
        data_format: str = "NHWC",
        dilations: Ints = _ONES_2D,
    ) -> Any:
        """Each channel of (N, H, W, C) with its own m filters of (h, w, C, m), giving C · m channels."""
        kernel = _as_grouped(tensor(filter))
        return conv2d(
            input,
            kernel,
            strides=strides,
            padding=padding,
            explicit_paddings=explicit_paddings,
            data_format=data_format,
            dilations=dilations,
        )

    @lowers("Conv2DBackpropInput", backend=backend, platform=platform)
    def conv2d_backprop_input(
        input_sizes: Static,
        filter: Any,
        out_backprop: Any,
        *,
        strides: Ints,
        use_cudnn_on_gpu: bool = True,
        padding: str,
        explicit_paddings: Ints = (),
        data_format: str = "NHWC",
        dilations: Ints = _ONES_2D,
    ) -> Any:
        """A transposed convolution to the shape `input_sizes`, or only its spatial part; the batch is not read."""
        kernel, g = tensor(filter), tensor(out_backprop)
        shape = [int(size) for size in input_sizes]
        if len(shape) == len(kernel.shape) - 2:
            shape = _full_shape(shape, kernel.shape[-2], data_format)
        first = channels_first(data_format)
        window = _window(shape, kernel.shape, strides, dilations, padding, explicit_paddings, data_format)
        groups = shape[1 if first else -1] // kernel.shape[-2]
        return transposed(g, kernel, spatial(shape, data_format), *window, first, groups)

    @lowers("Conv3DBackpropInputV2", backend=backend, platform=platform)
    def conv3d_backprop_input(
        input_sizes: Static,
        filter: Any,
        out_backprop: Any,
        *,
        strides: Ints,
        padding: str,
        data_format: str = "NDHWC",
        dilations: Ints = _ONES_3D,
    ) -> Any:
        """A transposed convolution to the shape `input_sizes`."""
        return conv2d_backprop_input(
            input_sizes,
            filter,
            out_backprop,
            strides=strides,
            padding=padding,
            data_format=data_format,
            dilations=dilations,
        )

    @lowers("DepthwiseConv2dNativeBackpropInput", backend=backend, platform=platform)
    def depthwise_backprop_input(
        input_sizes: Static,
        filter: Any,
        out_backprop: Any,
        *,
        strides: Ints,
        padding: str,
        explicit_paddings: Ints = (),
        data_format: str = "NHWC",
        dilations: Ints = _ONES_2D,
    ) -> Any:
        """A transposed depthwise convolution to the shape `input_sizes`."""
        return conv2d_backprop_input(
            input_sizes,
            _as_grouped(tensor(filter)),
            out_backprop,
            strides=strides,
            padding=padding,
            explicit_paddings=explicit_paddings,
            data_format=data_format,
            dilations=dilations,
        )

    @lowers("Conv2DBackpropFilter", backend=backend, platform=platform)
    def conv2d_backprop_filter(
        input: Any,
        filter_sizes: Static,
        out_backprop: Any,
        *,
        strides: Ints,
        use_cudnn_on_gpu: bool = True,
        padding: str,
        explicit_paddings: Ints = (),
        data_format: str = "NHWC",
        dilations: Ints = _ONES_2D,
    ) -> Any:
        """The gradient of Conv2D for its filter."""
        x, shape = tensor(input), [int(size) for size in filter_sizes]
        window = _window(x.shape, shape, strides, dilations, padding, explicit_paddings, data_format)
        return filter_gradient(x, tensor(out_backprop), shape, *window, channels_first(data_format))

    @lowers("Conv3DBackpropFilterV2", backend=backend, platform=platform)
    def conv3d_backprop_filter(
        input: Any,
        filter_sizes: Static,
        out_backprop: Any,
        *,
        strides: Ints,
        padding: str,
        data_format: str = "NDHWC",
        dilations: Ints = _ONES_3D,
    ) -> Any:
        """The gradient of Conv3D for its filter."""
        return conv2d_backprop_filter(
            input,
            filter_sizes,
            out_backprop,
            strides=strides,
            padding=padding,
            data_format=data_format,
            dilations=dilations,
        )

    @lowers("DepthwiseConv2dNativeBackpropFilter", backend=backend, platform=platform)
    def depthwise_backprop_filter(
        input: Any,
        filter_sizes: Static,
        out_backprop: Any,
        *,
        strides: Ints,
        padding: str,
        explicit_paddings: Ints = (),
        data_format: str = "NHWC",
        dilations: Ints = _ONES_2D,
    ) -> Any:
        """The gradient of DepthwiseConv2dNative for its filter."""
        *space, channels, multiplier = (int(size) for size in filter_sizes)
        grouped = np.array([*space, 1, channels * multiplier])
        found = conv2d_backprop_filter(
            input,
            grouped,
            out_backprop,
            strides=strides,
            padding=padding,
            explicit_paddings=explicit_paddings,
            data_format=data_format,
            dilations=dilations,
        )
        return ops.reshape(found, (*space, channels, multiplier))


def _window(
    shape: Ints, kernel_shape: Ints, strides: Ints, dilations: Ints, padding: str, explicit: Ints, data_format: str
) -> tuple[list[int], list[int], Pads]:
    """Strides, dilations and paddings of the spatial axes."""
    strides, dilations = spatial(strides, data_format), spatial(dilations, data_format)
    sizes = spatial(shape, data_format)
    pads = window_pads(sizes, kernel_shape[:-2], strides, dilations, padding, explicit, data_format)
    return strides, dilations, pads


def _full_shape(sizes: Ints, channels: int, data_format: str) -> list[int]:
    return [1, channels, *sizes] if channels_first(data_format) else [1, *sizes, channels]


def _as_grouped(kernel: Any) -> Any:
    """A depthwise filter (h, w, C, m) as one of C groups: (h, w, 1, C · m)."""
    *space, channels, multiplier = kernel.shape
    return ops.reshape(kernel, (*space, 1, channels * multiplier))


lower_convolutions(convolve, transposed, filter_gradient)


@lowers("Dilation2D")
def dilation2d(input: Any, filter: Any, *, strides: Ints, rates: Ints, padding: str) -> Any:
    """Greyscale dilation: at each position, the maximum of (N, H, W, C) plus the window's (h, w, C)."""
    x, kernel = tensor(input), tensor(filter)
    steps, gaps = strides[1:3], rates[1:3]
    pads = window_pads(x.shape[1:3], kernel.shape[:2], steps, gaps, padding)
    out = output_sizes(x.shape[1:3], kernel.shape[:2], steps, gaps, pads)
    inside = np.pad(np.ones((1, *x.shape[1:3], 1), bool), [(0, 0), *pads, (0, 0)])
    views = taps(pad_spatial(x, pads), kernel.shape[:2], steps, gaps, out)
    masks = taps(inside, kernel.shape[:2], steps, gaps, out)
    result = ops.full((x.shape[0], *out, x.shape[3]), lowest(x), dtype=dtype_of(x))
    for (place, view), (_, mask) in zip(views, masks, strict=True):
        value = ops.add(view, kernel[place])
        # The first of equals is taken, and gets the whole gradient; padding is never taken, nor is NaN.
        taken = ops.greater(value, result)
        result = ops.where(taken if mask.all() else ops.logical_and(taken, mask), value, result)
    return result
