"""Cases of XLA's gather, scatter, slices and padding. Indices outside are part of what is defined."""

from __future__ import annotations

from typing import Any

import numpy as np

from hublayer.lowering.xla_dimension_numbers import message
from lowering.case import Case, floats, i32, i64, integers
from lowering.xla_functions import of_two, root_of_squares, second


def _gather(
    operand: Any, indices: Any, sizes: Any, name: str = "", static: tuple[int, ...] = (), **numbers: Any
) -> Case:
    dims = message("GatherDimensionNumbers")(**numbers).SerializeToString()
    attrs = {"dimension_numbers": dims, "indices_are_sorted": False}
    return Case("XlaGather", (operand, indices, np.array(sizes, indices.dtype)), attrs, name, static=static)


_ROWS: dict[str, Any] = {"offset_dims": [1], "collapsed_slice_dims": [0], "start_index_map": [0], "index_vector_dim": 1}
_POINTS: dict[str, Any] = {"collapsed_slice_dims": [0, 1], "start_index_map": [0, 1], "index_vector_dim": 1}
_TOKEN: dict[str, Any] = {"offset_dims": [0, 1], "collapsed_slice_dims": [1], "start_index_map": [1]}
_MANY = i32([[1], [0], [1], [5], [-1], [2], [1]])


def _scatter(
    operand: Any, indices: Any, updates: Any, function: Any, name: str = "", gradient: bool = True, **numbers: Any
) -> Case:
    dims = message("ScatterDimensionNumbers")(**numbers).SerializeToString()
    attrs = {"update_computation": function, "dimension_numbers": dims, "indices_are_sorted": False}
    return Case("XlaScatter", (operand, indices, updates), attrs, name, gradient)


_INTO_ROWS: dict[str, Any] = {
    "update_window_dims": [1],
    "inserted_window_dims": [0],
    "scatter_dims_to_operand_dims": [0],
    "index_vector_dim": 1,
}
_INTO_POINTS: dict[str, Any] = {
    "inserted_window_dims": [0, 1],
    "scatter_dims_to_operand_dims": [0, 1],
    "index_vector_dim": 1,
}
_WINDOWS: dict[str, Any] = {
    "update_window_dims": [0, 1],
    "scatter_dims_to_operand_dims": [1, 0],
    "index_vector_dim": 0,
}

