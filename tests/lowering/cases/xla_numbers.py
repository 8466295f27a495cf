"""Cases of hublayer.lowering.xla_numbers. Random bits and dynamic sizes are in test_xla_numbers.py."""

from __future__ import annotations

import numpy as np

from lowering.case import Case, floats

_SPECIAL = np.float32([0, -0.0, 1, -1.5, 1.0039062, 65504, 65520, 7e4, 1e-5, 3e-8, np.inf, -np.inf, np.nan, 3.4e38])
_HALVES = np.float32([1 + 2**-8, 1 + 3 * 2**-8, -1 - 2**-8, 2 - 2**-9])

CASES = [
    Case("XlaReducePrecision", (x,), {"exponent_bits": exponent, "mantissa_bits": mantissa}, name, gradient=False)
    for name, x, exponent, mantissa in (
        ("bfloat16", floats(4, 5, low=-90, high=90), 8, 7),
        ("float16", floats(4, 5, low=-90, high=90), 5, 10),
        ("float32", floats(7), 8, 23),
        ("special_float16", _SPECIAL, 5, 10),
        ("special_bfloat16", _SPECIAL[:-1], 8, 7),
        ("special_float8", _SPECIAL, 4, 3),
        ("halves", _HALVES, 8, 7),
    )
]
