"""Cases of hublayer.host.sets, counting, buckets and edit_distance."""

from itertools import product

import numpy as np
from lowering.case import Case, floats, i32, i64, integers

from host.collect import strings

WORDS = strings("b", "a", "", "b", "é", b"\xff\x00", "", "漢字", "e\u0301", "b", "z" * 10_000)
NOTHING = np.zeros(0, object)
GRID = strings(["b", "a", "b"], ["", "a", "a"], ["b", "a", "b"], ["é", b"\xff", "c"])
OTHER = strings(["a", "a"], ["", "x"], ["q", "p"], [b"\xff", "b"])
INDICES, SHAPE = i64([0, 0], [0, 1], [2, 0], [3, 1], [3, 2]), i64(4, 3)
SPARSE_WORDS = strings("b", "a", "b", "c", "c")
NONE2 = np.zeros((0, 2), np.int64)
CUBE, CUBE_SHAPE = i64([0, 0, 1], [0, 0, 2], [0, 1, 0], [2, 0, 3]), i64(3, 2, 4)
FLOATS = np.array([1.5, -2, 0, 1.5, 7, 0], np.float32)

UNIQUE = [
    *[
        Case(op, (x,), {"out_idx": out}, name=f"{name} {out}")
        for op, (name, x), out in product(
            ("Unique", "UniqueWithCounts"),
            (("strings", WORDS), ("nothing", NOTHING), ("int64", integers(20, dtype="int64")), ("floats", FLOATS),
             ("bools", np.array([True, False, True])), ("no ints", i32([]))),
            ("int32", "int64"))
    ],
    *[
        Case(op, (x, axis), {"out_idx": "int32"}, name=f"{x.dtype} {x.shape} {axis.tolist()}")
        for op, (x, axis) in product(
            ("UniqueV2", "UniqueWithCountsV2"),
            ((WORDS, i64([])), (WORDS, i64([0])), (GRID, i64([0])), (GRID, i64([1])),
             (integers(6, 2, high=-3), i32([0])), (integers(2, 6, high=-3), i32([1])), (floats(5), i64([]))))
    ],
    *[
        Case("ListDiff", (x, y), {"out_idx": out}, name=f"{x.dtype}{len(x)} {out}")
        for (x, y), out in product(
            ((WORDS, strings("b", "é", "nowhere")), (NOTHING, WORDS), (i32(1, 2, 1, 3, 4), i32(4, 1)),
             (FLOATS, FLOATS[:0])), ("int32", "int64"))
    ],
    Case("Where", (FLOATS,), name="floats"),
    Case("Where", (np.zeros((0, 2), bool),), name="nothing"),
    Case("Where", (i64([[0, 3], [2, 0]]),), name="int64"),
]  # fmt: skip
OPERATIONS = [
    case
    for name in ("a-b", "b-a", "intersection", "union")
    for case in (
        Case("DenseToDenseSetOperation", (GRID, OTHER), {"set_operation": name}, name=f"{name} strings"),
        Case("DenseToDenseSetOperation", (integers(2, 3, 6), integers(2, 3, 4, seed=1)), {"set_operation": name},
             name=f"{name} int32"),
        Case("DenseToDenseSetOperation", (np.zeros((2, 0), object), GRID[:2]), {"set_operation": name},
             name=f"{name} nothing"),
        Case("DenseToSparseSetOperation", (GRID, INDICES, SPARSE_WORDS, SHAPE), {"set_operation": name},
             name=f"{name} strings"),
        Case("DenseToSparseSetOperation", (integers(4, 6, dtype="int64"), INDICES, integers(5, dtype="int64"), SHAPE),
             {"set_operation": name}, name=f"{name} int64"),
        Case("SparseToSparseSetOperation",
             (INDICES, SPARSE_WORDS, SHAPE, i64([0, 0], [1, 0], [3, 0]), strings("a", "x", "c"), i64(4, 1)),
             {"set_operation": name}, name=f"{name} strings"),
        Case("SparseToSparseSetOperation",
             (CUBE, integers(4), CUBE_SHAPE, CUBE[:2], integers(2, seed=1), CUBE_SHAPE), {"set_operation": name},
             name=f"{name} rank3"),
        Case("SparseToSparseSetOperation", (NONE2, NOTHING, SHAPE, INDICES, SPARSE_WORDS, SHAPE),
             {"set_operation": name}, name=f"{name} nothing"),
    )
]  # fmt: skip
SIZES = [
    Case("SetSize", (INDICES, SPARSE_WORDS, SHAPE)),
    Case("SetSize", (CUBE, integers(4), CUBE_SHAPE), name="rank3"),
    Case("SetSize", (NONE2, NOTHING, SHAPE), name="nothing"),
]

