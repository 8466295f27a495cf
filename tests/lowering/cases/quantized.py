"""Cases of hublayer.lowering.quantized: quantised dtypes are plain integers here."""

from __future__ import annotations

from typing import Any

import numpy as np

from lowering.case import Case, floats, i32, integers

X = floats(3, 5, low=-4, high=6)
_LOW, _HIGH = np.float32(-3.25), np.float32(5.5)
_LOWS, _HIGHS = np.float32([-1, -2, 0.5]), np.float32([1, 4, 3])
_HALVES = np.float32([0.5, 1.5, 2.5, -0.5, -1.5])
_BITS8 = {"quantization_min_val": -127, "quantization_max_val": 127}
_ALL = {"quint8": np.arange(256, dtype=np.uint8), "qint8": np.arange(-128, 128).astype(np.int8)}
_WIDE = {
    "qint16": integers(40, low=-32768, high=32768, dtype="int16"),
    "quint16": integers(40, low=0, high=65536, dtype="uint16"),
    "qint32": integers(40, low=-(2**31), high=2**31 - 1, dtype="int32"),
}


def _quantize(dtype: str, mode: str, name: str = "", given: tuple[Any, ...] = (X, _LOW, _HIGH), **attrs: Any) -> Case:
    name = "_".join(part for part in (dtype, mode.lower(), name) if part)
    limits = {"torch": "Keras has int32 for uint16 on PyTorch"} if dtype == "quint16" else {}
    return Case("QuantizeV2", given, {"T": dtype, "mode": mode, **attrs}, name=name, gradient=False, limits=limits)


def _dequantize(dtype: str, mode: str, x: np.ndarray, name: str = "", **attrs: Any) -> Case:
    name = "_".join(part for part in (dtype, mode.lower(), name) if part)
    given = (x, _LOW, _HIGH)
    return Case("Dequantize", given, {"T": dtype, "mode": mode, **attrs}, name=name, gradient=False)


CASES = [
    *(
        _quantize(dtype, mode)
        for dtype in ("quint8", "qint8", "qint16", "quint16")
        for mode in ("MIN_COMBINED", "MIN_FIRST")
    ),
    _quantize("qint32", "MIN_FIRST", given=(np.float32([-1, 0, 2]), np.float32(-4), np.float32(4))),
    _quantize("qint8", "SCALED"),
    _quantize("quint8", "SCALED"),
    _quantize("qint8", "SCALED", "narrow", narrow_range=True),
    # With oneDNN this mode has a kernel of its own, whose range for qint8 is not the documented one.
    _quantize("quint8", "SCALED", "even", (_HALVES, np.float32(0), np.float32(255)), round_mode="HALF_TO_EVEN"),
    _quantize("qint8", "SCALED", "away", (_HALVES, np.float32(-128), np.float32(127))),
    _quantize("qint8", "SCALED", "channels", (X, _LOWS, _HIGHS), axis=0),
    _quantize("quint8", "MIN_COMBINED", "close", (X, np.float32(2), np.float32(2))),
    _quantize("quint8", "MIN_COMBINED", "positive", (X, np.float32(1), np.float32(3)), ensure_minimum_range=0.0),
    *(_dequantize(dtype, mode, x) for dtype, x in _ALL.items() for mode in ("MIN_COMBINED", "MIN_FIRST", "SCALED")),
    # TensorFlow built with oneDNN has SCALED for 8 bits only.
    *(_dequantize(dtype, "MIN_COMBINED", x) for dtype, x in _WIDE.items()),
    _dequantize("qint8", "SCALED", _ALL["qint8"], "narrow", narrow_range=True),
    Case(
        "Dequantize",
        (_ALL["qint8"], _LOW, _HIGH),
        {"T": "qint8", "dtype": "bfloat16"},
        name="bfloat16",
        gradient=False,
    ),
    Case(
        "Dequantize",
        (_ALL["qint8"].reshape(4, 64)[:3], _LOWS, _HIGHS),
        {"T": "qint8", "mode": "SCALED", "axis": 0},
        name="channels",
        gradient=False,
    ),
    Case("UniformQuantize", (X, np.float32(0.05), i32(3)), {"Tout": "qint8", **_BITS8}, gradient=False),
    Case(
        "UniformQuantize",
        (X, np.float32([0.05, 0.1, 0.5]), i32(3, 0, -4)),
        {"Tout": "qint8", "quantization_axis": 0, **_BITS8},
        name="channels",
        gradient=False,
    ),
    Case(
        "UniformDequantize",
        (_ALL["qint8"], np.float32(0.05), i32(3)),
        {"Tin": "qint8", "Tout": "float32", **_BITS8},
        gradient=False,
    ),
]
