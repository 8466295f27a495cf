"""Ops along axes: reductions, cumulative ops, places of extremes."""

from __future__ import annotations

from typing import Any

import numpy as np

from values.drawers.registry import draws, draws_op
from values.drawing import Drawing


def axis_of(d: Drawing, position: int, rank: int, extra: int = 0) -> np.ndarray:
    """One axis, from the front or from the back."""
    if rank + extra == 0:
        d.reject()
    axis = d.whole(0, rank + extra - 1)
    return d.whole_array(position, axis - rank - extra if d.flag() else axis)


def axes_of(d: Drawing, position: int, rank: int) -> np.ndarray:
    """Distinct axes, from the front or from the back; a single one may be a scalar."""
    axes = [axis - rank if d.flag() else axis for axis in range(rank) if d.flag()]
    if d.flag():
        axes.reverse()
    if len(axes) == 1 and d.flag():
        return d.whole_array(position, axes[0])
    return d.whole_array(position, axes)


@draws("input reduction_indices", "inputs reduction_indices")
def reduction(d: Drawing) -> list[Any]:
    """A tensor, and the axes that it is reduced along."""
    shape = d.shape()
    return [d.given(0, shape), axes_of(d, 1, len(shape))]


@draws("x axis")
def cumulative(d: Drawing) -> list[Any]:
    """A tensor and one axis; for Unique the axis is a vector."""
    shape = d.shape(1)
    axis = axis_of(d, 1, len(shape))
    if d.op.startswith("Unique"):
        return [d.given(0, shape), axis.reshape(1)]
    return [d.given(0, shape), axis]


@draws("input dimension")
def place_of_extreme(d: Drawing) -> list[Any]:
    """A tensor and one axis."""
    shape = d.shape(1)
    return [d.given(0, shape), axis_of(d, 1, len(shape))]


@draws("input k", "input n")
def order(d: Drawing) -> list[Any]:
    """How many of the last dimension, or which of it."""
    shape = d.shape(1)
    k = d.whole(0, shape[-1])
    return [d.given(0, shape), d.whole_array(1, k)]


@draws_op("ApproxTopK")
def approximate_order(d: Drawing) -> list[Any]:
    """How many along one dimension."""
    shape = d.shape(1)
    axis = d.whole(0, len(shape) - 1)
    d.attrs |= {"reduction_dimension": axis, "k": d.whole(0, shape[axis])}
    return [d.given(0, shape)]


@draws_op("Unique", "UniqueWithCounts", "InvertPermutation")
def vector(d: Drawing) -> list[Any]:
    """A vector."""
    if d.op == "InvertPermutation":
        count = d.choose([3, 1, 2, 5, 0])
        return [d.whole_array(0, list(np.random.default_rng(d.whole(0, 9)).permutation(count)))]
    return [d.given(0, d.shape(1, 1))]


@draws_op("ListDiff")
def difference(d: Drawing) -> list[Any]:
    """Two vectors."""
    return [d.given(0, d.shape(1, 1)), d.given(1, d.shape(1, 1))]


@draws("sorted_inputs values")
def places_in_order(d: Drawing) -> list[Any]:
    """Rows in order, and what is looked for in each."""
    rows = d.choose([2, 1, 3])
    rows_in_order = np.sort(d.given(0, (rows, d.choose([3, 1, 5, 0])), "finite"), axis=1)
    return [rows_in_order, d.given(1, (rows, d.choose([2, 1, 0])), "finite")]


@draws_op("Softmax", "LogSoftmax")
def softmax(d: Drawing) -> list[Any]:
    """At least a vector."""
    return [d.given(0, d.shape(1))]


@draws_op("SoftmaxCrossEntropyWithLogits")
def cross_entropy(d: Drawing) -> list[Any]:
    """Matrices that broadcast."""
    shape = d.shape(2, 2)
    return [d.given(0, shape), d.given(1, shape, "unit")]


@draws_op("SparseSoftmaxCrossEntropyWithLogits", "InTopK", "InTopKV2")
def labelled(d: Drawing) -> list[Any]:
    """A row of numbers and a label for each."""
    rows, classes = d.shape(2, 2)
    inputs = [d.given(0, (rows, classes)), d.indices(d.of(1), (rows,), classes)]
    if d.op == "InTopK":
        d.attrs["k"] = d.whole(1, 4)
    if d.op == "InTopKV2":
        inputs.append(d.whole_array(2, d.whole(1, 4)))
    return inputs


@draws_op("Bincount", "DenseBincount")
def counts(d: Drawing) -> list[Any]:
    """Numbers that are counted, with or without weights; those beyond the size are left out."""
    shape = d.shape(1, 2) if d.op == "DenseBincount" else d.shape()
    size = d.whole(0, 6)
    weights = d.given(2, shape if d.flag() else (0,), "moderate")
    return [d.indices(d.of(0), shape, 8), d.whole_array(1, size), weights]


@draws_op("HistogramFixedWidth")
def histogram(d: Drawing) -> list[Any]:
    """Values within and beyond a range."""
    low = d.choose([0, -1, 1])
    return [d.given(0, d.shape()), d.whole_array(1, [low, low + d.choose([2, 1, 5])]), d.whole_array(2, d.whole(1, 6))]
