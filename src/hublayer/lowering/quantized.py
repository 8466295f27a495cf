"""Quantised numbers: integers that stand for a range of floats, or for multiples of a scale. No op has a gradient."""

from __future__ import annotations

from typing import Any

import numpy as np

from hublayer.lowering.dtypes import PLAIN, cast
from hublayer.lowering.registry import lowers
from hublayer.lowering.windows import ops, tensor

_MOST = float(np.finfo(np.float32).max)


def _limits(dtype: str) -> tuple[int, int, int]:
    """The least and the greatest number of a quantised dtype, and how many bits it has."""
    info = np.iinfo(PLAIN.get(dtype, dtype))
    return int(info.min), int(info.max), int(info.bits)


def _along(value: Any, rank: int, axis: int) -> Any:
    """One float for all, or one for each slice along `axis`, in a shape that broadcasts."""
    value = cast(tensor(value), "float32")
    return value if axis < 0 or not len(value.shape) else ops.reshape(value, [-1] + [1] * (rank - 1 - axis))


def _rounded(x: Any, mode: str = "HALF_AWAY_FROM_ZERO") -> Any:
    if mode == "HALF_TO_EVEN":
        return ops.round(x)
    whole = ops.floor(ops.abs(x))
    return ops.sign(x) * (whole + ops.cast(ops.abs(x) - whole >= 0.5, "float32"))


def _integers(x: Any, low: int, high: int, dtype: str) -> Any:
    """Whole floats as integers of a dtype, of 32 bits too, whose greatest number is no float32."""
    top = np.float32(high) if int(np.float32(high)) == high else np.nextafter(np.float32(high), np.float32(0))
    inside = cast(ops.clip(x, float(low), float(top)), dtype)
    return ops.where(x >= float(high), tensor(np.asarray(high, PLAIN.get(dtype, dtype))), inside)


def _scaled_range(low: Any, high: Any, least: int, most: int) -> Any:
    """The greatest scale at which low … high fits into least … most, by the sides that have their bound's sign."""

    def of(level: int, bound: Any) -> Any:
        reached = bound * float(level) > 0
        return ops.where(reached, float(level) / ops.where(reached, bound, ops.ones_like(bound)), _MOST)

    return ops.minimum(of(least, low), of(most, high))


@lowers("QuantizeV2")
def quantize_v2(
    input: Any,
    min_range: Any,
    max_range: Any,
    *,
    T: str,
    mode: str = "MIN_COMBINED",
    round_mode: str = "HALF_AWAY_FROM_ZERO",
    narrow_range: bool = False,
    axis: int = -1,
    ensure_minimum_range: float = 0.01,
) -> tuple[Any, Any, Any]:
    """Floats as integers of the dtype T, and the range of floats that T stands for.

    The range is widened to hold zero, and to a part ensure_minimum_range of its greater bound.
    """
    x, least, most, bits = tensor(input), *_limits(T)
    rank = len(x.shape)
    given_low, given_high = (cast(tensor(bound), "float32") for bound in (min_range, max_range))
    reach = ops.maximum(1.0, ops.maximum(ops.abs(given_low), ops.abs(given_high))) * ensure_minimum_range
    low = ops.minimum(0.0, given_low)
    high = ops.maximum(0.0, ops.maximum(given_high, low + reach))
    bottom, top = _along(low, rank, axis), _along(high, rank, axis)
    if mode == "MIN_COMBINED":
        places = (ops.clip(x, bottom, top) - bottom) * ((float(most) - least) / (top - bottom))
        whole = _rounded(places + least) if least < 0 else ops.floor(places + 0.5)
    elif mode == "MIN_FIRST":
        scale = 2.0**bits / ((top - bottom) * (2.0**bits / (2.0**bits - 1)))
        if T == "quint8":  # the kernel departs from the documentation here: it rounds once
            whole = ops.floor((x - bottom) * scale + 0.5)
        else:
            whole = _rounded(x * scale) - (_rounded(bottom * scale) - least)
    else:
        least += int(narrow_range)
        scale = _scaled_range(low, high, least, most)
        low, high = float(least) / scale, float(most) / scale
        bottom, top, scale = (_along(value, rank, axis) for value in (low, high, scale))
        whole = _rounded(ops.clip(x, bottom, top) * scale, round_mode)
    return _integers(whole, least, most, T), low, high


@lowers("Dequantize")
def dequantize(
    input: Any,
    min_range: Any,
    max_range: Any,
    *,
    T: str,
    mode: str = "MIN_COMBINED",
    narrow_range: bool = False,
    axis: int = -1,
    dtype: str = "float32",
) -> Any:
    """The floats that integers of the dtype T stand for."""
    x, least, most, bits = cast(tensor(input), "float32"), *_limits(T)
    low, high = (_along(bound, len(x.shape), axis) for bound in (min_range, max_range))
    if mode == "MIN_COMBINED":
        return cast((x - least) * ((high - low) / (float(most) - least)) + low, dtype)
    if mode == "MIN_FIRST":
        scale = (high - low) * (2.0**bits / (2.0**bits - 1)) / 2.0**bits
        safe = ops.where(scale == 0, ops.ones_like(scale), scale)
        start = ops.where(scale == 0, low, _rounded(low / safe) * scale)
        return cast(start + (x - least) * scale, dtype)
    scale = high / most if least == 0 else ops.maximum(low / (least + int(narrow_range)), high / most)
    return cast(x * scale, dtype)


@lowers("UniformQuantize")
def uniform_quantize(
    input: Any,
    scales: Any,
    zero_points: Any,
    *,
    Tout: str,
    quantization_min_val: int,
    quantization_max_val: int,
    quantization_axis: int = -1,
) -> Any:
    """floor(input / scale + 1/2) + zero point, between two integers."""
    x = tensor(input)
    scale, zero = (_along(value, len(x.shape), quantization_axis) for value in (scales, zero_points))
    whole = ops.floor(x * (1.0 / scale) + 0.5) + zero
    return _integers(ops.clip(whole, quantization_min_val, quantization_max_val), *_limits(Tout)[:2], Tout)


@lowers("UniformDequantize")
def uniform_dequantize(
    input: Any,
    scales: Any,
    zero_points: Any,
    *,
    Tout: str,
    quantization_min_val: int,
    quantization_max_val: int,
    quantization_axis: int = -1,
) -> Any:
    """(input - zero point) · scale."""
    x = cast(tensor(input), "float32")
    scale, zero = (_along(value, len(x.shape), quantization_axis) for value in (scales, zero_points))
    return cast((x - zero) * scale, Tout)
