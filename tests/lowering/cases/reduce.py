"""Cases of hublayer.lowering.reduce."""

import numpy as np

from lowering.case import Case, floats, i32, i64, integers

X = floats(2, 3, 4)
WHOLE = integers(2, 3, 4)
TRUTH = floats(2, 3, 4, seed=1) > -0.5
NAN, INF = np.nan, np.inf
REDUCE = ("EuclideanNorm", "Max", "Mean", "Min", "Prod", "Sum")
LOGIC = ("All", "Any")
KEEP = {"keep_dims": True}
ROWS = np.float32([[NAN, 1, 2], [INF, 1, 2], [-INF, 0, 1], [-INF, -INF, -INF]])
CUMULATIVE = ("Cumprod", "Cumsum", "CumulativeLogsumexp")
DIRECTIONS = [{"exclusive": e, "reverse": r} for e in (False, True) for r in (False, True)]
LABELS = np.float32([[0.2, 0.3, 0.5], [1, 0, 0]])
BOUNDS = {"boundaries": [-1.0, 0.0, 2.5]}
LOGITS = floats(2, 3)
PREDICTIONS = np.float32([[0.1, 0.3, 0.2, 0.3], [0.9, 0.1, 0.5, 0.4], [0.2, NAN, 0.1, 0.3]])


