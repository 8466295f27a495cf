"""Sparse tensors (indices, values, dense shape): their form is changed here, their values only moved."""

from __future__ import annotations

import math

import numpy as np

from hublayer.host.elements import concat_rows, take_rows
from hublayer.host.registry import host_op
from hublayer.host.string_tensor import StringTensor


def check_sparse(indices: np.ndarray, values, shape: np.ndarray) -> None:
    """Raise ValueError unless indices are (n, rank), values (n,), shape (rank,), and no dimension negative."""
    if indices.ndim != 2 or shape.ndim != 1 or indices.shape[1] != len(shape) or values.shape != indices.shape[:1]:
        raise ValueError(
            f"a sparse tensor has indices (n, rank), values (n,) and a shape (rank,), but indices {indices.shape}, "
            f"values {values.shape} and a shape {shape.shape} came"
        )
    if (shape < 0).any():
        raise ValueError(f"the dense shape {shape.tolist()} has a negative dimension")


def check_bounds(indices: np.ndarray, shape: np.ndarray) -> None:
    """Raise ValueError, naming the first, for indices outside of the dense shape."""
    outside = ((indices < 0) | (indices >= shape)).any(axis=1)
    if outside.any():
        row = int(np.argmax(outside))
        raise ValueError(f"index {row} is {indices[row].tolist()}, outside of the dense shape {shape.tolist()}")


def element_count(shape: np.ndarray) -> int:
    """How many elements the dense tensor has. Raises ValueError for more than int64 counts."""
    count = math.prod(int(dim) for dim in shape)
    if count >= 2**63:
        raise ValueError(f"the dense shape {shape.tolist()} has too many elements")
    return count


def row_major(indices: np.ndarray, shape: np.ndarray) -> np.ndarray:
    """int64, shape (n,): the place of each index in the dense tensor in row-major order."""
    element_count(shape)
    place = np.zeros(len(indices), np.int64)
    for axis in range(indices.shape[1]):
        place = place * int(shape[axis]) + indices[:, axis]
    return place


def from_row_major(places: np.ndarray, shape: np.ndarray) -> np.ndarray:
    """The inverse of `row_major`: int64, shape (n, rank)."""
    indices = np.empty((len(places), len(shape)), np.int64)
    for axis in range(len(shape) - 1, -1, -1):
        dim = max(int(shape[axis]), 1)
        indices[:, axis] = places % dim
        places = places // dim
    return indices


def _sorted_order(indices: np.ndarray) -> np.ndarray:
    if not indices.shape[1]:
        return np.arange(len(indices))
    return np.lexsort(indices.T[::-1])


@host_op("SparseFillEmptyRows")
def sparse_fill_empty_rows(indices, values, dense_shape, default_value):
    """Rows without a value get one, the default in column 0."""
    check_sparse(indices, values, dense_shape)
    if default_value.shape != ():
        raise ValueError(f"the default must be a scalar, but has shape {default_value.shape}")
    if not len(dense_shape):
        raise ValueError("a scalar has no rows")
    count = int(dense_shape[0])
    rows = indices[:, 0]
    outside = (rows < 0) | (rows >= count)
    if outside.any():
        place = int(np.argmax(outside))
        raise ValueError(f"index {place} names row {int(rows[place])} of {count} rows")
    empty = np.ones(count, np.bool_)
    empty[rows] = False
    new = np.flatnonzero(empty)
    if not new.size and (rows[1:] >= rows[:-1]).all():
        return [indices, values, empty, np.arange(len(rows))]
    order = np.argsort(np.concatenate([rows, new]), kind="stable")
    added = np.zeros((len(new), indices.shape[1]), np.int64)
    added[:, 0] = new
    both = concat_rows([values, default_value.reshape((1,))])
    place = np.empty(len(order), np.int64)
    place[order] = np.arange(len(order))
    return [
        np.concatenate([indices, added])[order],
        take_rows(both, np.minimum(order, len(rows))),
        empty,
        place[: len(rows)],
    ]


@host_op("SparseReshape")
def sparse_reshape(input_indices, input_shape, new_shape):
    """Another shape of as many elements; one dimension may be -1."""
    if input_indices.ndim != 2 or input_indices.shape[1:] != input_shape.shape or new_shape.ndim != 1:
        raise ValueError(f"indices {input_indices.shape} and shape {input_shape.shape} are no sparse tensor's")
    count = element_count(input_shape)
    target = [int(dim) for dim in new_shape]
    if target.count(-1) > 1 or any(dim < -1 for dim in target):
        raise ValueError(f"{target} is no shape: one dimension may be -1, the others not negative")
    if -1 in target:
        rest = math.prod(dim for dim in target if dim != -1)
        if not rest or count % rest:
            raise ValueError(f"the shape {input_shape.tolist()} cannot become {target}")
        target[target.index(-1)] = count // rest
    if math.prod(target) != count:
        raise ValueError(f"the shape {input_shape.tolist()} cannot become {target}: other numbers of elements")
    shape = np.array(target, np.int64)
    if target == input_shape.tolist():
        return [input_indices, shape]
    return [from_row_major(row_major(input_indices, input_shape), shape), shape]


