"""Cases of quantisation that is simulated in floats."""

from __future__ import annotations

from typing import Any

import numpy as np

from lowering.case import Case, floats, i32

X = floats(3, 4, low=-9, high=9)
_LOW, _HIGH = np.float32(-3.2), np.float32(4.1)
_LOWS, _HIGHS = np.float32([-1, -2, 0, 0.5]), np.float32([1, 4, 3, 6])
_GIVEN: dict[str, Any] = {"range_given": True}


def _halves(low: float, high: float, steps: int) -> np.ndarray:
    """The places of a grid and the middles between them, and some beyond its ends."""
    step = np.float32(high - low) / np.float32(steps)
    return (np.arange(2 * steps + 9, dtype="float32") / 2 - 2) * step + np.float32(low)


_PAIRS = {"symmetric": (-1.0, 1.0), "halfway": (-6.0, 6.0), "from-zero": (0.0, 6.0), "skewed": (-0.97, 1.41)}
_TIES = {name: (_halves(*pair, 255), *(np.float32(bound) for bound in pair)) for name, pair in _PAIRS.items()}
_COLUMNS = np.stack([_halves(low, high, 15) for low, high in _PAIRS.values()], -1)
_BOUNDS = tuple(np.float32(bounds) for bounds in zip(*_PAIRS.values(), strict=True))

CASES = [
    *(Case("FakeQuantWithMinMaxVars", ties, name=f"ties-{name}") for name, ties in _TIES.items()),
    *(
        Case("FakeQuantWithMinMaxVars", ties, name=f"ties-{name}-known", static=(1, 2), gradient=False)
        for name, ties in _TIES.items()
    ),
    Case(
        "FakeQuantWithMinMaxVars",
        (_halves(-3, 3, 254), *_TIES["symmetric"][1:]),
        {"narrow_range": True},
        name="ties-narrow",
    ),
    Case("FakeQuantWithMinMaxArgs", _TIES["halfway"][:1], name="ties"),
    Case(
        "FakeQuantWithMinMaxArgs",
        (_halves(-8, 8, 31),),
        {"min": -8.0, "max": 8.0, "num_bits": 5},
        name="ties-five-bits",
    ),
    Case("FakeQuantWithMinMaxVarsPerChannel", (_COLUMNS, *_BOUNDS), {"num_bits": 4}, name="ties"),
    Case("FakeQuantWithMinMaxArgs", (X,)),
    Case("FakeQuantWithMinMaxArgs", (X,), {"min": -2.0, "max": 5.0, "num_bits": 4}, name="four_bits"),
    Case("FakeQuantWithMinMaxArgs", (X,), {"min": 0.0, "max": 6.0, "narrow_range": True}, name="narrow"),
    Case("FakeQuantWithMinMaxArgs", (X,), {"min": 1.0, "max": 6.0}, name="zero_outside"),
    Case("FakeQuantWithMinMaxVars", (X, _LOW, _HIGH)),
    Case("FakeQuantWithMinMaxVars", (X, _LOW, _HIGH), {"num_bits": 3, "narrow_range": True}, name="narrow"),
    Case("FakeQuantWithMinMaxVars", (X, np.float32(0), np.float32(0)), name="no_range"),
    Case("FakeQuantWithMinMaxVarsPerChannel", (X, _LOWS, _HIGHS)),
    Case("FakeQuantWithMinMaxVarsPerChannel", (floats(2, 3, 2, 4), _LOWS, _HIGHS), {"num_bits": 4}, name="rank4"),
    Case("FakeQuantWithMinMaxVarsPerChannel", (floats(4, low=-9, high=9), _LOWS, _HIGHS), name="rank1"),
    Case("FakeQuantWithMinMaxArgsGradient", (floats(3, 4, seed=1), X), gradient=False),
    Case("FakeQuantWithMinMaxVarsGradient", (floats(3, 4, seed=1), X, _LOW, _HIGH), gradient=False),
    Case("FakeQuantWithMinMaxVarsPerChannelGradient", (floats(3, 4, seed=1), X, _LOWS, _HIGHS), gradient=False),
    Case("QuantizeAndDequantizeV2", (X, _LOW, _HIGH)),
    Case("QuantizeAndDequantizeV2", (X, _LOW, _HIGH), _GIVEN, name="range"),
    Case("QuantizeAndDequantizeV2", (X, _LOW, _HIGH), {"num_bits": 4, "narrow_range": True, **_GIVEN}, name="narrow"),
    Case(
        "QuantizeAndDequantizeV2", (np.abs(X), np.float32(0), _HIGH), {"signed_input": False, **_GIVEN}, name="unsigned"
    ),
    Case("QuantizeAndDequantizeV2", (X, _LOW, _HIGH), {"round_mode": "HALF_UP", "num_bits": 3}, name="half_up"),
    Case("QuantizeAndDequantizeV2", (X, _LOWS, _HIGHS), {"axis": 1}, name="own_channels"),
    Case("QuantizeAndDequantizeV3", (X, _LOW, _HIGH, i32(5))),
    Case("QuantizeAndDequantizeV3", (X, _LOW, _HIGH, i32(8)), {"range_given": False}, name="own_range"),
    Case("QuantizeAndDequantizeV4", (X, _LOW, _HIGH)),
    Case("QuantizeAndDequantizeV4", (X, _LOW, _HIGH), _GIVEN, name="range"),
]
