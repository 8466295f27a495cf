"""Resizing images (N, H, W, C), with TensorFlow's sampling positions, which are computed in float32.

Each way of resizing is separable: along each axis an output is a weighted sum of few inputs (indices and weights), or
of many (a matrix).
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from hublayer.lowering.dtypes import cast, dtype_of
from hublayer.lowering.registry import Static, lowers
from hublayer.lowering.windows import ops, tensor

_F = np.float32


def resize_scale(size: int, out: int, align_corners: bool) -> np.float32:
    """How far apart the sampling positions are."""
    return _F((size - 1) / _F(out - 1)) if align_corners and out > 1 else _F(size / _F(out))


def _positions(size: int, out: int, align_corners: bool, half_pixel_centers: bool) -> np.ndarray:
    """Where each output is sampled, in input pixels."""
    place, scale = np.arange(out, dtype="float32"), resize_scale(size, out, align_corners)
    return (place + _F(0.5)) * scale - _F(0.5) if half_pixel_centers else place * scale


def nearest_index(size: int, out: int, align_corners: bool, half_pixel_centers: bool) -> np.ndarray:
    """Which input each output copies."""
    place, scale = np.arange(out, dtype="float32"), resize_scale(size, out, align_corners)
    place = (place + _F(0.5)) * scale if half_pixel_centers else place * scale
    place = np.floor(place + _F(0.5)) if align_corners else np.floor(place)
    return np.clip(place, 0, size - 1).astype("int32")


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
        last = x.shape[axis] - 1
        place = _positions(last + 1, out, align_corners, half_pixel_centers)
        lower, upper = np.floor(place), np.minimum(np.ceil(place), last)
        weight = place - lower
        lower = np.minimum(np.maximum(lower, 0), upper)
        x = _weighted(x, axis, [lower.astype("int32"), upper.astype("int32")], [1 - weight, weight])
    return x


def _cubic(distance: np.ndarray, a: float) -> np.ndarray:
    """The cubic kernel of parameter `a` at distances from 0 to 2."""
    near = ((a + 2) * distance - (a + 3)) * distance**2 + 1
    far = ((a * distance - 5 * a) * distance + 8 * a) * distance - 4 * a
    return np.where(distance <= 1, near, far)


@lowers("ResizeBicubic")
def resize_bicubic(images: Any, size: Static, *, align_corners: bool = False, half_pixel_centers: bool = False) -> Any:
    """Weighted means of four by four pixels; float32.

    With half_pixel_centers the kernel is Keys's (a = -0.5) and forgets what is outside; else a = -0.75, and the edges
    repeat. TensorFlow looks weights up at 1,024 distances.
    """
    x = cast(tensor(images), "float32")
    for axis, out in enumerate(size.tolist(), 1):
        length = x.shape[axis]
        place = _positions(length, out, align_corners, half_pixel_centers)
        base = np.floor(place)
        offset = np.round((place - base) * _F(1024)).astype("float64") / 1024
        indices, weights = [], []
        for k, distance in zip((-1, 0, 1, 2), (1 + offset, offset, 1 - offset, 2 - offset), strict=True):
            inside = (base + k >= 0) & (base + k < length)
            weight = _cubic(distance, -0.5 if half_pixel_centers else -0.75)
            weights.append(np.where(inside, weight, 0) if half_pixel_centers else weight)
            indices.append(np.clip(base + k, 0, length - 1).astype("int32"))
        total = sum(weights) if half_pixel_centers else 1.0
        x = _weighted(x, axis, indices, [(weight / total).astype("float32") for weight in weights])
    return x


def _area_matrix(size: int, out: int, align_corners: bool) -> np.ndarray:
    """(out, size): how much of each output's interval each input covers; beyond the edges the edge repeats."""
    scale = resize_scale(size, out, align_corners)
    start = (np.arange(out, dtype="float32") * scale)[:, None]
    stop = (np.arange(1, out + 1, dtype="float32") * scale)[:, None]
    pixel = np.arange(size + math.ceil(float(scale)) + 1, dtype="float32")[None]
    cover = np.maximum(np.minimum(pixel + 1, stop) - np.maximum(pixel, start), 0) / scale
    return np.concatenate([cover[:, : size - 1], cover[:, size - 1 :].sum(1, keepdims=True)], 1).astype("float32")


@lowers("ResizeArea")
def resize_area(images: Any, size: Static, *, align_corners: bool = False) -> Any:
    """Means over the area that each output covers; float32."""
    x = cast(tensor(images), "float32")
    height, width = size.tolist()
    rows, columns = (_area_matrix(n, out, align_corners) for n, out in zip(x.shape[1:3], (height, width), strict=True))
    return _with_matrices(x, tensor(rows), tensor(columns))


def _lanczos(x: Any, radius: float) -> Any:
    safe = ops.maximum(x, 1e-3) * math.pi
    value = radius * ops.sin(safe) * ops.sin(safe / radius) / (safe * safe)
    return ops.where(x <= 1e-3, 1.0, ops.where(x > radius, 0.0, value))


def _two_pieces(x: Any, near: tuple[float, ...], far: tuple[float, ...]) -> Any:
    inner = ((near[0] * x + near[1]) * x + near[2]) * x + near[3]
    outer = ((far[0] * x + far[1]) * x + far[2]) * x + far[3]
    return ops.where(x < 1, inner, ops.where(x < 2, outer, 0.0))


_KERNELS = {
    "lanczos1": lambda x: _lanczos(x, 1.0),
    "lanczos3": lambda x: _lanczos(x, 3.0),
    "lanczos5": lambda x: _lanczos(x, 5.0),
    "gaussian": lambda x: ops.where(x < 1.5, ops.exp(-2 * x * x), 0.0),
    "box": lambda x: ops.where(x < 0.5, 1.0, ops.where(x > 0.5, 0.0, 0.5)),
    "triangle": lambda x: ops.maximum(1 - x, 0.0),
    "keyscubic": lambda x: _two_pieces(x, (1.5, -2.5, 0, 1), (-0.5, 2.5, -4, 2)),
    "mitchellcubic": lambda x: _two_pieces(x, (7 / 6, -2, 0, 8 / 9), (-7 / 18, 2, -10 / 3, 16 / 9)),
}


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
    matrices = []
    for axis, out in enumerate(size.tolist()):
        length = x.shape[axis + 1]
        inverse = 1 / scale[axis]
        width = ops.maximum(inverse, 1.0) if antialias else ops.ones_like(inverse)
        place = (ops.arange(out, dtype="float32") + 0.5 - translation[axis]) * inverse
        place = ops.expand_dims(place, 1)
        distance = ops.abs(ops.arange(length, dtype="float32") + 0.5 - place) / width
        weights = _KERNELS[kernel_type](distance)
        total = ops.sum(weights, axis=1, keepdims=True)
        tiny = ops.abs(total) < 1000 * float(np.finfo("float32").tiny)
        weights = weights / ops.where(tiny, 1.0, total)
        matrices.append(ops.where((place >= 0) & (place <= length), weights, 0.0))
    return cast(_with_matrices(x, *matrices), dtype_of(x))