@host_op("SparseToDense")
def sparse_to_dense(sparse_indices, output_shape, sparse_values, default_value, *, validate_indices=True):
    """The dense tensor. Indices are a scalar, a vector (of a vector) or a matrix; validated ones ascend strictly."""
    if output_shape.ndim != 1 or sparse_values.ndim > 1 or default_value.shape != ():
        raise ValueError(
            f"a shape (rank,), values () or (n,) and a scalar default were expected, but {output_shape.shape}, "
            f"{sparse_values.shape} and {default_value.shape} came"
        )
    shape = output_shape.astype(np.int64)
    indices = sparse_indices.astype(np.int64)
    indices = indices if indices.ndim == 2 else indices.reshape(-1, 1)
    if indices.shape[1] != len(shape) or (sparse_values.ndim and sparse_values.shape != indices.shape[:1]):
        raise ValueError(f"indices {indices.shape} fit no {len(shape)} dimensions and values {sparse_values.shape}")
    check_bounds(indices, shape)
    place = row_major(indices, shape)
    if validate_indices and (place[1:] <= place[:-1]).any():
        row = int(np.argmax(place[1:] <= place[:-1])) + 1
        raise ValueError(f"index {row}, {indices[row].tolist()}, is repeated or out of order")
    count, dims = element_count(shape), tuple(shape.tolist())
    if isinstance(sparse_values, StringTensor):
        where = np.full(count, sparse_values.size, np.int64)
        where[place] = np.arange(len(place)) if sparse_values.ndim else 0
        return concat_rows([sparse_values.reshape((-1,)), default_value.reshape((1,))]).take(where.reshape(dims))
    dense = np.full(count, default_value, default_value.dtype)
    dense[place] = sparse_values
    return dense.reshape(dims)


@host_op("SparseReorder")
def sparse_reorder(input_indices, input_values, input_shape):
    """Row-major order."""
    check_sparse(input_indices, input_values, input_shape)
    check_bounds(input_indices, input_shape)
    order = _sorted_order(input_indices)
    return [input_indices[order], take_rows(input_values, order)]


@host_op("SparseConcat")
def sparse_concat(indices, values, shapes, *, concat_dim):
    """Along one dimension, which may count from the end; the result is in row-major order."""
    rank = len(shapes[0])
    if not -rank <= concat_dim < rank:
        raise ValueError(f"there is no dimension {concat_dim} of {rank}")
    axis = concat_dim % rank
    shape = shapes[0].copy()
    shape[axis] = 0
    shifted = []
    for part, items, dims in zip(indices, values, shapes, strict=True):
        check_sparse(part, items, dims)
        check_bounds(part, dims)
        if len(dims) != rank or (np.delete(dims, axis) != np.delete(shape, axis)).any():
            raise ValueError(f"shapes {[dims.tolist() for dims in shapes]} differ beside dimension {axis}")
        offset = np.zeros(rank, np.int64)
        offset[axis] = shape[axis]
        shifted.append(part + offset)
        shape[axis] += dims[axis]
    whole = np.concatenate(shifted)
    order = _sorted_order(whole)
    return [whole[order], take_rows(concat_rows(values), order), shape]


def _slice(indices, values, shape, start, size):
    kept = np.flatnonzero(((indices >= start) & (indices < start + size)).all(axis=1))
    return indices[kept] - start, take_rows(values, kept), np.clip(shape - start, 0, size)


@host_op("SparseSlice")
def sparse_slice(indices, values, shape, start, size):
    """A box of the dense tensor; it may reach beyond the end."""
    check_sparse(indices, values, shape)
    if start.shape != shape.shape or size.shape != shape.shape:
        raise ValueError(f"start {start.shape} and size {size.shape} must have shape {shape.shape}")
    if (start < 0).any() or (size < 0).any():
        raise ValueError(f"start {start.tolist()} and size {size.tolist()} must not be negative")
    return list(_slice(indices, values, shape, start, size))


@host_op("SparseSplit")
def sparse_split(split_dim, indices, values, shape, *, num_split):
    """num_split pieces along a dimension; the first ones are one longer if it does not divide."""
    check_sparse(indices, values, shape)
    axis = int(split_dim.reshape(-1)[0])
    if not -len(shape) <= axis < len(shape):
        raise ValueError(f"there is no dimension {axis} of {len(shape)}")
    axis %= len(shape)
    length = int(shape[axis])
    if not 1 <= num_split <= length:
        raise ValueError(f"dimension {axis} of length {length} cannot be split into {num_split}")
    size, more = divmod(length, num_split)
    pieces, start, extent = [], np.zeros_like(shape), shape.copy()
    for number in range(num_split):
        extent[axis] = size + (number < more)
        pieces.append(_slice(indices, values, shape, start, extent))
        start = start.copy()
        start[axis] += extent[axis]
    return [piece[output] for output in range(3) for piece in pieces]


@host_op("DynamicPartition")
def dynamic_partition(data, partitions, *, num_partitions):
    """The slices of data whose number in `partitions` is 0, 1, …."""
    rank = partitions.ndim
    if data.shape[:rank] != partitions.shape:
        raise ValueError(f"data of shape {data.shape} does not start with the partitions' shape {partitions.shape}")
    numbers = partitions.reshape(-1)
    outside = (numbers < 0) | (numbers >= num_partitions)
    if outside.any():
        place = int(np.argmax(outside))
        raise ValueError(f"partition {int(numbers[place])} at {place} is not one of {num_partitions}")
    rows = data.reshape((numbers.size, *data.shape[rank:]))
    return [take_rows(rows, np.flatnonzero(numbers == number)) for number in range(num_partitions)]
