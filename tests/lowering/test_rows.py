"""Tokens in rows give what the op they stand for gives on tokens and segments, gradients too."""

from __future__ import annotations

import keras
import numpy as np
import pytest

from hublayer.graph.ir import Function, Node, Parameter, Value
from hublayer.graph.passes.zero_rows import zero_rows_by_mask
from hublayer.graph.token_rows import in_rows
from hublayer.lowering.execute import Executable, Run
from hublayer.lowering.registry import find_lowering
from hublayer.lowering.rows import combine_rows, flatten_rows, segment_combine
from lowering.backends import BACKEND, gradients, to_numpy, to_tensor
from lowering.case import floats, i32

SEGMENTS = i32(0, 0, 0, 2, 2, 4)
ROWS = 5


def expected(data: np.ndarray, combiner: str) -> np.ndarray:
    """What TensorFlow's documentation says of SparseSegmentSum, Mean and SqrtN, SegmentMax and SegmentMin."""
    out = np.zeros((ROWS, *data.shape[1:]), data.dtype)
    for row in range(ROWS):
        own = data[row == SEGMENTS]
        if len(own):
            total = own.sum(0)
            out[row] = {
                "sum": total,
                "mean": total / len(own),
                "sqrtn": total / np.sqrt(len(own)),
                "max": own.max(0),
                "min": own.min(0),
            }[combiner]
    return out


@pytest.mark.parametrize("combiner", ["sum", "mean", "sqrtn", "max", "min"])
@pytest.mark.parametrize("longest", [3, 8])
def test_combined_rows_are_combined_segments(combiner, longest):
    data = floats(6, 4)
    data[0] = np.inf if combiner in ("sum", "max") else data[0]
    (rows,), lengths = in_rows([data], SEGMENTS, ROWS, lambda found: longest)
    rows[rows == 0] = np.nan  # whatever the padding turns into, it is not seen
    found = combine_rows(flatten_rows(to_tensor(rows)), to_tensor(lengths), combiner=combiner)
    np.testing.assert_allclose(to_numpy(found), expected(data, combiner), rtol=1e-6)


@pytest.mark.parametrize("combiner", ["max", "min"])
def test_rows_without_tokens_may_have_the_bound(combiner):
    (rows,), lengths = in_rows([floats(6)], SEGMENTS, ROWS)
    found = to_numpy(combine_rows(flatten_rows(to_tensor(rows)), lengths, combiner=combiner, empty="bound"))
    limits = np.finfo("float32")
    assert found[1] == (limits.min if combiner == "max" else limits.max)


@pytest.mark.parametrize("combiner", ["sum", "mean", "sqrtn"])
@pytest.mark.parametrize("width", [(4,), (), (2, 3)])
@pytest.mark.parametrize("passed", [to_tensor, np.asarray])
def test_looked_up_rows_and_their_gradient(combiner, width, passed):
    look_up_rows = find_lowering("hublayer>LookUpRows", BACKEND).function
    table, ids = floats(7, *width), i32(6, 2, 2, 0, 6, 5)
    (rows,), lengths = in_rows([ids], SEGMENTS, ROWS, lambda found: found + 1)
    rows, lengths = passed(rows), passed(lengths)
    found = look_up_rows(to_tensor(table), rows, lengths, combiner=combiner)
    np.testing.assert_allclose(to_numpy(found), expected(table[ids], combiner), rtol=1e-5)

    weights = floats(ROWS, *width, seed=3)
    (gradient,) = gradients(
        lambda given: [look_up_rows(given[0], rows, lengths, combiner=combiner)],
        [to_tensor(table)],
        [0],
        [weights],
    )
    counts = np.bincount(SEGMENTS, minlength=ROWS)
    scale = {"sum": np.ones(ROWS), "mean": 1 / np.maximum(counts, 1), "sqrtn": 1 / np.sqrt(np.maximum(counts, 1))}
    reference = np.zeros_like(table)
    for token, row in zip(ids, SEGMENTS, strict=True):
        reference[token] += weights[row] * scale[combiner][row]
    np.testing.assert_allclose(gradient, reference, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("combiner", ["sum", "mean", "sqrtn"])
def test_segments_that_are_known(combiner):
    data = floats(6, 3)
    found = segment_combine(to_tensor(data), SEGMENTS, combiner=combiner)
    np.testing.assert_allclose(to_numpy(found), expected(data, combiner), rtol=1e-6)
    assert keras.ops.shape(segment_combine(to_tensor(floats(0, 3)), i32([]), combiner=combiner)) == (0, 3)


def test_tokens_of_rows_that_do_not_exist_are_left_out_and_unsorted_ones_keep_their_order():
    (rows,), lengths = in_rows([i32(1, 2, 3, 4, 5)], i32(1, 0, -1, 1, 7), 3)
    assert rows.tolist() == [[2, 0], [1, 4], [0, 0]]
    assert lengths.tolist() == [1, 2, 0]


def _safe_lookup(column: int = 1) -> Function:
    """How tf.nn.safe_embedding_lookup_sparse ends."""
    constants = {"one": np.int32(1), "begin": [column], "end": [column + 1], "stride": [1]}
    nodes = [Node(name, "Const", (), {"value": np.asarray(value, np.int32)}) for name, value in constants.items()]
    slice_inputs = tuple(map(Value, ("shape", "begin", "end", "stride")))
    nodes += [
        Node("shape", "Shape", (Value("x"),), {"T": "float32", "out_type": "int32"}),
        Node("width", "StridedSlice", slice_inputs, {"shrink_axis_mask": 1}),
        Node("times", "Pack", (Value("one"), Value("width")), {"N": 2, "T": "int32", "axis": 0}),
        Node("tiled", "Tile", (Value("mask"), Value("times")), {}),
        Node("zeros", "ZerosLike", (Value("x"),), {}),
        Node("y", "Select", tuple(map(Value, ("tiled", "zeros", "x"))), {}),
    ]
    return Function("f", (Parameter("x", "float32"), Parameter("mask", "bool")), tuple(nodes), (Value("y"),))


@pytest.mark.parametrize("passed", [to_tensor, np.asarray])
@pytest.mark.parametrize("mask", [[False, True, False], [False] * 3, [True] * 3])
def test_rows_set_to_zero(mask, passed):
    function, x, mask = _safe_lookup(), floats(3, 4), np.array(mask)[:, None]
    short = zero_rows_by_mask(function)
    assert [node.op for node in short.nodes] == ["hublayer>ZeroRows"]
    expected = np.where(mask, np.float32(0), x)
    for each in (function, short):
        run = Run({}, {}.__getitem__)
        (found,) = Executable(each, BACKEND)(run, [to_tensor(x), passed(mask)])
        np.testing.assert_array_equal(to_numpy(found), expected)
    lowering = find_lowering("hublayer>ZeroRows", BACKEND)
    (gradient,) = gradients(lambda given: [lowering.function(given[0], passed(mask))], [to_tensor(x)], [0], [x])
    np.testing.assert_array_equal(gradient, expected)


def test_a_mask_tiled_to_another_size_stays():
    function = _safe_lookup(column=0)
    assert zero_rows_by_mask(function) is function
