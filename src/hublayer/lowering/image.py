"""Resizing images (N, H, W, C). Which pixels an output is made of stands in hublayer.graph.resampling."""

from __future__ import annotations

from typing import Any

import numpy as np

from hublayer.graph.resampling import area_matrix, bicubic_taps, bilinear_taps, kernel_matrix, nearest_index
from hublayer.lowering.dtypes import cast, dtype_of
from hublayer.lowering.registry import Static, lowers
from hublayer.lowering.windows import ops, tensor


def _weighted(x: Any, axis: int, indices: list[np.ndarray], weights: list[np.ndarray]) -> Any:
    """Along `axis`, the sum of the inputs at indices[k] times weights[k]."""
    shape = [1] * len(x.shape)
    shape[axis] = -1
    total = None
    for index, weight in zip(indices, weights, strict=True):
        part = ops.multiply(ops.take(x, index, axis=axis), ops.reshape(tensor(weight), shape))
        total = part if total is None else ops.add(total, part)
    return total


def _with_matrices(x: Any, rows: Any, columns: Any) -> Any:
    """rows (out, H) and columns (out, W) applied to (N, H, W, C)."""
    return ops.einsum("pw,nowc->nopc", columns, ops.einsum("oh,nhwc->nowc", rows, x))


@lowers("ResizeNearestNeighbor")
def resize_nearest_neighbor(
    images: Any, size: Static, *, align_corners: bool = False, half_pixel_centers: bool = False
) -> Any:
    """Copies of the nearest pixels, in the images' dtype."""
    x = tensor(images)
    for axis, out in enumerate(size.tolist(), 1):
        x = ops.take(x, nearest_index(x.shape[axis], out, align_corners, half_pixel_centers), axis=axis)
    return x


@lowers("ResizeBilinear")
def resize_bilinear(images: Any, size: Static, *, align_corners: bool = False, half_pixel_centers: bool = False) -> Any:
    """Means of two by two pixels, weighted by distance; float32."""
    x = cast(tensor(images), "float32")
    for axis, out in enumerate(size.tolist(), 1):
        x = _weighted(x, axis, *bilinear_taps(x.shape[axis], out, align_corners, half_pixel_centers))
    return x


@lowers("ResizeBicubic")
def resize_bicubic(images: Any, size: Static, *, align_corners: bool = False, half_pixel_centers: bool = False) -> Any:
    """Weighted means of four by four pixels; float32."""
    x = cast(tensor(images), "float32")
    for axis, out in enumerate(size.tolist(), 1):
        x = _weighted(x, axis, *bicubic_taps(x.shape[axis], out, align_corners, half_pixel_centers))
    return x


@lowers("ResizeArea")
def resize_area(images: Any, size: Static, *, align_corners: bool = False) -> Any:
    """Means over the area that each output covers; float32."""
    x = cast(tensor(images), "float32")
    height, width = size.tolist()
    rows, columns = (area_matrix(n, out, align_corners) for n, out in zip(x.shape[1:3], (height, width), strict=True))
    return _with_matrices(x, tensor(rows), tensor(columns))


@lowers("ScaleAndTranslate")
def scale_and_translate(
    images: Any,
    size: Static,
    scale: Any,
    translation: Any,
    *,
    kernel_type: str = "lanczos3",
    antialias: bool = True,
) -> Any:
    """Resample with a kernel; output pixel p shows the input at (p + 0.5 - translation) / scale. float32."""
    x, scale, translation = cast(tensor(images), "float32"), tensor(scale), tensor(translation)
    matrices = [
        kernel_matrix(ops, x.shape[axis + 1], out, scale[axis], translation[axis], kernel_type, antialias)
        for axis, out in enumerate(size.tolist())
    ]
    return cast(_with_matrices(x, *matrices), dtype_of(x))
