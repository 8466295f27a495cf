"""x to the power y. Powers of integers wrap around, and a negative exponent ends the run."""

from __future__ import annotations

from typing import Any

import numpy as np

from hublayer.lowering.checks import require
from hublayer.lowering.dtypes import dtype_of
from hublayer.lowering.elementwise import is_float
from hublayer.lowering.execute import Run
from hublayer.lowering.keras_ops import ops
from hublayer.lowering.registry import lowers

NO_NEGATIVE_POWERS = "integers to negative integer powers are not allowed"


@lowers("Pow")
def power(run: Run, x: Any, y: Any) -> Any:
    """x to the power y."""
    return ops.power(x, y) if is_float(x) else integer_power(run, x, y)


def integer_power(run: Run, x: Any, y: Any) -> Any:
    """x to the power y, integers. No exponent may be negative."""
    known = isinstance(y, np.ndarray)
    passes = np.asarray((y >= 0).all()) if known else ops.all(ops.greater_equal(y, 0))
    require(run, passes, NO_NEGATIVE_POWERS)
    return _of_integers(x, y, int(y.max(initial=0)).bit_length() if known else _bits(dtype_of(y)))


def _bits(dtype: str) -> int:
    info = np.iinfo(dtype)
    return info.bits - (info.min < 0)


def _of_integers(x: Any, y: Any, bits: int) -> Any:
    """The product of those of x, x², x⁴, … whose bits are set in y, which has no more than `bits`."""
    result, factor = ops.ones_like(x), ops.convert_to_tensor(x)
    for i in range(bits):
        bit = np.asarray(1 << i, dtype_of(y))
        result = ops.where(ops.not_equal(ops.bitwise_and(y, bit), 0), ops.multiply(result, factor), result)
        factor = ops.multiply(factor, factor)
    return result
