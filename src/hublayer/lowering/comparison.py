"""Comparisons, logic, bits, and the choice between two tensors."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from hublayer.lowering.dtypes import dtype_of
from hublayer.lowering.keras_ops import ops
from hublayer.lowering.registry import lowers, lowers_table


def select(condition: Any, t: Any, e: Any) -> Any:
    """t where condition, else e. A vector as condition chooses rows of t and e."""
    if len(condition.shape) == 1 and len(t.shape) > 1:
        condition = ops.reshape(condition, (-1,) + (1,) * (len(t.shape) - 1))
    return select_v2(condition, t, e)


def select_v2(condition: Any, t: Any, e: Any) -> Any:
    """t where condition, else e; all three broadcast."""
    return ops.where(condition, ops.convert_to_tensor(t), ops.convert_to_tensor(e))


def _shift(shift: Callable[[Any, Any], Any]) -> Callable[[Any, Any], Any]:
    """`shift` by no less than nothing and no more than the width less one, as TensorFlow's kernels do."""

    def run(x: Any, y: Any) -> Any:
        bits = np.iinfo(dtype_of(x)).bits
        lowest, highest = (np.asarray(value, dtype_of(x)) for value in (0, bits - 1))
        return shift(x, ops.minimum(ops.maximum(y, lowest), highest))

    return run


lowers_table(
    {
        "IsFinite": ops.isfinite,
        "IsInf": ops.isinf,
        "IsNan": ops.isnan,
        "LeftShift": _shift(ops.left_shift),
        "LogicalAnd": ops.logical_and,
        "LogicalNot": ops.logical_not,
        "LogicalOr": ops.logical_or,
    }
)
lowers_table(
    {
        "Greater": ops.greater,
        "GreaterEqual": ops.greater_equal,
        "Less": ops.less,
        "LessEqual": ops.less_equal,
    },
    orders=True,
)
lowers_table(
    {
        "BitwiseAnd": ops.bitwise_and,
        "BitwiseOr": ops.bitwise_or,
        "BitwiseXor": ops.bitwise_xor,
        "Invert": ops.bitwise_not,
        "RightShift": _shift(ops.right_shift),
        "Select": select,
        "SelectV2": select_v2,
    },
    picks=True,
)


def equality(compare: Callable[[Any, Any], Any], otherwise: bool) -> Callable[..., Any]:
    """Equal or NotEqual by `compare`. Shapes that do not broadcast give the scalar `otherwise`, if that is no error."""

    def equal(x: Any, y: Any, *, incompatible_shape_error: bool = True) -> Any:
        if not incompatible_shape_error and not _compatible(x, y):
            return ops.convert_to_tensor(otherwise)
        return compare(x, y)

    return equal


def _compatible(x: Any, y: Any) -> bool:
    pairs = zip(reversed(tuple(x.shape)), reversed(tuple(y.shape)), strict=False)
    return all(a == b or a in (1, None) or b in (1, None) for a, b in pairs)


lowers("Equal")(equality(ops.equal, False))
lowers("NotEqual")(equality(ops.not_equal, True))


@lowers("ApproximateEqual")
def approximate_equal(x: Any, y: Any, *, tolerance: float = 1e-5) -> Any:
    """Whether |x - y| < tolerance."""
    return ops.less(ops.abs(ops.subtract(x, y)), np.asarray(tolerance, x.dtype) if _is_numpy(x) else tolerance)


def _is_numpy(x: Any) -> bool:
    return isinstance(x, np.ndarray)
