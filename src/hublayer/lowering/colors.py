"""Colours: images whose last axis is red, green, blue, or hue, saturation, value, from 0 to 1."""

from __future__ import annotations

from typing import Any

from hublayer.lowering.dtypes import cast, dtype_of
from hublayer.lowering.registry import lowers
from hublayer.lowering.windows import ops, tensor


@lowers("RGBToHSV")
def rgb_to_hsv(images: Any) -> Any:
    """Hue, saturation and value; grey has hue 0."""
    x = tensor(images)
    red, green, blue = x[..., 0], x[..., 1], x[..., 2]
    value = ops.maximum(ops.maximum(red, green), blue)
    span = value - ops.minimum(ops.minimum(red, green), blue)
    coloured, bright = span > 0, value > 0
    turn = ops.where(coloured, span, ops.ones_like(span)) * 6
    hue = ops.where(
        red == value,
        (green - blue) / turn,
        ops.where(green == value, (blue - red) / turn + 1 / 3, (red - green) / turn + 2 / 3),
    )
    zero = ops.zeros_like(value)
    hue = ops.where(coloured, ops.where(hue < 0, hue + 1, hue), zero)
    saturation = ops.where(bright, span / ops.where(bright, value, ops.ones_like(value)), zero)
    return ops.stack([hue, saturation, value], axis=-1)


@lowers("HSVToRGB")
def hsv_to_rgb(images: Any) -> Any:
    """Red, green and blue."""
    x = tensor(images)
    hue, saturation, value = x[..., 0] * 6, x[..., 1], x[..., 2]
    parts = (ops.abs(hue - 3) - 1, 2 - ops.abs(hue - 2), 2 - ops.abs(hue - 4))
    return ops.stack([(1 - saturation + saturation * ops.clip(p, 0, 1)) * value for p in parts], axis=-1)


@lowers("AdjustHue")
def adjust_hue(images: Any, delta: Any) -> Any:
    """The hue turned by delta of a full circle."""
    hsv = rgb_to_hsv(images)
    hue = hsv[..., :1] + cast(tensor(delta), dtype_of(hsv))
    return hsv_to_rgb(ops.concatenate([hue - ops.floor(hue), hsv[..., 1:]], axis=-1))


@lowers("AdjustSaturation")
def adjust_saturation(images: Any, scale: Any) -> Any:
    """The saturation times scale, at most 1."""
    hsv = rgb_to_hsv(images)
    saturation = ops.clip(hsv[..., 1:2] * cast(tensor(scale), dtype_of(hsv)), 0, 1)
    return hsv_to_rgb(ops.concatenate([hsv[..., :1], saturation, hsv[..., 2:]], axis=-1))


@lowers("AdjustContrastv2")
def adjust_contrast(images: Any, contrast_factor: Any) -> Any:
    """The distance to each channel's mean over the image, times contrast_factor."""
    x = tensor(images)
    mean = ops.mean(x, axis=(-3, -2), keepdims=True)
    return (x - mean) * cast(tensor(contrast_factor), dtype_of(x)) + mean
