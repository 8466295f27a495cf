"""Resizing by torch.nn.functional.interpolate, where its positions are TensorFlow's: one kernel instead of six."""

from __future__ import annotations

from typing import Any

import torch
from torch.nn import functional

from hublayer.lowering import image
from hublayer.lowering.backends.torch.conv import to_first, to_last
from hublayer.lowering.registry import Static, lowers
from hublayer.lowering.windows import tensor


@lowers("ResizeBilinear", backend="torch")
def resize_bilinear(images: Any, size: Static, *, align_corners: bool = False, half_pixel_centers: bool = False) -> Any:
    """Means of two by two pixels, weighted by distance; float32."""
    x = tensor(images)
    if not (align_corners or half_pixel_centers) or 0 in x.shape:
        return image.resize_bilinear(x, size)
    x = to_first(x.to(torch.float32))
    return to_last(functional.interpolate(x, size.tolist(), mode="bilinear", align_corners=align_corners))


@lowers("ResizeNearestNeighbor", backend="torch")
def resize_nearest_neighbor(
    images: Any, size: Static, *, align_corners: bool = False, half_pixel_centers: bool = False
) -> Any:
    """Copies of the nearest pixels, in the images' dtype."""
    x = tensor(images)
    if align_corners or 0 in x.shape or not (x.is_floating_point() or x.dtype == torch.uint8):
        return image.resize_nearest_neighbor(
            x, size, align_corners=align_corners, half_pixel_centers=half_pixel_centers
        )
    mode = "nearest-exact" if half_pixel_centers else "nearest"
    return to_last(functional.interpolate(to_first(x), size.tolist(), mode=mode))