CASES = [
    *(Case(op, (X, i32([1]))) for op in REDUCE),
    *(Case(op, (X, i32(-1)), KEEP, name="scalar-axis-keep") for op in REDUCE),
    *(Case(op, (X, i32([0, -1])), name="two") for op in REDUCE),
    *(Case(op, (X, i64([2, 0])), KEEP, name="two-keep-int64-axes") for op in REDUCE),
    *(Case(op, (X, i32([0, 1, 2])), name="all") for op in REDUCE),
    *(Case(op, (X, i32([0, 1, 2])), KEEP, name="all-keep") for op in REDUCE),
    *(Case(op, (X, np.zeros(0, np.int32)), name="no-axes") for op in REDUCE),
    *(Case(op, (np.float32(0.7), np.zeros(0, np.int32)), name="rank0") for op in REDUCE),
    *(Case(op, (X[:, :0], i32([0])), name="empty") for op in REDUCE),
    *(Case(op, (X[:, :0], i32([1])), name="over-nothing") for op in REDUCE),
    *(Case(op, (X[:, :0], i32([1])), KEEP, name="over-nothing-keep", gradient=False) for op in REDUCE),
    *(Case(op, (X.astype("d"), i32([1])), name="float64") for op in REDUCE),
    *(Case(op, (X.astype("e"), i32([1])), name="float16") for op in REDUCE),
    *(Case(op, (WHOLE, i32([1])), name="int32") for op in REDUCE if op != "EuclideanNorm"),
    *(Case(op, (WHOLE.astype("q"), i32([0, 2])), name="int64") for op in REDUCE if op != "EuclideanNorm"),
    *(Case(op, (WHOLE[:, :0], i32([1])), name="int32-over-nothing") for op in ("Max", "Min", "Prod", "Sum")),
    *(Case(op, (np.uint8([[250, 3, 4], [7, 8, 9]]), i32([1])), name="uint8") for op in ("Max", "Min", "Prod", "Sum")),
    *(Case(op, (ROWS, i32([1])), name="edges", gradient=False) for op in ("Max", "Mean", "Min", "Sum")),
    Case("Max", (np.float32([[1, 3, 2], [5, 4, 0]]), i32([1])), name="order"),
    Case("Sum", ((X + 1j * X[::-1]).astype(np.complex64), i32([1])), name="complex"),
    Case("Mean", ((X + 1j * X[::-1]).astype(np.complex64), i32([1])), name="complex"),
    *(Case(op, (TRUTH, i32([1]))) for op in LOGIC),
    *(Case(op, (TRUTH, i32([0, -1])), KEEP, name="two-keep") for op in LOGIC),
    *(Case(op, (TRUTH, i32([0, 1, 2])), name="all") for op in LOGIC),
    *(Case(op, (TRUTH, np.zeros(0, np.int32)), name="no-axes") for op in LOGIC),
    *(Case(op, (TRUTH[:, :0], i32([1])), name="over-nothing") for op in LOGIC),
    *(Case(op, (X, i32(1))) for op in ("ArgMax", "ArgMin")),
    *(Case(op, (X, i32(-1)), {"output_type": "int32"}, name="int32-result") for op in ("ArgMax", "ArgMin")),
    *(Case(op, (X.astype("d"), i64(0)), name="float64") for op in ("ArgMax", "ArgMin")),
    *(Case(op, (WHOLE, i32(2)), name="ties") for op in ("ArgMax", "ArgMin")),
    *(Case(op, (np.float32([0.0, -0.0, 0.0]), i32(0)), name="zeros") for op in ("ArgMax", "ArgMin")),
    *(Case(op, (TRUTH, i32(2)), name="bool") for op in ("ArgMax", "ArgMin")),
    *(Case(op, (np.uint8([[250, 3, 4]]), i32(1)), name="uint8") for op in ("ArgMax", "ArgMin")),
    *(Case(op, (X[:0], i32(1)), name="empty") for op in ("ArgMax", "ArgMin")),
    *(Case(op, (LOGITS,)) for op in ("LogSoftmax", "Softmax")),
    *(Case(op, (X,), name="rank3") for op in ("LogSoftmax", "Softmax")),
    *(Case(op, (LOGITS[0],), name="vector") for op in ("LogSoftmax", "Softmax")),
    *(Case(op, (LOGITS[:, :1],), name="one-class") for op in ("LogSoftmax", "Softmax")),
    *(Case(op, (LOGITS.astype("d"),), name="float64") for op in ("LogSoftmax", "Softmax")),
    *(Case(op, (LOGITS.astype("e"),), name="float16") for op in ("LogSoftmax", "Softmax")),
    *(Case(op, (LOGITS * 100,), name="large") for op in ("LogSoftmax", "Softmax")),
    *(Case(op, (LOGITS[:0],), name="empty") for op in ("LogSoftmax", "Softmax")),
    Case("Softmax", (ROWS[2:3],), name="edges", gradient=False),
    *(Case(op, (X, i32(1)), attrs, name=f"e{attrs['exclusive']:d}r{attrs['reverse']:d}")
      for op in CUMULATIVE for attrs in DIRECTIONS),
    *(Case(op, (X, i32(-1)), name="negative-axis") for op in CUMULATIVE),
    *(Case(op, (X[:, :0], i32(1)), {"exclusive": True}, name="empty") for op in CUMULATIVE),
    *(Case(op, (X.astype("d"), i64(0)), name="float64") for op in CUMULATIVE),
    *(Case(op, (WHOLE, i32(2)), {"exclusive": True}, name="int32") for op in ("Cumprod", "Cumsum")),
    *(Case(op, (WHOLE.astype("q"), i32(0)), {"reverse": True}, name="int64") for op in ("Cumprod", "Cumsum")),
    *(Case(op, (np.uint8([100, 100, 100]), i32(0)), name="uint8") for op in ("Cumprod", "Cumsum")),
    *(Case(op, (X.astype("e"), i32(0)), name="float16") for op in ("Cumprod", "Cumsum")),
    Case("Cumprod", (np.float32([2, 0, 3]), i32(0)), name="zero", gradient=False),  # TensorFlow's is wrong at 0
    Case("L2Loss", (X,)),
    Case("L2Loss", (np.float64(3.5),), name="scalar"),
    Case("L2Loss", (X[:0],), name="empty"),
    Case("Bucketize", (np.float32([[-5, -1, -0.5], [0, 2.5, 7]]),), BOUNDS),
    Case("Bucketize", (i32([-5, -1, 0, 1, 2, 3]),), BOUNDS, name="int32"),
    Case("Bucketize", (i64([-5, -1, 0, 3]),), BOUNDS, name="int64"),
    Case("Bucketize", (np.float64(0.5),), BOUNDS, name="scalar"),
    Case("Bucketize", (X[0],), {"boundaries": []}, name="one-bucket"),
    *(Case("InTopKV2", (PREDICTIONS, i32([2, 3, 0]), np.int32(k)), name=f"k{k}") for k in (1, 2, 3)),
    Case("InTopKV2", (PREDICTIONS, i64([1, 0, 1]), np.int64(2)), name="int64"),
    Case("InTopKV2", (PREDICTIONS, i32([1, -1, 9]), np.int32(3)), name="unknown"),
    Case("InTopK", (PREDICTIONS, i32([2, 3, 0])), {"k": 2}),
    Case("SoftmaxCrossEntropyWithLogits", (LOGITS, LABELS)),
    Case("SoftmaxCrossEntropyWithLogits", (LOGITS, LABELS * 1.5), name="not-normal"),
    Case("SoftmaxCrossEntropyWithLogits", (LOGITS[:, :0], LABELS[:, :0]), name="no-classes"),
    Case("SoftmaxCrossEntropyWithLogits", (LOGITS[:0], LABELS[:0]), name="no-rows"),
    Case("SoftmaxCrossEntropyWithLogits", (LOGITS * 50, LABELS), name="large"),
    Case("SoftmaxCrossEntropyWithLogits", (LOGITS.astype("d"), LABELS.astype("d")), name="float64"),
    Case("SparseSoftmaxCrossEntropyWithLogits", (LOGITS, i64([2, 0]))),
    Case("SparseSoftmaxCrossEntropyWithLogits", (LOGITS * 50, i32([1, 1])), name="int32-large"),
    Case("SparseSoftmaxCrossEntropyWithLogits", (LOGITS.astype("e"), i32([1, 1])), name="float16"),
]  # fmt: skip
