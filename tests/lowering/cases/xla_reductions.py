"""Cases of XLA's reductions, windows and sorts, with functions that are recognised and functions that are not."""

from __future__ import annotations

from typing import Any

import numpy as np

from lowering import xla_functions as functions
from lowering.case import Case, floats, i32, integers

_ZERO, _LOW, _HIGH = np.float32(0), np.float32(-np.inf), np.float32(np.inf)
_ADD, _MAX = functions.of_two("AddV2"), functions.of_two("Maximum")


def _reduce(x: Any, initial: Any, axes: list[int], function: Any, name: str, gradient: bool = True) -> Case:
    attrs = {"dimensions_to_reduce": axes, "reducer": function}
    return Case("XlaReduce", (x, np.asarray(initial, x.dtype)), attrs, name, gradient, static=(1,))


def _window(
    x: Any,
    initial: Any,
    windows: Any,
    strides: Any,
    function: Any,
    name: str = "",
    *,
    base: Any = None,
    dilation: Any = None,
    padding: Any = None,
    gradient: bool = True,
    static: tuple[int, ...] = (1,),
) -> Case:
    ones = [1] * x.ndim
    sizes = [windows, strides, base or ones, dilation or ones, padding or [[0, 0]] * x.ndim]
    arrays = [np.array(s, np.int32) for s in sizes]
    inputs = (x, np.asarray(initial, x.dtype), *arrays)
    return Case("XlaReduceWindow", inputs, {"computation": function}, name, gradient, static=static)


def _scatter(
    x: Any, windows: Any, strides: Any, padding: Any, source: Any, name: str, gradient: bool = True, **functions_: Any
) -> Case:
    attrs = {"select": functions.compared("GreaterEqual", "float32"), "scatter": _ADD, **functions_}
    inputs = (x, np.array(windows, np.int32), np.array(strides, np.int32), np.array(padding, np.int32), source, _ZERO)
    return Case("XlaSelectAndScatter", inputs, attrs, name, gradient)


def _sort(operands: list[Any], axis: int, comparator: Any, name: str, gradient: bool = True) -> Case:
    attrs = {"comparator": comparator, "is_stable": True}
    return Case("XlaVariadicSort", (operands, i32(axis)), attrs, name, gradient)


_SPECIAL = np.float32([[3, np.nan, -0.0, np.inf, 0.0], [-np.inf, 2, np.nan, -1, 2]])
_PERMUTED = np.random.default_rng(5).permutation(14).reshape(2, 7).astype(np.float32)
_INDEX = np.broadcast_to(np.arange(7, dtype=np.int32), (2, 7)).copy()

