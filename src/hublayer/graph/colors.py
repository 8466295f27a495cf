"""Colours: images whose last axis is red, green, blue, or hue, saturation, value, from 0 to 1.

xp: numpy or keras.ops, whichever the images are of. Numbers beside them are of the images' dtype.
"""

from __future__ import annotations

from typing import Any


def rgb_to_hsv(xp: Any, images: Any) -> Any:
    """Hue, saturation and value; grey has hue 0."""
    x = images
    red, green, blue = x[..., 0], x[..., 1], x[..., 2]
    value = xp.maximum(xp.maximum(red, green), blue)
    span = value - xp.minimum(xp.minimum(red, green), blue)
    coloured, bright = span > 0, value > 0
    turn = xp.where(coloured, span, xp.ones_like(span)) * 6
    hue = xp.where(
        red == value,
        (green - blue) / turn,
        xp.where(green == value, (blue - red) / turn + 1 / 3, (red - green) / turn + 2 / 3),
    )
    zero = xp.zeros_like(value)
    hue = xp.where(coloured, xp.where(hue < 0, hue + 1, hue), zero)
    saturation = xp.where(bright, span / xp.where(bright, value, xp.ones_like(value)), zero)
    return xp.stack([hue, saturation, value], axis=-1)


def hsv_to_rgb(xp: Any, images: Any) -> Any:
    """Red, green and blue."""
    x = images
    hue, saturation, value = x[..., 0] * 6, x[..., 1], x[..., 2]
    parts = (xp.abs(hue - 3) - 1, 2 - xp.abs(hue - 2), 2 - xp.abs(hue - 4))
    return xp.stack([(1 - saturation + saturation * xp.clip(p, 0, 1)) * value for p in parts], axis=-1)


def adjust_hue(xp: Any, images: Any, delta: Any) -> Any:
    """The hue turned by delta of a full circle."""
    hsv = rgb_to_hsv(xp, images)
    hue = hsv[..., :1] + delta
    return hsv_to_rgb(xp, xp.concatenate([hue - xp.floor(hue), hsv[..., 1:]], axis=-1))


def adjust_saturation(xp: Any, images: Any, scale: Any) -> Any:
    """The saturation times scale, at most 1."""
    hsv = rgb_to_hsv(xp, images)
    saturation = xp.clip(hsv[..., 1:2] * scale, 0, 1)
    return hsv_to_rgb(xp, xp.concatenate([hsv[..., :1], saturation, hsv[..., 2:]], axis=-1))


def adjust_contrast(xp: Any, images: Any, contrast_factor: Any) -> Any:
    """The distance to each channel's mean over the image, times contrast_factor."""
    x = images
    mean = xp.mean(x, axis=(-3, -2), keepdims=True)
    return (x - mean) * contrast_factor + mean
