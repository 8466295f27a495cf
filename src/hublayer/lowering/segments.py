"""Reductions over segments: rows of equal ids are summed, averaged, multiplied or compared."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from hublayer.lowering.elementwise import div
from hublayer.lowering.gather import chosen, gather, is_floating
from hublayer.lowering.keras_ops import ops
from hublayer.lowering.registry import Static, lowers
from hublayer.lowering.shape import dtype_like, integers
from hublayer.lowering.straight_through import straight_through

Reduction = Callable[[Any, Any, int], Any]


def _trailing(counts: Any, data: Any) -> Any:
    return ops.reshape(counts, [-1] + [1] * (len(data.shape) - 1))


def _scattered(data: Any, ids: Any, count: int, start: Any, reduction: str) -> Any:
    """Rows of `data` reduced into `count` rows of `start`; rows whose ids are out of range are left out."""
    known = ops.where(ops.logical_and(ops.greater_equal(ids, 0), ops.less(ids, count)), ids, count)
    rows = ops.broadcast_to(start, [count + 1, *data.shape[1:]])
    return ops.scatter_update(rows, ops.reshape(known, [-1, 1]), data, reduction)[:count]


def total(data: Any, ids: Any, count: int) -> Any:
    """Sums; 0 for a segment without rows."""
    return _scattered(data, ids, count, ops.zeros((), dtype_like(data)), "add")


def sizes(data: Any, ids: Any, count: int) -> Any:
    """The number of rows of each segment, at least 1, in the dtype of `data` and shaped to divide it."""
    found = total(ops.ones([data.shape[0]], dtype_like(data)), ids, count)
    return _trailing(ops.where(ops.equal(found, 0), ops.ones((), dtype_like(data)), found), data)


def mean(data: Any, ids: Any, count: int) -> Any:
    """Means; 0 for a segment without rows."""
    return div(total(data, ids, count), sizes(data, ids, count))


def root_mean(data: Any, ids: Any, count: int) -> Any:
    """Sums divided by the root of the number of rows."""
    return ops.divide(total(data, ids, count), ops.sqrt(sizes(data, ids, count)))


def product(data: Any, ids: Any, count: int) -> Any:
    """Products; 1 for a segment without rows. Zeros have gradients too, so it is a product over a mask."""
    inside = ops.equal(ops.reshape(ids, [1, -1]), np.arange(count, dtype=np.int32).reshape(-1, 1))
    inside = ops.reshape(inside, [count, data.shape[0]] + [1] * (len(data.shape) - 1))
    return ops.prod(
        ops.where(inside, ops.expand_dims(data, 0), ops.ones((), dtype_like(data))), axis=1, dtype=dtype_like(data)
    )


def _bound(dtype: Any, reduction: str) -> Any:
    name = str(dtype).rpartition(".")[2]
    if "float" in name:
        import ml_dtypes

        limits: Any = ml_dtypes.finfo(name)
    else:
        limits = np.iinfo(name)
    return ops.convert_to_tensor(limits.min if reduction == "max" else limits.max, dtype=name)


def _extreme(reduction: str) -> Reduction:
    def run(data: Any, ids: Any, count: int) -> Any:
        """The gradient is shared evenly by all rows that are the extreme, as in TensorFlow."""
        start = _bound(dtype_like(data), reduction)
        found = ops.stop_gradient(_scattered(ops.stop_gradient(data), ids, count, start, reduction))
        if not is_floating(found) or not count:
            return found
        inside = _trailing(ops.logical_and(ops.greater_equal(ids, 0), ops.less(ids, count)), data)
        reached = ops.where(inside, gather(found, ops.clip(ids, 0, count - 1)), ops.zeros((), dtype_like(found)))
        extreme = ops.logical_and(inside, ops.equal(data, reached))
        ties = ops.maximum(total(ops.cast(extreme, dtype_like(found)), ids, count), 1)
        shared = ops.divide(total(chosen(data, extreme), ids, count), ops.stop_gradient(ties))
        return straight_through(shared, found)

    return run


largest, smallest = _extreme("max"), _extreme("min")


def _zero_if_empty(reduce: Reduction) -> Reduction:
    def run(data: Any, ids: Any, count: int) -> Any:
        found = total(ops.ones([data.shape[0]], "int32"), ids, count)
        return ops.where(
            _trailing(ops.greater(found, 0), data), reduce(data, ids, count), ops.zeros((), dtype_like(data))
        )

    return run


SORTED: dict[str, Reduction] = {
    "SegmentSum": total,
    "SegmentMean": mean,
    "SegmentProd": product,
    "SegmentMax": _zero_if_empty(largest),
    "SegmentMin": _zero_if_empty(smallest),
}
SPARSE: dict[str, Reduction] = {
    "SparseSegmentSum": total,
    "SparseSegmentMean": mean,
    "SparseSegmentSqrtN": root_mean,
}
COUNTED: dict[str, Reduction] = {
    "UnsortedSegmentSum": total,
    "UnsortedSegmentProd": product,
    "UnsortedSegmentMax": largest,
    "UnsortedSegmentMin": smallest,
}


def _last(ids: np.ndarray) -> int:
    return int(ids[-1]) + 1 if ids.size else 0


def _sorted(reduce: Reduction) -> Callable[..., Any]:
    def run(data: Any, segment_ids: Static) -> Any:
        """Segments up to the last id."""
        return reduce(data, segment_ids, _last(segment_ids))

    return run


def _counted(reduce: Reduction) -> Callable[..., Any]:
    def run(data: Any, segment_ids: Any, num_segments: Static) -> Any:
        """`num_segments` segments; ids of several dimensions speak of as many of the data's."""
        rank, count = len(segment_ids.shape), math.prod(segment_ids.shape)
        rows = ops.reshape(data, [count, *data.shape[rank:]])
        return reduce(rows, ops.reshape(segment_ids, [count]), integers(num_segments)[0])

    return run


