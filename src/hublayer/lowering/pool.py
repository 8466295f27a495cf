"""Pooling. Average pooling counts only what is inside the input; maximum pooling pads with what loses.

All of it is `maximum` or `average` once attributes are resolved; a backend with its own registers the ops again by
`lower_pooling`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from hublayer.lowering.correlate import Ints
from hublayer.lowering.dtypes import cast, dtype_of
from hublayer.lowering.registry import Static, lowers
from hublayer.lowering.windows import (
    Pads,
    channels_first,
    from_last,
    lowest,
    ops,
    output_sizes,
    pad_spatial,
    spatial,
    taps,
    tensor,
    to_last,
    window_pads,
)


def maximum(x: Any, kernel: Ints, strides: Ints, pads: Pads) -> Any:
    """The maximum of each window of `x`, channels last."""
    return ops.max_pool(pad_spatial(x, pads, lowest(x)), tuple(kernel), tuple(strides), padding="valid",
                        data_format="channels_last")  # fmt: skip


def average(x: Any, kernel: Ints, strides: Ints, pads: Pads) -> Any:
    """The mean of each window of `x`, channels last, over what lies inside the input."""
    total = ops.average_pool(pad_spatial(x, pads), tuple(kernel), tuple(strides), padding="valid",
                             data_format="channels_last")  # fmt: skip
    share = inside_share(x.shape[1:-1], kernel, strides, pads)
    return total if share is None else ops.divide(total, cast(share, dtype_of(x)))


def inside_share(sizes: Ints, kernel: Ints, strides: Ints, pads: Pads) -> np.ndarray | None:
    """Which part of each window lies inside the input, (…, 1) over the spatial axes; None if all of all do."""
    if not any(before or after for before, after in pads):
        return None
    share = np.ones([1] * (len(sizes) + 1), "float32")
    for axis, (size, k, stride, (before, after)) in enumerate(zip(sizes, kernel, strides, pads, strict=True)):
        starts = np.arange((size + before + after - k) // stride + 1) * stride - before
        part = (np.minimum(starts + k, size) - np.maximum(starts, 0)) / k
        share = share * part.reshape([-1 if i == axis else 1 for i in range(len(sizes) + 1)])
    return share


def lower_pooling(
    maximum: Callable[..., Any], average: Callable[..., Any], backend: str | None = None, platform: str | None = None
) -> None:
    """Register all pooling ops, computed by the two given functions."""

    @lowers("MaxPool", backend=backend, platform=platform)
    def max_pool(
        input: Any, *, ksize: Ints, strides: Ints, padding: str, explicit_paddings: Ints = (), data_format: str = "NHWC"
    ) -> Any:
        """The maximum of each window; a window over channels takes each group of them."""
        x = to_last(tensor(input), data_format)
        depth = ksize[1 if channels_first(data_format) else -1]
        if depth > 1:
            return from_last(ops.max(ops.reshape(x, (*x.shape[:-1], x.shape[-1] // depth, depth)), -1), data_format)
        window = _window(x, ksize, strides, padding, explicit_paddings, data_format)
        return from_last(maximum(x, *window), data_format)

    @lowers("MaxPoolV2", backend=backend, platform=platform)
    def max_pool_v2(input: Any, ksize: Static, strides: Static, *, padding: str, data_format: str = "NHWC") -> Any:
        """MaxPool whose window is an input."""
        return max_pool(input, ksize=ksize.tolist(), strides=strides.tolist(), padding=padding, data_format=data_format)

    @lowers("MaxPool3D", backend=backend, platform=platform)
    def max_pool_3d(input: Any, *, ksize: Ints, strides: Ints, padding: str, data_format: str = "NDHWC") -> Any:
        """The maximum of each window."""
        return max_pool(input, ksize=ksize, strides=strides, padding=padding, data_format=data_format)

    @lowers("AvgPool", backend=backend, platform=platform)
    def avg_pool(value: Any, *, ksize: Ints, strides: Ints, padding: str, data_format: str = "NHWC") -> Any:
        """The mean of each window."""
        x = to_last(tensor(value), data_format)
        return from_last(average(x, *_window(x, ksize, strides, padding, (), data_format)), data_format)

    @lowers("AvgPool3D", backend=backend, platform=platform)
    def avg_pool_3d(input: Any, *, ksize: Ints, strides: Ints, padding: str, data_format: str = "NDHWC") -> Any:
        """The mean of each window."""
        return avg_pool(input, ksize=ksize, strides=strides, padding=padding, data_format=data_format)


def _window(
    x: Any, ksize: Ints, strides: Ints, padding: str, explicit: Ints, data_format: str
) -> tuple[list[int], list[int], Pads]:
    """Kernel, strides and paddings of the spatial axes of `x`, whose channels are last by now."""
    kernel, steps = spatial(ksize, data_format), spatial(strides, data_format)
    pads = window_pads(x.shape[1:-1], kernel, steps, [1] * len(kernel), padding, explicit, data_format)
    return kernel, steps, pads


lower_pooling(maximum, average)


@lowers("MaxPoolWithArgmax")
def max_pool_with_argmax(
    input: Any,
    *,
    ksize: Ints,
    strides: Ints,
    Targmax: str = "int64",
    padding: str,
    include_batch_in_index: bool = False,
) -> tuple[Any, Any]:
    """The maximum of each window, and its flat index in (H, W, C) or in (N, H, W, C)."""
    x = tensor(input)
    kernel, steps, pads = _window(x, ksize, strides, padding, (), "NHWC")
    batch, height, width, channels = x.shape
    out = output_sizes((height, width), kernel, steps, (1, 1), pads)
    views = [view for _, view in taps(pad_spatial(x, pads, lowest(x)), kernel, steps, (1, 1), out)]
    stacked = ops.stack(views)
    best = ops.argmax(stacked, axis=0)
    value = ops.squeeze(ops.take_along_axis(stacked, ops.expand_dims(best, 0), axis=0), 0)
    rows = ops.reshape(ops.arange(out[0], dtype="int32") * steps[0] - pads[0][0], (-1, 1, 1))
    columns = ops.reshape(ops.arange(out[1], dtype="int32") * steps[1] - pads[1][0], (-1, 1))
    best = cast(best, "int32")
    position = (rows + best // kernel[1]) * width + columns + best % kernel[1]
    index = position * channels + ops.arange(channels, dtype="int32")
    if include_batch_in_index:
        index = index + ops.reshape(ops.arange(batch, dtype="int32"), (-1, 1, 1, 1)) * (height * width * channels)
    return value, cast(index, Targmax)
