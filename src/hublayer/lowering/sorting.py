"""Sorting, searching, counting, and the ops whose number of results depends on values."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from hublayer.graph.numpy_ops import NUMPY_OPS
from hublayer.lowering.dtypes import cast, dtype_of
from hublayer.lowering.elementwise import is_float
from hublayer.lowering.keras_ops import ops
from hublayer.lowering.registry import Static, lowers
from hublayer.lowering.segments import total
from hublayer.lowering.shape import dtype_like, integers


@lowers("TopKV2", picks=True, orders=True)
def top_k(input: Any, k: Static, *, sorted: bool = True, index_type: str = "int32") -> tuple[Any, Any]:
    """The `k` largest elements of the last dimension, largest first, and where they stand; of equals the first."""
    count = integers(k)[0]
    values, indices = ops.top_k(late_nan_last(input, count) if is_float(input) else input, count, sorted=True)
    return values, cast(indices, index_type)


def late_nan_last(x: Any, k: int) -> Any:
    """`x` with minus infinity for NaN from place `k` on: TensorFlow takes these last, and NaN before k first."""
    late = ops.logical_and(ops.isnan(x), np.arange(x.shape[-1]) >= k)
    return ops.where(late, cast(np.asarray(-np.inf), dtype_of(x)), x)


@lowers("NthElement", picks=True, orders=True)
def nth_element(input: Any, n: Any, *, reverse: bool = False) -> Any:
    """The n-th smallest element of the last dimension, or the n-th largest."""
    ordered = ops.sort(input, axis=-1)
    return ops.take(ordered, ops.subtract(input.shape[-1] - 1, n) if reverse else n, axis=-1)


@lowers("InvertPermutation", picks=True)
def invert_permutation(x: Any) -> Any:
    """Where 0, 1, … stand in `x`."""
    return ops.cast(ops.argsort(x), dtype_like(x))


@lowers("Unique", picks=True)
def unique(x: Static, *, out_idx: str = "int32") -> list[Any]:
    """Distinct values in the order in which they first appear, and for each element which of them it is."""
    return NUMPY_OPS["Unique"]([x], {"out_idx": out_idx})


@lowers("UniqueV2", picks=True)
def unique_v2(x: Static, axis: Static, *, out_idx: str = "int32") -> list[Any]:
    """Distinct slices along `axis`, a vector of one; of all elements if it is empty."""
    return NUMPY_OPS["UniqueV2"]([x, axis], {"out_idx": out_idx})


@lowers("UniqueWithCounts", picks=True)
def unique_with_counts(x: Static, *, out_idx: str = "int32") -> list[Any]:
    """As Unique, and how often each value appears."""
    return NUMPY_OPS["UniqueWithCounts"]([x], {"out_idx": out_idx})


@lowers("UniqueWithCountsV2", picks=True)
def unique_with_counts_v2(x: Static, axis: Static, *, out_idx: str = "int32") -> list[Any]:
    """As UniqueV2, and how often each slice appears."""
    return NUMPY_OPS["UniqueWithCountsV2"]([x, axis], {"out_idx": out_idx})


@lowers("Where", picks=True)
def where(input: Static) -> np.ndarray:
    """The indices of what is true or not zero."""
    return NUMPY_OPS["Where"]([input], {})


@lowers("ListDiff", picks=True)
def list_diff(x: Static, y: Static, *, out_idx: str = "int32") -> list[Any]:
    """What is in `x` and not in `y`, and where."""
    return NUMPY_OPS["ListDiff"]([x, y], {"out_idx": out_idx})


@lowers("LowerBound", picks=True, orders=True)
def lower_bound(sorted_inputs: Any, values: Any, *, out_type: str = "int32") -> Any:
    """For each value the number of elements of its sorted row that are smaller."""
    return _counted(ops.less(ops.expand_dims(sorted_inputs, 1), ops.expand_dims(values, 2)), out_type)


@lowers("UpperBound", picks=True, orders=True)
def upper_bound(sorted_inputs: Any, values: Any, *, out_type: str = "int32") -> Any:
    """For each value the number of elements of its sorted row that are not larger."""
    # So written NaN, which is not smaller than anything, comes after all.
    larger = ops.less(ops.expand_dims(values, 2), ops.expand_dims(sorted_inputs, 1))
    return _counted(ops.logical_not(larger), out_type)


def _counted(smaller: Any, out_type: str) -> Any:
    return cast(ops.sum(ops.cast(smaller, "int32"), axis=-1), out_type)


@lowers("Bincount")
def bincount(arr: Any, size: Static, weights: Any) -> Any:
    """How often 0 … size - 1 appear, or the sum of their weights."""
    return _bins(ops.reshape(arr, [math.prod(arr.shape)]), int(size), weights, False)


@lowers("DenseBincount")
def dense_bincount(input: Any, size: Static, weights: Any, *, binary_output: bool = False) -> Any:
    """As Bincount, for each row if `input` has two dimensions; binary_output: whether they appear."""
    count = int(size)
    if len(input.shape) == 1:
        return _bins(input, count, weights, binary_output)
    rows, columns = input.shape
    inside = ops.logical_and(ops.greater_equal(input, 0), ops.less(input, count))
    first = np.arange(rows, dtype=np.int32).reshape(-1, 1) * count
    bins = ops.reshape(ops.where(inside, ops.add(input, first), -1), [rows * columns])
    return ops.reshape(_bins(bins, rows * count, weights, binary_output), [rows, count])


def _bins(values: Any, count: int, weights: Any, binary: bool) -> Any:
    size = values.shape[0]
    weighted = math.prod(weights.shape) and not binary
    amounts = ops.reshape(weights, [size]) if weighted else ops.ones([size], dtype_like(weights))
    found = total(amounts, values, count)
    return ops.cast(ops.greater(found, 0), dtype_like(weights)) if binary else found


@lowers("HistogramFixedWidth")
def histogram_fixed_width(values: Any, value_range: Any, nbins: Static, *, dtype: str = "int32") -> Any:
    """How many values fall into each of `nbins` equal parts of the range; the outer ones take what is outside."""
    count = int(nbins)
    flat = ops.reshape(values, [math.prod(values.shape)])
    if not is_float(flat):
        flat, value_range = cast(flat, "float64"), cast(value_range, "float64")  # differences of integers may overflow
    low, high = value_range[0], value_range[1]
    scaled = ops.divide(ops.subtract(flat, low), ops.subtract(high, low))
    bins = ops.cast(ops.clip(ops.floor(ops.multiply(scaled, count)), 0, count - 1), "int32")
    return total(cast(np.ones(bins.shape[0], "int32"), dtype), bins, count)
