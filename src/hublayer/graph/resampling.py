"""How images are resized: the pixels that an output is made of, and their weights, at TensorFlow's sampling positions.

The positions are computed in float32. Each way of resizing is separable: along each axis an output is a weighted sum of
few inputs (indices and weights), or of many (a matrix).
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

_F = np.float32
Taps = tuple[list[np.ndarray], list[np.ndarray]]


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


def bilinear_taps(size: int, out: int, align_corners: bool, half_pixel_centers: bool) -> Taps:
    """Two inputs of each output, int32, and their float32 weights, which are their distances."""
    place = _positions(size, out, align_corners, half_pixel_centers)
    lower, upper = np.floor(place), np.minimum(np.ceil(place), size - 1)
    weight = place - lower
    lower = np.minimum(np.maximum(lower, 0), upper)
    return [lower.astype("int32"), upper.astype("int32")], [1 - weight, weight]


def _cubic(distance: np.ndarray, a: float) -> np.ndarray:
    """The cubic kernel of parameter `a` at distances from 0 to 2."""
    near = ((a + 2) * distance - (a + 3)) * distance**2 + 1
    far = ((a * distance - 5 * a) * distance + 8 * a) * distance - 4 * a
    return np.where(distance <= 1, near, far)


def bicubic_taps(size: int, out: int, align_corners: bool, half_pixel_centers: bool) -> Taps:
    """Four inputs of each output, int32, and their float32 weights.

    With half_pixel_centers the kernel is Keys's (a = -0.5) and forgets what is outside; else a = -0.75, and the edges
    repeat. TensorFlow looks weights up at 1,024 distances.
    """
    place = _positions(size, out, align_corners, half_pixel_centers)
    base = np.floor(place)
    offset = np.round((place - base) * _F(1024)).astype("float64") / 1024
    indices, weights = [], []
    for k, distance in zip((-1, 0, 1, 2), (1 + offset, offset, 1 - offset, 2 - offset), strict=True):
        inside = (base + k >= 0) & (base + k < size)
        weight = _cubic(distance, -0.5 if half_pixel_centers else -0.75)
        weights.append(np.where(inside, weight, 0) if half_pixel_centers else weight)
        indices.append(np.clip(base + k, 0, size - 1).astype("int32"))
    total = sum(weights) if half_pixel_centers else 1.0
    return indices, [(weight / total).astype("float32") for weight in weights]


def area_matrix(size: int, out: int, align_corners: bool) -> np.ndarray:
    """(out, size): how much of each output's interval each input covers; beyond the edges the edge repeats."""
    if size == 1:  # with aligned corners no output covers anything of it
        return np.ones((out, 1), "float32")
    scale = resize_scale(size, out, align_corners)
    start = (np.arange(out, dtype="float32") * scale)[:, None]
    stop = (np.arange(1, out + 1, dtype="float32") * scale)[:, None]
    pixel = np.arange(size + math.ceil(float(scale)) + 1, dtype="float32")[None]
    cover = np.maximum(np.minimum(pixel + 1, stop) - np.maximum(pixel, start), 0) / scale
    return np.concatenate([cover[:, : size - 1], cover[:, size - 1 :].sum(1, keepdims=True)], 1).astype("float32")


def _lanczos(xp: Any, x: Any, radius: float) -> Any:
    safe = xp.maximum(x, 1e-3) * math.pi
    value = radius * xp.sin(safe) * xp.sin(safe / radius) / (safe * safe)
    return xp.where(x <= 1e-3, 1.0, xp.where(x > radius, 0.0, value))


def _two_pieces(xp: Any, x: Any, near: tuple[float, ...], far: tuple[float, ...]) -> Any:
    inner = ((near[0] * x + near[1]) * x + near[2]) * x + near[3]
    outer = ((far[0] * x + far[1]) * x + far[2]) * x + far[3]
    return xp.where(x < 1, inner, xp.where(x < 2, outer, 0.0))


_KERNELS = {
    "lanczos1": lambda xp, x: _lanczos(xp, x, 1.0),
    "lanczos3": lambda xp, x: _lanczos(xp, x, 3.0),
    "lanczos5": lambda xp, x: _lanczos(xp, x, 5.0),
    "gaussian": lambda xp, x: xp.where(x < 1.5, xp.exp(-2 * x * x), 0.0),
    "box": lambda xp, x: xp.where(x < 0.5, 1.0, xp.where(x > 0.5, 0.0, 0.5)),
    "triangle": lambda xp, x: xp.maximum(1 - x, 0.0),
    "keyscubic": lambda xp, x: _two_pieces(xp, x, (1.5, -2.5, 0, 1), (-0.5, 2.5, -4, 2)),
    "mitchellcubic": lambda xp, x: _two_pieces(xp, x, (7 / 6, -2, 0, 8 / 9), (-7 / 18, 2, -10 / 3, 16 / 9)),
}


def kernel_matrix(xp: Any, size: int, out: int, scale: Any, translation: Any, kernel_type: str, antialias: bool) -> Any:
    """(out, size): weights of a kernel around (p + 0.5 - translation) / scale for output p.

    xp: numpy or keras.ops, whichever scale and translation, float32 scalars, are of.
    """
    inverse = 1 / scale
    width = xp.maximum(inverse, 1.0) if antialias else xp.ones_like(inverse)
    place = (xp.arange(out, dtype="float32") + 0.5 - translation) * inverse
    place = xp.expand_dims(place, 1)
    distance = xp.abs(xp.arange(size, dtype="float32") + 0.5 - place) / width
    weights = _KERNELS[kernel_type](xp, distance)
    total = xp.sum(weights, axis=1, keepdims=True)
    tiny = xp.abs(total) < 1000 * float(np.finfo("float32").tiny)
    weights = weights / xp.where(tiny, 1.0, total)
    return xp.where((place >= 0) & (place <= size), weights, 0.0)
