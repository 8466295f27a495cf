"""How often values occur, in one vector or in each row."""

from __future__ import annotations

from typing import Any

import numpy as np

from hublayer.host.registry import host_op
from hublayer.host.sparse import check_sparse

# More bins than this are refused: their sum over the rows would not fit into memory.
_MOST = 2**33


def _bins(
    rows: np.ndarray, values: np.ndarray, count: int, size: int, weights: np.ndarray, dtype: Any, binary: bool
) -> np.ndarray:
    """Shape (count, size): how often each value below size occurs in each row, or the sum of its weights."""
    if values.size and values.min() < 0:
        raise ValueError(f"value {int(values.min())} is negative and has no bin")
    if size < 0 or count * size > _MOST:
        raise ValueError(f"{count} rows of {size} bins cannot be counted")
    if weights.size and weights.shape != values.shape:
        raise ValueError(f"weights of shape {weights.shape} do not fit values of shape {values.shape}")
    kept = values < size
    places = rows[kept].astype(np.int64) * size + values[kept]
    bins = np.zeros(count * size, dtype)
    if binary:
        bins[places] = 1
    elif weights.size:
        np.add.at(bins, places, weights[kept])
    else:
        bins[:] = np.bincount(places, minlength=count * size)
    return bins.reshape(count, size)


def _size(size: np.ndarray) -> int:
    if size.size != 1:
        raise ValueError(f"size must be one number, but has shape {size.shape}")
    return int(size.reshape(-1)[0])


@host_op("Bincount")
def bincount(arr, size, weights):
    """Shape (size,): how often each value occurs, or the sum of its weights. Values of size and more are left out."""
    flat = arr.reshape(-1)
    zeros = np.zeros(flat.size, np.int64)
    return _bins(zeros, flat, 1, _size(size), weights.reshape(-1), weights.dtype, False)[0]


