"""Resizing images (N, H, W, C) on the host, where files of many sizes are decoded in a loop."""

from __future__ import annotations

import numpy as np

from hublayer.graph.resampling import Taps, area_matrix, bicubic_taps, bilinear_taps, kernel_matrix, nearest_index
from hublayer.host.registry import host_op


def _weighted(x: np.ndarray, axis: int, taps: Taps) -> np.ndarray:
    """Along `axis`, the sum of the inputs at indices[k] times weights[k]."""
    shape = [-1 if i == axis else 1 for i in range(x.ndim)]
    total: np.ndarray | None = None
    for index, weight in zip(*taps, strict=True):
        part = np.take(x, index, axis=axis)
        part *= weight.reshape(shape)
        total = part if total is None else np.add(total, part, out=total)
    assert total is not None
    return total


def _with_matrices(x: np.ndarray, rows: np.ndarray, columns: np.ndarray) -> np.ndarray:
    """rows (out, H) and columns (out, W) applied to (N, H, W, C)."""
    batch, height, width, channels = x.shape
    shrunk = np.matmul(rows, x.reshape(batch, height, width * channels))
    return np.matmul(columns, shrunk.reshape(batch, len(rows), width, channels))


def _checked(images: np.ndarray, size: np.ndarray) -> tuple[np.ndarray, list[int]]:
    if images.ndim != 4 or size.shape != (2,) or size.min() < 1 or not images.shape[1] or not images.shape[2]:
        raise ValueError(f"images of shape {images.shape} cannot get the size {size.tolist()}")
    return images.astype(np.float32), size.tolist()


@host_op("ResizeNearestNeighbor")
def resize_nearest_neighbor(images, size, *, align_corners=False, half_pixel_centers=False):
    """Copies of the nearest pixels, in the images' dtype."""
    height, width = _checked(images[:0], size)[1]
    rows = nearest_index(images.shape[1], height, align_corners, half_pixel_centers)
    columns = nearest_index(images.shape[2], width, align_corners, half_pixel_centers)
    return images[:, rows[:, None], columns]


@host_op("ResizeBilinear")
def resize_bilinear(images, size, *, align_corners=False, half_pixel_centers=False):
    """Means of two by two pixels, weighted by distance; float32."""
    x, sizes = _checked(images, size)
    for axis, out in enumerate(sizes, 1):
        x = _weighted(x, axis, bilinear_taps(x.shape[axis], out, align_corners, half_pixel_centers))
    return x


@host_op("ResizeBicubic")
def resize_bicubic(images, size, *, align_corners=False, half_pixel_centers=False):
    """Weighted means of four by four pixels; float32."""
    x, sizes = _checked(images, size)
    for axis, out in enumerate(sizes, 1):
        x = _weighted(x, axis, bicubic_taps(x.shape[axis], out, align_corners, half_pixel_centers))
    return x


@host_op("ResizeArea")
def resize_area(images, size, *, align_corners=False):
    """Means over the area that each output covers; float32."""
    x, sizes = _checked(images, size)
    rows, columns = (area_matrix(n, out, align_corners) for n, out in zip(x.shape[1:3], sizes, strict=True))
    return _with_matrices(x, rows, columns)


@host_op("ScaleAndTranslate")
def scale_and_translate(images, size, scale, translation, *, kernel_type="lanczos3", antialias=True):
    """Resample with a kernel; output pixel p shows the input at (p + 0.5 - translation) / scale. float32."""
    x, sizes = _checked(images, size)
    matrices = [
        kernel_matrix(np, x.shape[axis + 1], out, scale[axis], translation[axis], kernel_type, antialias)
        for axis, out in enumerate(sizes)
    ]
    return _with_matrices(x, *(matrix.astype(np.float32) for matrix in matrices))
