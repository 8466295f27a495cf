"""XLA's products and decompositions."""

from __future__ import annotations

import math
from typing import Any

from hublayer.lowering import linalg
from hublayer.lowering.dtypes import cast
from hublayer.lowering.registry import Static, lowers
from hublayer.lowering.windows import ops, tensor
from hublayer.lowering.xla_dimension_numbers import Dot


def dot_general(lhs: Any, rhs: Any, dims: Dot) -> Any:
    """The product summed over the contracting axes: batch axes first, then what is left of lhs, then of rhs."""
    left = [i for i in range(len(lhs.shape)) if i not in dims.lhs_batch + dims.lhs_contracting]
    right = [i for i in range(len(rhs.shape)) if i not in dims.rhs_batch + dims.rhs_contracting]
    lhs_shape, rhs_shape = ops.shape(lhs), ops.shape(rhs)
    batch = [lhs_shape[i] for i in dims.lhs_batch]
    rows, columns = [lhs_shape[i] for i in left], [rhs_shape[i] for i in right]
    summed = math.prod(lhs_shape[i] for i in dims.lhs_contracting)
    x = ops.transpose(lhs, (*dims.lhs_batch, *left, *dims.lhs_contracting))
    y = ops.transpose(rhs, (*dims.rhs_batch, *dims.rhs_contracting, *right))
    x = ops.reshape(x, (*batch, math.prod(rows), summed))
    y = ops.reshape(y, (*batch, summed, math.prod(columns)))
    return ops.reshape(ops.matmul(x, y), (*batch, *rows, *columns))


@lowers("XlaDot", decode={"dimension_numbers": Dot.parse})
def xla_dot(lhs: Any, rhs: Any, *, dimension_numbers: Dot, precision_config: str | bytes) -> Any:
    """A product by DotDimensionNumbers, in full precision."""
    return dot_general(tensor(lhs), tensor(rhs), dimension_numbers)


@lowers("XlaDotV2", decode={"dimension_numbers": Dot.parse})
def xla_dot_v2(
    lhs: Any, rhs: Any, *, dimension_numbers: Dot, precision_config: str | bytes, preferred_element_type: str
) -> Any:
    """XlaDot computed and returned in `preferred_element_type`."""
    sides = (cast(tensor(side), preferred_element_type) for side in (lhs, rhs))
    return cast(dot_general(*sides, dimension_numbers), preferred_element_type)


@lowers("XlaEinsum")
def xla_einsum(a: Any, b: Any, *, equation: str) -> Any:
    """The einsum of two operands."""
    return linalg.einsum([a, b], equation=equation)


@lowers("XlaBroadcastHelper")
def xla_broadcast_helper(lhs: Any, rhs: Any, broadcast_dims: Static) -> tuple[Any, Any]:
    """Both operands with one rank: the lower-ranked one's axes stand at `broadcast_dims`, between axes of size 1."""
    lhs, rhs = tensor(lhs), tensor(rhs)
    if len(lhs.shape) == len(rhs.shape) or not broadcast_dims.size:
        return lhs, rhs
    low, high = (lhs, rhs) if len(lhs.shape) < len(rhs.shape) else (rhs, lhs)
    shape = [1] * len(high.shape)
    for size, axis in zip(low.shape, broadcast_dims.tolist(), strict=True):
        shape[axis] = size
    low = ops.reshape(low, shape)
    return (low, high) if len(lhs.shape) < len(rhs.shape) else (high, low)


@lowers("XlaSelfAdjointEig")
def xla_self_adjoint_eig(a: Any, *, lower: bool, max_iter: int, epsilon: float) -> tuple[Any, Any]:
    """Ascending eigenvalues and the eigenvectors of matrices of which one triangle is read, to full precision."""
    return linalg.self_adjoint_eig(a if lower else ops.swapaxes(tensor(a), -1, -2))


@lowers("XlaSvd")
def xla_svd(a: Any, *, max_iter: int, epsilon: float, precision_config: str | bytes) -> tuple[Any, Any, Any]:
    """s, u and v of a = u diag(s) vᵀ, to full precision; u and v are square."""
    return linalg.svd(a, full_matrices=True)
