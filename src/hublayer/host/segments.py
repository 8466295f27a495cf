"""Sums and the like over segments of rows: sorted, unsorted, and of gathered rows."""

from __future__ import annotations

from typing import Any

import numpy as np

from hublayer.host.registry import host_op


def _lowest(dtype: np.dtype, sign: int) -> Any:
    """What a maximum (sign 1) or minimum (sign -1) of nothing is: the dtype's most extreme finite value."""
    if dtype.kind in "iu":
        return np.iinfo(dtype).min if sign > 0 else np.iinfo(dtype).max
    return -sign * np.asarray(np.finfo(np.float32 if dtype.kind == "V" else dtype).max, dtype)


def _ascending(segment_ids: np.ndarray, rows: int) -> np.ndarray:
    """Segment ids as int64. Raises ValueError unless they are a vector, one per row, not negative and in order."""
    if segment_ids.ndim != 1 or len(segment_ids) != rows:
        raise ValueError(f"{rows} rows need a vector of as many segment ids, but shape {segment_ids.shape} came")
    ids = segment_ids.astype(np.int64)
    if (ids[1:] < ids[:-1]).any():
        raise ValueError("segment ids are not sorted")
    if ids.size and ids[0] < 0:
        raise ValueError(f"segment id {int(ids[0])} is negative")
    return ids


_Reduced = tuple[np.ndarray, np.ndarray, np.ndarray]


def _reduce(function: np.ufunc, rows: np.ndarray, ids: np.ndarray, count: int, otherwise: Any) -> _Reduced:
    """Ascending ids: `function` over the rows of each of `count` segments; which segments have rows, and how many."""
    result = np.full((count, *rows.shape[1:]), otherwise, rows.dtype)
    starts = np.flatnonzero(np.diff(ids, prepend=-1))
    if not starts.size:
        return result, starts, starts
    with np.errstate(all="ignore"):
        result[ids[starts]] = function.reduceat(rows, starts, axis=0)
    return result, ids[starts], np.diff(np.append(starts, len(ids)))


def _segment(
    function: np.ufunc, data: np.ndarray, segment_ids: np.ndarray, num_segments: Any, otherwise: Any
) -> _Reduced:
    if not data.ndim:
        raise ValueError("a scalar has no rows")
    ids = _ascending(segment_ids, len(data))
    largest = int(ids[-1]) + 1 if ids.size else 0
    if num_segments is None:
        return _reduce(function, data, ids, largest, otherwise)
    count = int(num_segments)
    if count < largest:
        raise ValueError(f"segment id {largest - 1} is not below num_segments={count}")
    return _reduce(function, data, ids, count, otherwise)


@host_op("SegmentSum")
def segment_sum(data, segment_ids):
    """Sums; 0 for a segment without rows."""
    return _segment(np.add, data, segment_ids, None, 0)[0]


@host_op("SegmentProd")
def segment_prod(data, segment_ids):
    """Products; 1 for a segment without rows."""
    return _segment(np.multiply, data, segment_ids, None, 1)[0]


@host_op("SegmentMax")
def segment_max(data, segment_ids):
    """Maxima; 0 for a segment without rows."""
    return _segment(np.maximum, data, segment_ids, None, 0)[0]


@host_op("SegmentMin")
def segment_min(data, segment_ids):
    """Minima; 0 for a segment without rows."""
    return _segment(np.minimum, data, segment_ids, None, 0)[0]


@host_op("SegmentMean")
def segment_mean(data, segment_ids):
    """Means; 0 for a segment without rows."""
    return _divided(*_segment(np.add, data, segment_ids, None, 0), lambda count: count)