@host_op("DenseBincount")
def dense_bincount(input, size, weights, *, binary_output=False):
    """Bincount of a vector, or of each row of a matrix; binary_output: 1 for any number of occurrences."""
    if input.ndim > 2:
        raise ValueError(f"a vector or matrix was expected, but shape {input.shape} came")
    count = input.shape[0] if input.ndim == 2 else 1
    rows = np.repeat(np.arange(count), input.size // max(count, 1))
    flat = input.reshape(-1)
    bins = _bins(rows, flat, count, _size(size), weights.reshape(-1), weights.dtype, binary_output)
    return bins if input.ndim == 2 else bins[0]


@host_op("SparseBincount")
def sparse_bincount(indices, values, dense_shape, size, weights, *, binary_output=False):
    """Bincount of the values of a sparse vector, or of each row of a sparse matrix."""
    check_sparse(indices, values, dense_shape)
    vector = len(dense_shape) == 1
    count = 1 if vector else int(dense_shape[0])
    rows = np.zeros(len(values), np.int64) if vector else indices[:, 0]
    if rows.size and not 0 <= rows.min() <= rows.max() < count:
        raise ValueError(f"rows {int(rows.min())} to {int(rows.max())} are not all among {count}")
    bins = _bins(rows, values, count, _size(size), weights.reshape(-1), weights.dtype, binary_output)
    return bins[0] if vector else bins


def lengths_of_splits(splits: np.ndarray, size: int) -> np.ndarray:
    """The length of each row. Raises ValueError unless the splits ascend from 0 to size."""
    if splits.ndim == 1 and splits.size and splits[0] == 0 and splits[-1] == size:
        lengths = np.diff(splits)
        if not (lengths < 0).any():
            return lengths
    raise ValueError(f"row splits must ascend from 0 to {size}, but are {splits[:10].tolist()}")


def rows_of_splits(splits: np.ndarray, size: int) -> np.ndarray:
    """The row of each of `size` values. Raises ValueError unless the splits ascend from 0 to size."""
    lengths = lengths_of_splits(splits, size)
    return np.repeat(np.arange(len(lengths)), lengths)


@host_op("RaggedBincount")
def ragged_bincount(splits, values, size, weights, *, binary_output=False):
    """Bincount of each row of a ragged matrix."""
    rows = rows_of_splits(splits, values.size)
    return _bins(rows, values, len(splits) - 1, _size(size), weights.reshape(-1), weights.dtype, binary_output)


def _counts(
    rows: np.ndarray,
    values: np.ndarray,
    weights: np.ndarray,
    shape: list[int],
    minlength: int,
    maxlength: int,
    binary: bool,
) -> list[np.ndarray]:
    """The bins that are not empty as a sparse tensor of shape (*shape, bins), in row-major order."""
    if values.size and values.min() < 0:
        raise ValueError(f"value {int(values.min())} is negative and cannot be counted")
    if weights.size and weights.shape != values.shape:
        raise ValueError(f"weights of shape {weights.shape} do not fit values of shape {values.shape}")
    kept = values < maxlength if maxlength >= 0 else np.ones(values.shape, np.bool_)
    bins = maxlength if maxlength >= 0 else max(int(values.max(initial=-1)) + 1, minlength, 0)
    pairs = np.stack([rows[kept].astype(np.int64), values[kept].astype(np.int64)])
    order = np.lexsort(pairs[::-1])
    pairs = pairs[:, order]
    starts = np.flatnonzero((np.diff(pairs, axis=1, prepend=-1) != 0).any(axis=0))
    if binary or not weights.size:
        ends = np.append(starts[1:], pairs.shape[1])
        counts = np.ones(len(starts)) if binary else ends - starts
    else:
        counts = np.add.reduceat(weights[kept][order], starts) if starts.size else weights[:0]
    indices = pairs[:, starts].T if shape else pairs[1:, starts].T
    return [np.ascontiguousarray(indices), counts.astype(weights.dtype), np.array([*shape, bins], np.int64)]


@host_op("DenseCountSparseOutput")
def dense_count_sparse_output(values, weights, *, minlength=-1, maxlength=-1, binary_output):
    """Counts of a vector, or of each row of a matrix, as a sparse tensor."""
    if values.ndim not in (1, 2):
        raise ValueError(f"a vector or matrix was expected, but shape {values.shape} came")
    if weights.size and weights.shape != values.shape:
        raise ValueError(f"weights of shape {weights.shape} do not fit values of shape {values.shape}")
    count = values.shape[0] if values.ndim == 2 else 1
    rows = np.repeat(np.arange(count), values.size // max(count, 1))
    shape = [count] if values.ndim == 2 else []
    return _counts(rows, values.reshape(-1), weights.reshape(-1), shape, minlength, maxlength, binary_output)


@host_op("SparseCountSparseOutput")
def sparse_count_sparse_output(indices, values, dense_shape, weights, *, minlength=-1, maxlength=-1, binary_output):
    """Counts of a sparse vector, or of each row of a sparse matrix, as a sparse tensor."""
    check_sparse(indices, values, dense_shape)
    if len(dense_shape) not in (1, 2):
        raise ValueError(f"a vector or matrix was expected, but the shape is {dense_shape.tolist()}")
    vector = len(dense_shape) == 1
    rows = np.zeros(len(values), np.int64) if vector else indices[:, 0]
    count = 1 if vector else int(dense_shape[0])
    if rows.size and not 0 <= rows.min() <= rows.max() < count:
        raise ValueError(f"rows {int(rows.min())} to {int(rows.max())} are not all among {count}")
    return _counts(rows, values, weights, [] if vector else [count], minlength, maxlength, binary_output)


@host_op("RaggedCountSparseOutput")
def ragged_count_sparse_output(splits, values, weights, *, minlength=-1, maxlength=-1, binary_output):
    """Counts of each row of a ragged matrix as a sparse tensor."""
    rows = rows_of_splits(splits, values.size)
    return _counts(rows, values, weights, [len(splits) - 1], minlength, maxlength, binary_output)