NUMBERS = integers(12, low=0, high=7)
WEIGHTS = floats(12)
NO_FLOATS = floats(0)
RAGGED = i64(0, 3, 3, 7, 12)
COUNTS = [
    Case("Bincount", (NUMBERS, i32(5), NO_FLOATS)),
    Case("Bincount", (NUMBERS.reshape(3, 4), i32(9), WEIGHTS.reshape(3, 4)), name="weights"),
    Case("Bincount", (i32([]), i32(3), i32([])), name="nothing"),
    *[
        Case("DenseBincount", (x, np.array(5, x.dtype), weights), {"binary_output": binary},
             name=f"{x.shape} {x.dtype} {weights.size} {weights.dtype} {binary}")
        for x in (NUMBERS, NUMBERS.reshape(3, 4), NUMBERS.astype("int64")[:0])
        for weights in (WEIGHTS.reshape(x.shape) if x.size else NO_FLOATS, i32([]), i64([]))
        for binary in (True, False)
    ],
    *[
        Case("SparseBincount", (INDICES, NUMBERS[:5], SHAPE, i32(5), weights), {"binary_output": binary},
             name=f"{weights.size} {binary}")
        for weights in (WEIGHTS[:5], i32([])) for binary in (True, False)
    ],
    Case("SparseBincount", (i64([[0], [3]]), i64(1, 1), i64([5]), i64(3), i64([])), name="vector"),
    *[
        Case("RaggedBincount", (RAGGED, NUMBERS, i32(5), weights), {"binary_output": binary},
             name=f"{weights.size} {binary}")
        for weights in (WEIGHTS, i32([])) for binary in (True, False)
    ],
    *[
        Case(op, (*inputs, weights), {"minlength": low, "maxlength": high, "binary_output": binary},
             name=f"{name} {weights.size} {low} {high} {binary}")
        for op, name, inputs, size in (
            ("DenseCountSparseOutput", "vector", (NUMBERS,), (12,)),
            ("DenseCountSparseOutput", "matrix", (NUMBERS.reshape(3, 4),), (3, 4)),
            ("SparseCountSparseOutput", "matrix", (INDICES, NUMBERS[:5], SHAPE), (5,)),
            ("SparseCountSparseOutput", "vector", (i64([[0], [3]]), i64(1, 1), i64([5])), (2,)),
            ("RaggedCountSparseOutput", "matrix", (RAGGED, NUMBERS.astype("int64")), (12,)))
        for weights in (WEIGHTS[:int(np.prod(size))].reshape(size), i32([]))
        for low, high, binary in ((-1, -1, False), (9, -1, False), (-1, 4, False), (-1, 0, False), (3, 5, True))
        if not (binary and weights.size)
    ],
]  # fmt: skip

X = np.array([[-5, 0, 0.5], [1, 99, np.inf]], np.float32)
BOUNDS = [0.0, 1.0, 1.0, 10.5]
BUCKETS = [
    *[Case("Bucketize", (X[:, :2].astype(dtype),), {"boundaries": BOUNDS}, name=dtype)
      for dtype in ("float32", "float64", "int32", "int64")],
    Case("Bucketize", (X,), {"boundaries": []}, name="none"),
    Case("Bucketize", (np.array(16777217, np.int32),), {"boundaries": [16777216.0]}, name="int32 as float32"),
    Case("Bucketize", (np.array([0.1, np.nan], np.float64),), {"boundaries": [0.1]}, name="nan and float64"),
    *[
        Case(op, (np.array([[0, 3, 3, 9], [1, 2, 5, 5]], dtype), np.array([[-1, 3, 9, 10], [5, 0, 4, 6]], dtype)),
             {"out_type": out}, name=f"{dtype} {out}")
        for op in ("LowerBound", "UpperBound") for dtype in ("float32", "int64") for out in ("int32", "int64")
    ],
    Case("LowerBound", (floats(2, 0), floats(2, 3)), {"out_type": "int32"}, name="nothing"),
]  # fmt: skip

HYPOTHESIS = i64([0, 0], [0, 1], [0, 2], [1, 0], [3, 0]), strings("k", "i", "t", "x", "é"), i64(4, 3)
TRUTH = i64([0, 0], [0, 1], [0, 2], [0, 3], [2, 0], [3, 0]), strings("s", "i", "t", "t", "y", "é"), i64(4, 4)
DISTANCES = [
    *[Case("EditDistance", (*HYPOTHESIS, *TRUTH), {"normalize": normalize}, name=str(normalize))
      for normalize in (True, False)],
    *[Case("EditDistance", (CUBE, integers(4, high=-3), CUBE_SHAPE, CUBE[:3], integers(3, high=-3), CUBE_SHAPE),
           {"normalize": normalize}, name=f"rank3 {normalize}") for normalize in (True, False)],
    Case("EditDistance", (NONE2, NOTHING, SHAPE, NONE2, NOTHING, SHAPE), {"normalize": True}, name="nothing"),
]  # fmt: skip

CASES = UNIQUE + OPERATIONS + SIZES + COUNTS + BUCKETS + DISTANCES