def _sparse(reduce: Reduction) -> Callable[..., Any]:
    def run(data: Any, indices: Any, segment_ids: Static, *, sparse_gradient: bool = False) -> Any:
        """Segments of the rows of `data` at `indices`, up to the last id."""
        return reduce(gather(data, indices), segment_ids, _last(segment_ids))

    return run


def _sparse_counted(reduce: Reduction) -> Callable[..., Any]:
    def run(data: Any, indices: Any, segment_ids: Any, num_segments: Static, *, sparse_gradient: bool = False) -> Any:
        """`num_segments` segments of the rows of `data` at `indices`."""
        return reduce(gather(data, indices), segment_ids, integers(num_segments)[0])

    return run


for _op, _reduce in SORTED.items():
    lowers(_op)(_sorted(_reduce))
for _op, _reduce in COUNTED.items():
    lowers(_op, orders=_reduce in (largest, smallest))(_counted(_reduce))
for _op, _reduce in SPARSE.items():
    lowers(_op)(_sparse(_reduce))
    lowers(f"{_op}WithNumSegments")(_sparse_counted(_reduce))


@lowers("SparseTensorDenseMatMul")
def sparse_tensor_dense_mat_mul(
    a_indices: Any, a_values: Any, a_shape: Static, b: Any, *, adjoint_a: bool = False, adjoint_b: bool = False
) -> Any:
    """The product of a sparse matrix, given by its elements, and a dense one."""
    rows, columns = a_indices[:, 0], a_indices[:, 1]
    count = integers(a_shape)[1 if adjoint_a else 0]
    if adjoint_a:
        rows, columns, a_values = columns, rows, ops.conj(a_values)
    if adjoint_b:
        b = ops.conj(ops.transpose(b))
    return total(ops.multiply(ops.expand_dims(a_values, 1), gather(b, columns)), rows, count)