CASES = [
    _reduce(floats(2, 3, 4), 0, [1], _ADD, "add"),
    _reduce(floats(2, 3, 4), 1.5, [0, 2], _ADD, "add_from"),
    _reduce(floats(2, 3), -np.inf, [1], _MAX, "maximum", gradient=False),
    _reduce(floats(2, 3), 0.5, [0, 1], _MAX, "maximum_from", gradient=False),
    _reduce(floats(2, 3), np.inf, [1], functions.of_two("Minimum"), "minimum", gradient=False),
    _reduce(floats(2, 3), 1, [1], functions.of_two("Mul"), "multiply"),
    _reduce(floats(2, 5), 0, [1], functions.root_of_squares(), "function", gradient=False),
    _reduce(floats(2, 5), 0.5, [1], functions.root_of_squares(), "function_from"),
    _reduce(floats(3, 2), -5, [0], functions.reshaped_maximum(), "numbers_only"),
    _reduce(floats(2, 0), 0.5, [1], functions.root_of_squares(), "function_of_nothing"),
    _reduce(floats(0, 2), -np.inf, [0], _MAX, "maximum_of_nothing", gradient=False),
    _reduce(integers(2, 3), 0, [0], functions.of_two("AddV2", "int32"), "integers"),
    _reduce(integers(2, 3, dtype="int8"), 0, [0], functions.of_two("AddV2", "int8"), "int8"),
    _reduce(np.array([[True, False], [True, True]]), True, [1], functions.of_two("LogicalAnd", "bool"), "and"),
    _reduce(np.array([[True, False], [False, False]]), False, [1], functions.of_two("LogicalOr", "bool"), "or"),
    Case(
        "XlaVariadicReduce",
        ([floats(2, 3), floats(2, 3, seed=1)], [_ZERO, np.float32(-9)]),
        {"dimensions_to_reduce": [1], "reducer": functions.sum_and_maximum()},
    ),
    Case(
        "XlaVariadicReduceV2",
        ([floats(2, 7), np.broadcast_to(np.arange(7, dtype=np.int32), (2, 7)).copy()], [np.float32(-9), i32(0)]),
        {"dimensions_to_reduce": [1], "reducer": functions.first_largest()},
    ),
    Case(
        "XlaVariadicReduceV2",
        ([np.float32([[1, 3, 3, 0]]), i32([[0, 1, 2, 3]])], [_LOW, i32(0)]),
        {"dimensions_to_reduce": [1], "reducer": functions.first_largest()},
        name="ties",
        gradient=False,
    ),
    _window(floats(1, 4, 4, 2), -np.inf, [1, 2, 2, 1], [1, 2, 2, 1], _MAX, "maximum", gradient=False),
    _window(_PERMUTED.reshape(1, 7, 2, 1), -99, [1, 3, 1, 1], [1, 2, 1, 1], _MAX, "maximum_from"),
    _window(floats(1, 4, 4, 2), 0, [1, 3, 3, 1], [1, 2, 2, 1], _ADD, "add", padding=[[0, 0], [1, 1], [0, 1], [0, 0]]),
    _window(floats(2, 12), 0, [1, 12], [1, 1], _ADD, "cumulative", padding=[[0, 0], [11, 0]]),
    _window(floats(23), 0, [13], [2], _ADD, "long"),
    _window(floats(6), 0.5, [3], [1], _ADD, "computed_start", static=()),
    _window(floats(6), 0, [2], [1], _ADD, "dilated", dilation=[3]),
    _window(floats(4), 0, [3], [2], _ADD, "spread", base=[2], padding=[[1, 2]]),
    _window(floats(5), 99, [2], [1], functions.of_two("Minimum"), "minimum"),
    _window(floats(5), 1, [2], [1], functions.of_two("Mul"), "multiply"),
    _window(floats(3, 4), 0.25, [2, 2], [1, 2], functions.root_of_squares(), "function"),
    _window(integers(6), 0, [2], [2], functions.of_two("AddV2", "int32"), "integers"),
    _scatter(floats(1, 4, 4, 1), [1, 2, 2, 1], [1, 2, 2, 1], [[0, 0]] * 4, floats(1, 2, 2, 1), "pooling"),
    _scatter(floats(5, 4), [3, 3], [2, 1], [[1, 0], [1, 1]], floats(2, 4), "overlapping"),
    _scatter(np.float32([1, 2, 2, 1, 0, 0]), [3], [3], [[0, 0]], floats(2), "ties", False),
    _scatter(
        floats(5),
        [2],
        [1],
        [[0, 0]],
        floats(4),
        "less",
        select=functions.compared("Less", "float32"),
        scatter=functions.root_of_squares(),
    ),
    Case("XlaSort", (floats(2, 5),)),
    Case("XlaSort", (integers(7),), name="integers"),
    Case("XlaKeyValueSort", (_PERMUTED, floats(2, 7))),
    _sort([floats(2, 5)], 1, functions.compared("Less", "float32"), "rising"),
    _sort([floats(4, 2)], 0, functions.compared("Greater", "float32"), "falling"),
    _sort([floats(5)], 0, functions.compared("Less", "float32", turned=True), "turned"),
    _sort([_SPECIAL], 1, functions.total_order(), "total_order", gradient=False),
    _sort([floats(2, 7), _INDEX], 1, functions.compared("Less", "float32", "int32"), "indices"),
    _sort([_INDEX, _PERMUTED], 1, functions.compared("Less", "int32", "float32", by=1), "by_second"),
    _sort([integers(9, low=0, high=3), floats(9)], 0, functions.two_keys(), "two_keys"),
    _sort([integers(9, low=0, high=3), floats(9)], 0, functions.compared("Less", "int32", "float32"), "stable"),
    _sort([_PERMUTED], 1, functions.by_distance(), "network"),
    _sort([floats(8)], 0, functions.by_distance(), "network_of_eight"),
    _sort([floats(2, 1)], 1, functions.by_distance(), "one"),
]
