"""The greatest elements by XLA's approximate op, which is exact here."""

from __future__ import annotations

from typing import Any

from hublayer.lowering.registry import lowers
from hublayer.lowering.windows import ops, tensor


@lowers("ApproxTopK")
def approximate_top_k(
    input: Any,
    *,
    k: int,
    reduction_dimension: int = -1,
    recall_target: float = 0.95,
    is_max_k: bool = True,
    reduction_input_size_override: int = -1,
    aggregate_to_topk: bool = True,
) -> tuple[Any, Any]:
    """The `k` greatest elements of a dimension, or the least, and where they stand, whatever the recall."""
    x = ops.moveaxis(tensor(input), reduction_dimension, -1)
    values, indices = ops.top_k(x if is_max_k else ops.negative(x), k, sorted=True)
    values = values if is_max_k else ops.negative(values)
    indices = ops.cast(indices, "int32")
    return ops.moveaxis(values, -1, reduction_dimension), ops.moveaxis(indices, -1, reduction_dimension)
