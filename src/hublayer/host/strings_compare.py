"""Equality of strings. Numbers go to the same ops of hublayer.graph.numpy_ops."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from hublayer.graph.numpy_ops import NUMPY_OPS
from hublayer.host.registry import host_op
from hublayer.host.string_tensor import StringTensor

# pyarrow makes its functions when it is imported, so a type checker does not see this one.
_EQUAL = getattr(pc, "equal")  # noqa: B009


@host_op("Equal")
def equal(x, y, *, incompatible_shape_error=True):
    """bool, of the broadcast shape; the scalar False where shapes do not broadcast and that is no error."""
    if not isinstance(x, StringTensor):
        return NUMPY_OPS["Equal"]([x, y], {"incompatible_shape_error": incompatible_shape_error})
    try:
        shape = np.broadcast_shapes(x.shape, y.shape)
    except ValueError:
        if incompatible_shape_error:
            raise
        return np.array(False)
    left, right = (_comparable(value, shape) for value in (x, y))
    if not isinstance(left, pa.Array) and not isinstance(right, pa.Array):
        return np.asarray(left == right)
    return _EQUAL(left, right).to_numpy(zero_copy_only=False).reshape(shape)


@host_op("NotEqual")
def not_equal(x, y, *, incompatible_shape_error=True):
    """The contrary of Equal."""
    if not isinstance(x, StringTensor):
        return NUMPY_OPS["NotEqual"]([x, y], {"incompatible_shape_error": incompatible_shape_error})
    return np.asarray(~equal(x, y, incompatible_shape_error=incompatible_shape_error))


def _comparable(value: StringTensor, shape: tuple[int, ...]) -> pa.Array | pa.Scalar:
    if value.shape == ():
        return value.array[0]
    if value.shape == shape:
        return value.array
    return value.take(np.broadcast_to(np.arange(value.size).reshape(value.shape), shape)).array
