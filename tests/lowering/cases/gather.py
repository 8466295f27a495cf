"""Cases of hublayer.lowering.gather."""

from typing import Any

import numpy as np

from lowering.case import Case, floats, i32, i64, integers


def f32(values: Any) -> np.ndarray:
    return np.array(values, np.float32)


X, CUBE, DEEP = floats(4, 3), floats(2, 4, 3), floats(2, 3, 4, 5)
BOOL = np.array([True, False, True])
COMPLEX = (floats(3, 2) + 1j * floats(3, 2, seed=1)).astype("complex64")
AT = i32([[0], [2]])

# gradient=False: TensorFlow's gradients need at least one dimension of indices, and count rows of DynamicStitch that
# others replace.
CASES = [
    Case("Gather", (X, i32(3, 0, 3))),
    Case("Gather", (X, i64([[1, 2], [0, 1]])), name="rank2"),
    Case("GatherV2", (X, i32(3, 0, 3), i32(0))),
    Case("GatherV2", (X, i32(1), i32(0)), name="scalar"),
    Case("GatherV2", (X, i64([[1, 2], [0, 1]]), i32(1)), name="axis1"),
    Case("GatherV2", (CUBE, i32(2, 0), i64(-1)), name="last"),
    Case("GatherV2", (floats(5), i32(2), i32(0)), name="element"),
    Case("GatherV2", (X, i32([]), i32(0)), name="nothing"),
    Case("GatherV2", (floats(3, 0), i32(1, 2), i32(0)), name="empty"),
    Case("GatherV2", (X[:0], np.zeros((0, 2), "int32"), i32(0)), name="none-of-nothing"),
    Case("GatherV2", (BOOL, i32(1, 2), i32(0)), name="bool"),
    Case("GatherV2", (integers(4, dtype="int64"), i32(1, 2), i32(0)), name="int64"),
    Case("GatherV2", (np.arange(4, dtype="uint8"), i32(1, 2), i32(0)), name="uint8"),
    Case("GatherV2", (COMPLEX, i32(1, 2), i32(0)), name="complex"),
    Case("GatherV2", (CUBE, i32([0, 3], [2, 2]), i32(1)), {"batch_dims": 1}, name="batch"),
    Case("GatherV2", (CUBE, i32([0, 2, 1], [2, 2, 0]), i32(2)), {"batch_dims": 1}, name="batch-axis2"),
    Case("GatherV2", (DEEP, i64(integers(2, 3, 2, low=0, high=4)), i32(-2)), {"batch_dims": -1}, name="batch-negative"),
    Case("GatherV2", (CUBE, i32(1, 3), i32(1)), {"batch_dims": 1}, name="batch-scalar"),
    Case("GatherNd", (X, i32([0, 1], [3, 2]))),
    Case("GatherNd", (X, i32([[3]])), name="rows"),
    Case("GatherNd", (CUBE, i64([[[0, 1], [1, 3]]])), name="rank3"),
    Case("GatherNd", (CUBE, i32(1, 2, 0)), name="element", gradient=False),
    Case("GatherNd", (floats(2), np.zeros((3, 0), "int32")), name="no-index", gradient=False),
    Case("GatherNd", (X, np.zeros((0, 2), "int32")), name="nothing"),
    Case("GatherNd", (BOOL, i32([[0]])), name="bool"),
    Case("ScatterNd", (i32([[3], [1]]), floats(2, 2), i32(5, 2))),
    Case("ScatterNd", (i32([[3], [3], [0]]), floats(3), i32([4])), name="twice"),
    Case("ScatterNd", (i64([[0, 1], [1, 1]]), i64(7, 8), i64(2, 2)), name="int64"),
    Case("ScatterNd", (i32([[[0], [2]]]), floats(1, 2, 3), i32(3, 3)), name="rank3"),
    Case("ScatterNd", (np.zeros((0, 1), "int32"), floats(0), i32([3])), name="nothing"),
    Case("ScatterNd", (i32([[1]]), COMPLEX[:1], i32(2, 2)), name="complex"),
    Case("TensorScatterUpdate", (X, AT, floats(2, 3, seed=1))),
    Case("TensorScatterUpdate", (X, i64([0, 1], [3, 2]), floats(2)), name="elements"),
    Case("TensorScatterUpdate", (BOOL, i32([[1]]), np.array([True])), name="bool"),
    Case("TensorScatterUpdate", (integers(3, dtype="int64"), i32([[1]]), i64([9])), name="int64"),
    Case("TensorScatterAdd", (X, i32([[0], [2], [0]]), floats(3, 3, seed=1))),
    Case("TensorScatterAdd", (integers(3), i32([[1], [1]]), i32(5, 6)), name="int32"),
    Case("ScatterNdNonAliasingAdd", (X, i32([[0], [2], [0]]), floats(3, 3, seed=1))),
    Case("TensorScatterSub", (X, i32([[0], [2], [0]]), floats(3, 3, seed=1))),
    Case("TensorScatterSub", (integers(3), i32([[1], [1]]), i32(5, 6)), name="int32"),
    Case("TensorScatterMax", (X, i32([[0], [2], [0]]), floats(3, 3, seed=1))),
    Case("TensorScatterMax", (f32([1, 2, 3]), i32([[0], [1], [1]]), f32([1, 5, 5])), name="ties"),
    Case("TensorScatterMax", (i32(1, 2), i32([[0]]), i32([9])), name="int32"),
    Case("TensorScatterMin", (X, i32([[0], [2], [0]]), floats(3, 3, seed=1))),
    Case("TensorScatterMin", (i32(1, 2), i32([[0]]), i32([-9])), name="int32"),
    Case("SparseToDense", (i32([0, 1], [2, 0]), i32(3, 2), f32([5, 6]), f32(-1)), gradient=False),
    Case("SparseToDense", (i64(1, 3), i64([4]), i64(2), i64(0)), name="vector", gradient=False),
    Case("SparseToDense", (i32(2), i32([4]), np.bool_(True), np.bool_(False)), name="scalar"),
    Case("DynamicStitch", ([i32(0, 2), i32(1, 3)], [floats(2, 2), floats(2, 2, seed=1)])),
    Case(
        "DynamicStitch", ([i32(3), i32([1, 0], [2, 2])], [floats(2), floats(2, 2, 2)]), name="last-wins", gradient=False
    ),
    Case("DynamicStitch", ([i32(0, 1, 2), i32([1])], [i32(4, 5, 6), i32([1])]), name="int32"),
    Case("ParallelDynamicStitch", ([i32(0, 2), i32(1, 3)], [floats(2, 2), floats(2, 2, seed=1)])),
    Case("DynamicPartition", (floats(4, 2), i32(0, 2, 0, 1)), {"num_partitions": 3}),
    Case("DynamicPartition", (integers(2, 2), i32([0, 1], [1, 1])), {"num_partitions": 3}, name="rank2"),
]