def _divided(result: np.ndarray, segments: np.ndarray, counts: np.ndarray, divisor: Any) -> np.ndarray:
    by = np.asarray(divisor(counts)).astype(result.dtype).reshape(-1, *[1] * (result.ndim - 1))
    sums = result[segments]
    if result.dtype.kind in "iu":  # towards zero, as C divides
        result[segments] = np.sign(sums) * (np.abs(sums) // by)
    else:
        result[segments] = sums / by
    return result


def _unsorted(function: np.ufunc, data: np.ndarray, segment_ids: np.ndarray, num_segments: Any, otherwise: Any) -> Any:
    rank = segment_ids.ndim
    if data.shape[:rank] != segment_ids.shape:
        raise ValueError(f"data of shape {data.shape} does not start with the segment ids' shape {segment_ids.shape}")
    count = int(num_segments)
    if count < 0:
        raise ValueError(f"num_segments is {count}")
    ids = segment_ids.reshape(-1).astype(np.int64)
    if ids.size and ids.max() >= count:
        raise ValueError(f"segment id {int(ids.max())} is not below num_segments={count}")
    rows = data.reshape((ids.size, *data.shape[rank:]))
    kept = np.flatnonzero(ids >= 0)
    kept = kept[np.argsort(ids[kept], kind="stable")]
    return _reduce(function, rows[kept], ids[kept], count, otherwise)[0]


@host_op("UnsortedSegmentSum")
def unsorted_segment_sum(data, segment_ids, num_segments):
    """Sums; negative ids are left out; 0 for a segment without rows."""
    return _unsorted(np.add, data, segment_ids, num_segments, 0)


@host_op("UnsortedSegmentProd")
def unsorted_segment_prod(data, segment_ids, num_segments):
    """Products; negative ids are left out; 1 for a segment without rows."""
    return _unsorted(np.multiply, data, segment_ids, num_segments, 1)


@host_op("UnsortedSegmentMax")
def unsorted_segment_max(data, segment_ids, num_segments):
    """Maxima; negative ids are left out; the dtype's lowest value for a segment without rows."""
    return _unsorted(np.maximum, data, segment_ids, num_segments, _lowest(data.dtype, 1))


@host_op("UnsortedSegmentMin")
def unsorted_segment_min(data, segment_ids, num_segments):
    """Minima; negative ids are left out; the dtype's highest value for a segment without rows."""
    return _unsorted(np.minimum, data, segment_ids, num_segments, _lowest(data.dtype, -1))


def _gathered(data: np.ndarray, indices: np.ndarray, segment_ids: np.ndarray, num_segments: Any, divisor: Any) -> Any:
    if not data.ndim or indices.ndim != 1:
        raise ValueError(f"rows of data and a vector of indices were expected, but {data.shape}, {indices.shape} came")
    outside = (indices < 0) | (indices >= len(data))
    if outside.any():
        place = int(np.argmax(outside))
        raise ValueError(f"index {place} is {int(indices[place])}, but data has {len(data)} rows")
    sums = _segment(np.add, data[indices], segment_ids, num_segments, 0)
    return _divided(*sums, divisor) if divisor else sums[0]


@host_op("SparseSegmentSum", "SparseSegmentSumWithNumSegments")
def sparse_segment_sum(data, indices, segment_ids, num_segments=None, *, sparse_gradient=False):
    """Sums of the rows that indices name."""
    return _gathered(data, indices, segment_ids, num_segments, None)


@host_op("SparseSegmentMean", "SparseSegmentMeanWithNumSegments")
def sparse_segment_mean(data, indices, segment_ids, num_segments=None, *, sparse_gradient=False):
    """Means of the rows that indices name; 0 for a segment without rows."""
    return _gathered(data, indices, segment_ids, num_segments, lambda count: count)


@host_op("SparseSegmentSqrtN", "SparseSegmentSqrtNWithNumSegments")
def sparse_segment_sqrt_n(data, indices, segment_ids, num_segments=None, *, sparse_gradient=False):
    """Sums of the rows that indices name, divided by the square root of their number."""
    return _gathered(data, indices, segment_ids, num_segments, np.sqrt)
