"""Colours on the host: see hublayer.graph.colors, which computes them."""

from __future__ import annotations

import numpy as np

from hublayer.graph import colors
from hublayer.host.registry import host_op


@host_op("RGBToHSV")
def rgb_to_hsv(images):
    """Hue, saturation and value; grey has hue 0."""
    return colors.rgb_to_hsv(np, images).astype(images.dtype, copy=False)


@host_op("HSVToRGB")
def hsv_to_rgb(images):
    """Red, green and blue."""
    return colors.hsv_to_rgb(np, images).astype(images.dtype, copy=False)


@host_op("AdjustHue")
def adjust_hue(images, delta):
    """The hue turned by delta of a full circle."""
    return colors.adjust_hue(np, images, delta.astype(images.dtype)).astype(images.dtype, copy=False)


@host_op("AdjustSaturation")
def adjust_saturation(images, scale):
    """The saturation times scale, at most 1."""
    return colors.adjust_saturation(np, images, scale.astype(images.dtype)).astype(images.dtype, copy=False)


@host_op("AdjustContrastv2")
def adjust_contrast(images, contrast_factor):
    """The distance to each channel's mean over the image, times contrast_factor."""
    return colors.adjust_contrast(np, images, contrast_factor.astype(images.dtype)).astype(images.dtype, copy=False)
