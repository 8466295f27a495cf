"""Cases of hublayer.lowering.slicing."""

from typing import Any

import numpy as np

from lowering.case import Case, floats, i32, i64, integers

X, CUBE = floats(4, 5), floats(3, 4, 5)


def slices(name: str, *spec: tuple[Any, ...], x: Any = CUBE, dtype: Any = np.int32, **masks: int) -> Case:
    begin, end, strides = (np.array(column, dtype) for column in zip(*spec, strict=True))
    return Case("StridedSlice", (x, begin, end, strides), masks, name=name, static=(1, 2))


SLICES = [
    slices("plain", (1, 3, 1), (0, 4, 2), (2, 5, 1)),
    slices("fewer-entries", (1, 2, 1)),
    slices("negative-ends", (-2, -1, 1), (0, -1, 1)),
    slices("beyond", (1, 99, 1), (-99, 2, 1)),
    slices("empty", (2, 1, 1)),
    slices("backwards", (-1, -99, -1), (3, 0, -2)),
    slices("backwards-masked", (0, 0, -1), (0, 0, -2), begin_mask=3, end_mask=3),
    slices("begin-mask", (2, 3, 1), (2, 3, 1), begin_mask=1),
    slices("end-mask", (1, 0, 1), (2, 0, 1), end_mask=3),
    slices("shrink", (1, 2, 1), (0, 4, 1), shrink_axis_mask=1),
    slices("shrink-negative", (0, 0, 1), (-1, 0, 1), begin_mask=1, end_mask=1, shrink_axis_mask=2),
    slices("shrink-all", (1, 2, 1), (2, 3, 1), (3, 4, 1), shrink_axis_mask=7),
    slices("new-axis", (0, 0, 1), (1, 3, 1), new_axis_mask=1),
    slices("new-axis-last", (0, 0, 1), (0, 0, 1), ellipsis_mask=1, new_axis_mask=2),
    slices("ellipsis", (0, 0, 1), (1, 3, 1), ellipsis_mask=1),
    slices("ellipsis-of-none", (0, 1, 1), (0, 0, 1), (0, 1, 1), (1, 2, 1), ellipsis_mask=2),
    slices(
        "all-masks",
        (1, 2, 1),
        (0, 0, 1),
        (7, 7, 7),
        (0, 9, 2),
        begin_mask=8,
        end_mask=8,
        ellipsis_mask=2,
        new_axis_mask=4,
        shrink_axis_mask=1,
    ),
    slices("new-axis-over-shrink", (0, 1, 1), (1, 2, 1), new_axis_mask=1, shrink_axis_mask=3),
    slices("int64-index", (1, 3, 1), dtype=np.int64),
    slices("vector", (1, 2, 1), x=i32(7, 8, 9), shrink_axis_mask=1),
    slices("int64", (0, 2, 1), x=i64(7, 2**20, 9)),
    slices("bool", (0, 3, 2), x=np.array([True, False, True])),
    slices("uint8", (2, 0, -1), x=np.array([1, 2, 3], "uint8")),
    slices("complex", (0, 1, 1), x=(X + 1j).astype("complex64")),
]


def updates(name: str, x: Any, begin: Any, end: Any, strides: Any, value: Any, **masks: int) -> Case:
    inputs = (x, i32(begin), i32(end), i32(strides), value)
    return Case("TensorStridedSliceUpdate", inputs, masks, name=name, static=(1, 2))


def backward(name: str, shape: Any, begin: Any, end: Any, strides: Any, dy: Any, **masks: int) -> Case:
    inputs = (i64(shape), i64(begin), i64(end), i64(strides), dy)
    return Case("StridedSliceGrad", inputs, masks, name=name, static=(1, 2))


UPDATES = [
    updates("", X, [1, 0], [3, 5], [1, 2], floats(2, 3, seed=1)),
    updates("shrink", X, [2], [3], [1], floats(5, seed=1), shrink_axis_mask=1),
    updates("backwards", integers(4), [3], [0], [-2], i32(8, 9)),
    backward("", [4, 5], [1, 0], [3, 5], [1, 2], floats(2, 3)),
    backward("masks", [4, 5], [0, 2], [0, 3], [1, 1], floats(4), begin_mask=1, end_mask=1, shrink_axis_mask=2),
    backward("backwards", [3], [2], [0], [-1], floats(2)),
]

# Where a slice starts is traced on every backend.
TRACED = [
    Case("StridedSlice", (CUBE, i32([1]), i32([2]), i32([1])), {"shrink_axis_mask": 1}, "traced"),
    Case(
        "StridedSlice",
        (CUBE, i32(0, -1), i32(0, 0), i32(1, 1)),
        {"begin_mask": 1, "end_mask": 1, "shrink_axis_mask": 2},
        "traced-negative",
    ),
    Case(
        "StridedSlice",
        (CUBE, i64(0, 2), i64(0, 3), i64(1, 1)),
        {"ellipsis_mask": 1, "shrink_axis_mask": 2},
        "traced-last",
    ),
    Case(
        "StridedSlice",
        (CUBE, i32(1, 0, 3), i32(2, 0, 4), i32(1, 1, 1)),
        {"new_axis_mask": 2, "shrink_axis_mask": 5},
        "traced-new-axis",
    ),
    Case("StridedSlice", (i32(7, 8, 9), i32([1]), i32([2]), i32([1])), {"shrink_axis_mask": 1}, "traced-vector"),
    Case(
        "TensorStridedSliceUpdate",
        (X, i32([2]), i32([3]), i32([1]), floats(5, seed=1)),
        {"shrink_axis_mask": 1},
        "traced",
    ),
    Case(
        "StridedSliceGrad",
        (i32(4, 5), i32(0, 2), i32(0, 3), i32(1, 1), floats(4)),
        {"begin_mask": 1, "end_mask": 1, "shrink_axis_mask": 2},
        "traced",
    ),
]

CASES = [
    *SLICES,
    *UPDATES,
    *TRACED,
    Case("Slice", (X, i32(1, 2), i32(2, 3))),
    Case("Slice", (X, i64(1, 0), i64(2, 5)), name="int64-index"),
    Case("Slice", (X, i32(4, 2), i32(0, 3)), name="empty", static=(1,)),
    Case("Slice", (np.float32(1), i32([]), i32([])), name="scalar"),
    Case("Slice", (np.array([True, False]), i32([1]), i32([1])), name="bool"),
    Case("Slice", (i64(1, 2, 3), i32([0]), i32([2])), name="int64"),
    Case("Slice", (X, i32(1, 2), i32(-1, 2)), name="to-the-end", static=(1,)),
    Case("Slice", (X, i32(1, 2), i32(2, 3)), name="static", static=(1,)),
]