CASES = [
    _gather(floats(5, 3), i32([[0], [4], [2], [2]]), [1, 3], **_ROWS),
    _gather(floats(5, 3), i32([[-3], [9]]), [1, 3], "outside", **_ROWS),
    _gather(floats(5, 3), i32([[0], [4]]), [1, 3], "known", static=(1,), **_ROWS),
    _gather(floats(5, 3), i32([[0], [9]]), [1, 2], "part_of_rows", **_ROWS),
    _gather(floats(5, 3), i64([[0, 2], [4, 0], [2, 9]]), [1, 1], "points", **_POINTS),
    _gather(floats(2, 4, 3), i32([0]), [2, 1, 3], "token", static=(1,), **_TOKEN),
    _gather(floats(2, 4, 3), i32([3]), [2, 1, 3], "token_computed", **_TOKEN),
    _gather(
        floats(4, 5),
        i32([[[0, 1], [2, 2]], [[3, 4], [1, 0]]]),
        [2, 3],
        "windows",
        offset_dims=[0, 2],
        start_index_map=[1, 0],
        index_vector_dim=2,
    ),
    _gather(
        floats(4, 5),
        i32([[0, 2], [3, 1]]),
        [1, 2],
        "windows_first",
        offset_dims=[1],
        collapsed_slice_dims=[0],
        start_index_map=[0, 1],
        index_vector_dim=0,
    ),
    _gather(
        floats(3, 2, 4),
        i32([0, 3, 1]),
        [3, 1, 1],
        "scalars",
        offset_dims=[0],
        collapsed_slice_dims=[1, 2],
        start_index_map=[2],
        index_vector_dim=1,
    ),
    _gather(
        floats(3, 5),
        i32([[0], [4], [2]]),
        [1, 2],
        "batch",
        offset_dims=[1],
        operand_batching_dims=[0],
        start_indices_batching_dims=[0],
        start_index_map=[1],
        index_vector_dim=1,
    ),
    _gather(integers(5, 3), i32([[1], [1]]), [1, 3], "integers", **_ROWS),
    _gather(floats(5, 3), np.zeros((0, 1), np.int32), [1, 3], "nothing", **_ROWS),
    _scatter(floats(3, 2), _MANY, floats(7, 2), of_two("AddV2"), "add", **_INTO_ROWS),
    _scatter(floats(3, 2), i32([[2], [0]]), floats(2, 2), second(), "put", **_INTO_ROWS),
    _scatter(floats(3, 2), i32([[7], [0]]), floats(2, 2), second(), "put_outside", **_INTO_ROWS),
    _scatter(floats(3, 2), _MANY, floats(7, 2), of_two("Mul"), "multiply", **_INTO_ROWS),
    _scatter(floats(3, 2), _MANY, floats(7, 2), of_two("Maximum"), "maximum", **_INTO_ROWS),
    _scatter(floats(3, 2), _MANY, floats(7, 2), of_two("Minimum"), "minimum", **_INTO_ROWS),
    _scatter(floats(3, 2), _MANY, floats(7, 2), root_of_squares(), "function", **_INTO_ROWS),
    _scatter(
        integers(4),
        _MANY,
        integers(7),
        of_two("AddV2", "int32"),
        "integers",
        inserted_window_dims=[0],
        scatter_dims_to_operand_dims=[0],
        index_vector_dim=1,
    ),
    _scatter(floats(3, 4), i32([[0, 1], [2, 3], [0, 1], [1, 4]]), floats(4), of_two("Add"), "points", **_INTO_POINTS),
    _scatter(floats(4, 5), i32([1, 2]), floats(2, 3), of_two("AddV2"), "window", **_WINDOWS),
    _scatter(floats(4, 5), i32([3, 2]), floats(2, 3), of_two("AddV2"), "window_outside", **_WINDOWS),
    _scatter(floats(3, 2), np.zeros((0, 1), np.int32), floats(0, 2), of_two("AddV2"), "nothing", **_INTO_ROWS),
    Case("XlaDynamicSlice", (floats(4, 5), i32(1, 2), i32(2, 3))),
    Case("XlaDynamicSlice", (floats(4, 5), i32(-1, 4), i32(2, 3)), name="outside"),
    Case("XlaDynamicSlice", (floats(4, 5), i32(-1, 4), i32(2, 3)), name="known", static=(1,)),
    Case("XlaDynamicSlice", (integers(4), i64([2]), i64([2])), name="integers"),
    Case("XlaDynamicUpdateSlice", (floats(4, 5), floats(2, 3), i32(1, 2))),
    Case("XlaDynamicUpdateSlice", (floats(4, 5), floats(2, 3), i32(-1, 4)), name="outside"),
    Case("XlaDynamicUpdateSlice", (floats(4, 5), floats(2, 3), i32(1, 4)), name="known", static=(2,)),
    Case("XlaDynamicUpdateSlice", (integers(4), integers(0), i32([2])), name="nothing"),
    Case("XlaPad", (floats(2, 3), np.float32(0.5), i32(1, 0), i32(0, 2), i32(0, 0))),
    Case("XlaPad", (floats(2, 3), np.float32(0), i32(1, 0), i32(0, 2), i32(0, 0)), name="zeros", static=(1,)),
    Case(
        "XlaPad",
        (floats(2, 3), np.float32(-np.inf), i32(1, 0), i32(0, 2), i32(0, 0)),
        name="infinity",
        gradient=False,
        static=(1,),
    ),
    Case("XlaPad", (floats(2, 3), np.float32(0.5), i32(1, 0), i32(0, 2), i32(2, 1)), name="between"),
    Case("XlaPad", (floats(4, 5), np.float32(0.5), i32(-1, 1), i32(-2, -3), i32(0, 1)), name="negative"),
    Case("XlaPad", (integers(3), i32(7), i32([1]), i32([1]), i32([1])), name="integers"),
    Case("XlaPad", (np.array([True, False]), np.array(True), i32([1]), i32([0]), i32([1])), name="bool"),
]
