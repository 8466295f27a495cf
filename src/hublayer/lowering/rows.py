"""Ops of our own on tokens in rows; see hublayer.graph.token_rows."""

from __future__ import annotations

from typing import Any

import numpy as np

from hublayer.lowering.dtypes import dtype_of
from hublayer.lowering.keras_ops import ops
from hublayer.lowering.registry import lowers
from hublayer.lowering.windows import tensor


def weights_of(lengths: Any, longest: Any, dtype: str) -> Any:
    """(rows, longest): 1 for a token, 0 for padding."""
    return ops.cast(ops.arange(longest, dtype="int32")[None, :] < tensor(lengths)[:, None], dtype)


def _beside(x: Any, rank: int) -> Any:
    """`x` with dimensions of 1 at its end, so that it has `rank` of them."""
    while len(x.shape) < rank:
        x = ops.expand_dims(x, -1)
    return x


def scaled(total: Any, lengths: Any, combiner: str) -> Any:
    """Sums (rows, …) divided as `combiner` says; a row without tokens stays zero."""
    if combiner == "sum":
        return total
    counts = ops.maximum(ops.cast(lengths, dtype_of(total)), 1)
    counts = ops.sqrt(counts) if combiner == "sqrtn" else counts
    return total / _beside(counts, len(total.shape))


@lowers("hublayer>FlattenRows")
def flatten_rows(x):
    """(rows, length, …) → (rows · length, …)."""
    x = tensor(x)
    shape = ops.shape(x)
    return ops.reshape(x, (shape[0] * shape[1], *shape[2:]))


@lowers("hublayer>CombineRows")
def combine_rows(data, lengths, *, combiner="sum", empty="zero"):
    """data (rows · length, …) combined by row, padding left out. combiner: sum, mean, sqrtn, max, min.

    empty: what a row without tokens gives for max and min: zero, or the bound of the dtype.
    """
    data, lengths = tensor(data), tensor(lengths)
    shape, rows = ops.shape(data), ops.shape(lengths)[0]
    longest = shape[0] // rows if not isinstance(rows, int) or rows else 1
    data = ops.reshape(data, (rows, longest, *shape[1:]))
    dtype = dtype_of(data)
    real = _beside(weights_of(lengths, longest, dtype), len(data.shape)) > 0
    if combiner in ("sum", "mean", "sqrtn"):
        # A product with zero would keep the NaN of a padding token.
        return scaled(ops.sum(ops.where(real, data, ops.zeros_like(data)), axis=1), lengths, combiner)
    limits = np.iinfo(dtype) if dtype.startswith(("int", "uint")) else np.finfo(dtype)
    bound = limits.min if combiner == "max" else limits.max
    reduce = ops.max if combiner == "max" else ops.min
    found = reduce(ops.where(real, data, ops.cast(bound, dtype)), axis=1)
    if empty == "bound":
        return found
    return ops.where(_beside(lengths > 0, len(found.shape)), found, ops.zeros_like(found))


@lowers("hublayer>LookUpRows")
def look_up_rows(table, ids, lengths, *, combiner="sum", empty="zero"):
    """Rows of `table` (words, …) for ids (rows, length), combined by row: sum, mean or sqrtn."""
    table, ids = tensor(table), tensor(ids)
    found = ops.take(table, ids, axis=0)
    weights = weights_of(lengths, ops.shape(ids)[1], dtype_of(found))
    return scaled(ops.sum(found * _beside(weights, len(found.shape)), axis=1), lengths, combiner)


@lowers("hublayer>SegmentCombine")
def segment_combine(data, segment_ids, num_segments=None, *, combiner="sum"):
    """data (n, …) combined by segment, where the number of segments is known or the values are at hand."""
    data = tensor(data)
    if num_segments is None:
        segment_ids = np.asarray(segment_ids) if isinstance(segment_ids, np.ndarray) else segment_ids
        num_segments = int(ops.max(segment_ids)) + 1 if segment_ids.shape[0] else 0
    rows = int(num_segments)
    if rows == 0:
        return ops.zeros((0, *data.shape[1:]), dtype_of(data))
    total = ops.segment_sum(data, tensor(segment_ids), num_segments=rows)
    counts = ops.segment_sum(ops.ones(data.shape[:1], dtype_of(data)), tensor(segment_ids), num_segments=rows)
    return scaled(total, counts, combiner)


@lowers("hublayer>ZeroRows")
def zero_rows(x, mask):
    """x (rows, width), zero in the rows where mask (rows, 1) is true."""
    if isinstance(mask, np.ndarray) and not mask.any():
        return x
    x = tensor(x)
    return ops.where(tensor(mask), ops.zeros_like(x), x)
