"""Cases of hublayer.host.sparse and sparse_arithmetic."""

from itertools import product

import numpy as np
from lowering.case import Case, floats, i32, i64, integers

from host.collect import strings, text

INDICES = i64([0, 0], [0, 2], [2, 1], [5, 0], [5, 3])
WORDS = strings("a", "", "é", b"\xff\x00", "z" * 10_000)
SHAPE = i64(7, 4)
UNORDERED = i64([5, 0], [0, 2], [5, 1], [0, 0])
FULL = i64([0, 0], [1, 0], [1, 2], [2, 3])
CUBE, CUBE_SHAPE = i64([0, 0, 1], [0, 2, 1], [1, 1, 0], [2, 0, 3]), i64(3, 3, 4)
NONE2, NONE3 = np.zeros((0, 2), np.int64), np.zeros((0, 3), np.int64)
NOTHING = np.zeros(0, object)
F5, I5 = floats(5), integers(5, dtype="int64")
DENSE = floats(7, 4)

FILL = [
    Case("SparseFillEmptyRows", (INDICES, WORDS, SHAPE, text("none"))),
    Case("SparseFillEmptyRows", (INDICES, I5, SHAPE, i64(-1)), name="int64"),
    Case("SparseFillEmptyRows", (UNORDERED, floats(4), SHAPE, np.float32(-1)), name="unordered"),
    Case("SparseFillEmptyRows", (FULL, strings("a", "b", "c", "d"), i64(3, 4), text("")), name="no empty row"),
    Case(
        "SparseFillEmptyRows", (FULL[::-1].copy(), i64(1, 2, 3, 4), i64(3, 4), i64(0)), name="no empty row, unordered"
    ),
    Case("SparseFillEmptyRows", (NONE2, NOTHING, i64(3, 0), text("x")), name="no values"),
    Case("SparseFillEmptyRows", (NONE2, NOTHING, i64(0, 5), text("x")), name="no rows"),
    Case("SparseFillEmptyRows", (CUBE, i64(1, 2, 3, 4), i64(5, 3, 4), i64(0)), name="rank3"),
    Case("SparseFillEmptyRows", (i64([[1], [3]]), strings("a", "b"), i64([5]), text("x")), name="rank1"),
]
RESHAPE = [
    Case("SparseReshape", (INDICES, SHAPE, i64(2, 14))),
    Case("SparseReshape", (INDICES, SHAPE, i64([-1])), name="flat"),
    Case("SparseReshape", (INDICES, SHAPE, i64(7, -1, 2)), name="rank3"),
    Case("SparseReshape", (INDICES, SHAPE, SHAPE), name="same"),
    Case("SparseReshape", (NONE2, i64(0, 4), i64(4, 0)), name="nothing"),
    Case("SparseReshape", (NONE2, i64(0, 4), i64(2, -1)), name="nothing, inferred"),
    Case("SparseReshape", (i64([[0, 1]]), i64(2**40, 2**20), i64(2**30, -1)), name="huge"),
]
TO_DENSE = [
    Case("SparseToDense", (INDICES, SHAPE, WORDS, text("-"))),
    Case("SparseToDense", (INDICES, SHAPE, I5, i64(9)), name="int64"),
    Case("SparseToDense", (i32(INDICES), i32(SHAPE), F5, np.float32(9)), name="int32 indices"),
    Case("SparseToDense", (i64(1, 4), i64([6]), strings("a", "b"), text("")), name="vector"),
    Case("SparseToDense", (i64(4), i64([6]), strings("a"), text("")), name="one index"),
    Case("SparseToDense", (INDICES, SHAPE, text("same"), text("")), name="one value"),
    Case("SparseToDense", (i64([3, 0], [0, 1], [3, 0]), i64(4, 2), i64(1, 2, 3), i64(0)), {"validate_indices": False},
         name="any order"),
    Case("SparseToDense", (NONE2, SHAPE, NOTHING, text("x")), name="no values"),
    Case("SparseToDense", (NONE2, i64(0, 4), NOTHING, text("x")), name="no rows"),
    Case("SparseToDense", (CUBE, CUBE_SHAPE, np.array([True, False, True, True]), np.array(False)), name="bool"),
]  # fmt: skip
MOVES = [
    Case("SparseReorder", (UNORDERED, strings("a", "b", "c", "d"), SHAPE)),
    Case("SparseReorder", (CUBE[::-1].copy(), floats(4), CUBE_SHAPE), name="rank3"),
    Case("SparseReorder", (NONE2, NOTHING, SHAPE), name="nothing"),
    *[
        Case("SparseConcat", ([INDICES, UNORDERED, NONE2], [WORDS, strings("p", "q", "r", "s"), NOTHING],
                              [SHAPE, SHAPE, SHAPE]), {"concat_dim": dim}, name=f"along {dim}")
        for dim in (0, 1, -1)
    ],
    Case("SparseConcat", ([CUBE, CUBE], [floats(4), floats(4, seed=1)], [CUBE_SHAPE, i64(3, 9, 4)]),
         {"concat_dim": 1}, name="rank3"),
    Case("SparseSlice", (INDICES, WORDS, SHAPE, i64(0, 1), i64(3, 2))),
    Case("SparseSlice", (INDICES, WORDS, SHAPE, i64(2, 0), i64(100, 100)), name="beyond the end"),
    Case("SparseSlice", (INDICES, WORDS, SHAPE, i64(1, 0), i64(1, 4)), name="nothing"),
    Case("SparseSlice", (INDICES, WORDS, SHAPE, i64(1, 0), i64(0, 4)), name="no rows"),
    Case("SparseSlice", (CUBE, i64(1, 2, 3, 4), CUBE_SHAPE, i64(0, 0, 1), i64(2, 3, 1)), name="rank3"),
    Case("SparseSplit", (i64(0), INDICES, WORDS, SHAPE), {"num_split": 2}),
    Case("SparseSplit", (i64(1), INDICES, WORDS, SHAPE), {"num_split": 3}, name="uneven"),
    Case("SparseSplit", (i64(1), INDICES, F5, SHAPE), {"num_split": 1}, name="one"),
    Case("DynamicPartition", (WORDS, i32(1, 0, 1, 3, 0)), {"num_partitions": 4}),
    Case("DynamicPartition", (strings(["a", "b"], ["c", "d"]), i32([1, 0], [1, 1])), {"num_partitions": 2},
         name="matrix"),
    Case("DynamicPartition", (strings(["a", "b"], ["c", "d"]), i32(1, 0)), {"num_partitions": 3}, name="rows"),
    Case("DynamicPartition", (floats(3, 2), i32(1, 0, 1)), {"num_partitions": 2}, name="floats"),
    Case("DynamicPartition", (text("a"), i32(1)), {"num_partitions": 2}, name="scalar"),
    Case("DynamicPartition", (NOTHING, i32([])), {"num_partitions": 2}, name="empty"),
]  # fmt: skip
ARITHMETIC = [
    *[
        Case(op, (CUBE, values, CUBE_SHAPE, axes), {"keep_dims": keep},
             name=f"{values.dtype} over {axes.tolist()}{', kept' if keep else ''}")
        for op, values, axes, keep in product(
            ("SparseReduceSum", "SparseReduceMax", "SparseReduceSumSparse", "SparseReduceMaxSparse"),
            (floats(4, low=-3, high=-1), integers(4)), (i32(1), i32(0, -1), i32([])), (True, False))
    ],
    Case("SparseReduceSum", (NONE3, floats(0), CUBE_SHAPE, i32(0)), name="nothing"),
    *[
        Case("SparseTensorDenseMatMul", (INDICES, values, SHAPE, b), {"adjoint_a": a_t, "adjoint_b": b_t},
             name=f"{values.dtype} {a_t} {b_t}")
        for values, a_t, b_t, b in (
            (F5, False, False, floats(4, 3)), (F5, False, True, floats(3, 4)), (F5, True, False, floats(7, 3)),
            (F5, True, True, floats(3, 7)), (integers(5), False, False, integers(4, 3)),
            ((F5 + 1j * I5).astype("complex64"), True, True, (floats(3, 7) * 1j).astype("complex64")))
    ],
    Case("SparseTensorDenseMatMul", (NONE2, floats(0), i64(3, 4), floats(4, 2)), name="nothing"),
    Case("SparseAdd", (INDICES, F5, SHAPE, FULL, floats(4), SHAPE, np.float32(0))),
    Case("SparseAdd", (INDICES, F5, SHAPE, INDICES, -F5, SHAPE, np.float32(0.1)), name="thresh"),
    Case("SparseAdd", (INDICES, I5, SHAPE, NONE2, i64([]), SHAPE, i64(2)), name="int64 and nothing"),
    *[
        Case(f"SparseSparse{name}", (INDICES, values, SHAPE, FULL, values[:4] * 2, SHAPE), name=str(values.dtype))
        for name in ("Maximum", "Minimum") for values in (F5, integers(5))
    ],
    Case("SparseTensorDenseAdd", (INDICES, F5, SHAPE, DENSE)),
    Case("SparseTensorDenseAdd", (i32(INDICES), I5, i32(SHAPE), integers(7, 4, dtype="int64")), name="int64"),
    *[
        Case(f"SparseDenseCwise{op}", (INDICES, F5, SHAPE, dense), name=str(dense.shape))
        for op in ("Add", "Mul", "Div") for dense in (DENSE, floats(4), floats(7, 1))
    ],
    Case("SparseDenseCwiseMul", (INDICES, I5, SHAPE, integers(7, 4, dtype="int64")), name="int64"),
    Case("SparseSoftmax", (INDICES, F5, SHAPE)),
    Case("SparseSoftmax", (CUBE, floats(4, dtype="float64"), CUBE_SHAPE), name="rank3"),
    Case("SparseSoftmax", (NONE2, floats(0), SHAPE), name="nothing"),
]  # fmt: skip

CASES = FILL + RESHAPE + TO_DENSE + MOVES + ARITHMETIC
