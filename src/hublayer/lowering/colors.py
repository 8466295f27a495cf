"""Colours: see hublayer.graph.colors, which computes them."""

from __future__ import annotations

from typing import Any

from hublayer.graph import colors
from hublayer.lowering.dtypes import cast, dtype_of
from hublayer.lowering.registry import lowers
from hublayer.lowering.windows import ops, tensor


@lowers("RGBToHSV")
def rgb_to_hsv(images: Any) -> Any:
    """Hue, saturation and value; grey has hue 0."""
    return colors.rgb_to_hsv(ops, tensor(images))


@lowers("HSVToRGB")
def hsv_to_rgb(images: Any) -> Any:
    """Red, green and blue."""
    return colors.hsv_to_rgb(ops, tensor(images))


@lowers("AdjustHue")
def adjust_hue(images: Any, delta: Any) -> Any:
    """The hue turned by delta of a full circle."""
    x = tensor(images)
    return colors.adjust_hue(ops, x, cast(tensor(delta), dtype_of(x)))


@lowers("AdjustSaturation")
def adjust_saturation(images: Any, scale: Any) -> Any:
    """The saturation times scale, at most 1."""
    x = tensor(images)
    return colors.adjust_saturation(ops, x, cast(tensor(scale), dtype_of(x)))


@lowers("AdjustContrastv2")
def adjust_contrast(images: Any, contrast_factor: Any) -> Any:
    """The distance to each channel's mean over the image, times contrast_factor."""
    x = tensor(images)
    return colors.adjust_contrast(ops, x, cast(tensor(contrast_factor), dtype_of(x)))
