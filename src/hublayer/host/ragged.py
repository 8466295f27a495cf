"""Ragged tensors (nested row splits and flat values): converted, gathered, filled up."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from hublayer.host.counting import lengths_of_splits, rows_of_splits
from hublayer.host.elements import Tensor, concat_rows, flat, ranges, splits_of, take_rows, within_rows
from hublayer.host.registry import host_op
from hublayer.host.sparse import sparse_fill_empty_rows
from hublayer.savedmodel.tensors import constant_dtype


def check_nested(nested: Sequence[np.ndarray], size: int) -> None:
    """Raise ValueError unless each list of splits ascends from 0 to the number of rows of the next, or of values."""
    sizes = [*(len(splits) - 1 for splits in nested[1:]), size]
    for splits, rows in zip(nested, sizes, strict=True):
        lengths_of_splits(splits, rows)


def _coordinates(row_ids: Sequence[np.ndarray]) -> tuple[list[np.ndarray], list[int]]:
    """Of each value: its row of the outermost level and its place in the row of each level.

    row_ids: by level, from the outermost: the row of each item of the next level. Also the longest row of each level.
    """
    coordinates: list[np.ndarray] = []
    longest: list[int] = []
    for ids in row_ids:
        counts = np.bincount(ids, minlength=1) if ids.size else np.zeros(1, np.int64)
        starts = splits_of(counts)[:-1]
        places = np.arange(len(ids)) - starts[ids]
        coordinates = [level[ids] for level in coordinates] if coordinates else [ids]
        coordinates.append(places)
        longest.append(int(counts.max()))
    return coordinates, longest


@host_op("RaggedTensorToTensor")
def ragged_tensor_to_tensor(shape, values, default_value, row_partition_tensors, *, row_partition_types):
    """The dense tensor of a ragged one, cut or filled up with the default to `shape`; -1 there: as long as needed.

    row_partition_types: ROW_SPLITS for each level, or FIRST_DIM_SIZE and then VALUE_ROWIDS for each level.
    """
    partitions = list(zip(row_partition_types, row_partition_tensors, strict=True))
    if not partitions:
        raise ValueError("a ragged tensor needs row partitions")
    if [kind for kind, _ in partitions] == ["ROW_SPLITS"] and isinstance(values, np.ndarray):
        lengths = lengths_of_splits(partitions[0][1], values.shape[0])
        longest = int(lengths.max(initial=0))
        dims = _output_shape(shape, (len(lengths), longest, *values.shape[1:]), 2)
        return _rows_filled_up(lengths, dims, values, default_value)
    rows: int | None = None
    if partitions[0][0] == "FIRST_DIM_SIZE":
        rows = int(partitions.pop(0)[1])
    row_ids: list[np.ndarray] = []
    for level, (kind, tensor) in enumerate(partitions):
        if kind == "ROW_SPLITS":
            last = level + 1 == len(partitions)
            ids = rows_of_splits(tensor, values.shape[0] if last else int(tensor[-1]) if tensor.size else 0)
            count = len(tensor) - 1
        elif kind == "VALUE_ROWIDS":
            ids, count = _row_ids(tensor), rows if level == 0 else len(row_ids[-1])
        else:
            raise ValueError(f"row partitions of type {kind} are not those of this op")
        if level and count != len(row_ids[-1]):
            raise ValueError(f"level {level} has {count} rows, but the one above {len(row_ids[-1])} items")
        if count is not None and ids.size and int(ids.max()) >= count:
            raise ValueError(f"row id {int(ids.max())} is not below the number of rows, {count}")
        rows = count if level == 0 else rows
        row_ids.append(ids)
    if rows is None or not row_ids or len(row_ids[-1]) != values.shape[0]:
        raise ValueError(f"row partitions {list(row_partition_types)} do not fit {values.shape[0]} values")
    coordinates, longest = _coordinates(row_ids)
    dims = _output_shape(shape, (rows, *longest, *values.shape[1:]), len(row_ids) + 1)
    return _scatter(coordinates, dims, values, default_value)


def _row_ids(tensor: np.ndarray) -> np.ndarray:
    ids = tensor.reshape(-1).astype(np.int64)
    if ids.size and (int(ids[0]) < 0 or (ids[1:] < ids[:-1]).any()):
        raise ValueError("value row ids must not be negative and must ascend")
    return ids


def _output_shape(asked: np.ndarray, natural: tuple[int, ...], ragged: int) -> tuple[int, ...]:
    """natural: the dimensions that are needed; the first `ragged` of them may be asked to be others."""
    if not asked.ndim:
        if int(asked) != -1:
            raise ValueError(f"a scalar shape is -1, for no shape, but {int(asked)} came")
        return natural
    if len(asked) != len(natural):
        raise ValueError(f"the shape {asked.tolist()} does not have {len(natural)} dimensions")
    dims = tuple(int(a) if a >= 0 else n for a, n in zip(asked.tolist(), natural, strict=True))
    if dims[ragged:] != natural[ragged:]:
        raise ValueError(f"the shape {asked.tolist()} does not end like the values' shape {natural[ragged:]}")
    return dims


def _rows_filled_up(lengths: np.ndarray, dims: tuple[int, ...], values: np.ndarray, default: np.ndarray) -> np.ndarray:
    """As `_scatter`, for rows of values that stand one after another."""
    dense = np.empty(dims, values.dtype)
    dense[:] = default
    rows, longest = min(len(lengths), dims[0]), dims[1]
    if len(lengths) > rows or (lengths > longest).any():
        lengths = lengths.astype(np.int64)
        kept = np.minimum(lengths[:rows], longest)
        values = values[ranges(splits_of(lengths)[:rows], kept)]
        lengths = kept
    if longest:
        dense.reshape(dims[0] * longest, *dims[2:])[ranges(np.arange(rows) * longest, lengths)] = values
    return dense


def _scatter(coordinates: Sequence[np.ndarray], dims: tuple[int, ...], values: Tensor, default: Tensor) -> Tensor:
    depth, inner = len(coordinates), dims[len(coordinates) :]
    inside = np.ones(values.shape[0], np.bool_)
    place = np.zeros(values.shape[0], np.int64)
    for coordinate, dim in zip(coordinates, dims, strict=False):
        inside &= coordinate < dim
        place = place * dim + coordinate
    if isinstance(values, np.ndarray):
        padding = np.broadcast_to(np.asarray(default), inner)
        dense = np.empty((math.prod(dims[:depth]), *inner), values.dtype)
        dense[:] = padding
        dense[place[inside]] = values[inside]
        return dense.reshape(dims)
    size = math.prod(inner)
    own = np.arange(values.size).reshape(values.shape[0], size)
    other = values.size + np.broadcast_to(np.arange(default.size).reshape(default.shape), inner).reshape(size)
    source = np.empty((math.prod(dims[:depth]), size), np.int64)
    source[:] = other
    source[place[inside]] = own[inside]
    return take_rows(concat_rows([flat(values), flat(default)]), source.reshape(dims))


@host_op("RaggedTensorToSparse")
def ragged_tensor_to_sparse(rt_nested_splits, rt_dense_values):
    """Indices (n, rank), values (n,) and the dense shape, as long as the longest row of each level."""
    if not rt_nested_splits:
        raise ValueError("a ragged tensor has row splits")
    values = rt_dense_values
    check_nested(rt_nested_splits, values.shape[0])
    row_ids = [np.repeat(np.arange(len(splits) - 1), np.diff(splits)) for splits in rt_nested_splits]
    coordinates, longest = _coordinates(row_ids)
    inner = values.shape[1:]
    size = math.prod(inner)
    columns = [np.repeat(coordinate, size) for coordinate in coordinates]
    if inner:
        within = np.stack(np.unravel_index(np.arange(size), inner)) if size else np.zeros((len(inner), 0), np.int64)
        columns += [np.tile(axis, values.shape[0]) for axis in within]
    indices = np.stack(columns, axis=1).astype(np.int64)
    shape = np.array([len(rt_nested_splits[0]) - 1, *longest, *inner], np.int64)
    return [indices, flat(values), shape]


def gather_rows(nested: Sequence[np.ndarray], values: Tensor, rows: np.ndarray) -> tuple[list[np.ndarray], Tensor]:
    """The rows of a ragged tensor that `rows` names, as nested splits (int64) and values."""
    gathered: list[np.ndarray] = []
    for splits in nested:
        splits = splits.astype(np.int64)
        starts, lengths = splits[rows], splits[rows + 1] - splits[rows]
        gathered.append(splits_of(lengths))
        rows = ranges(starts, lengths)
    return gathered, take_rows(values, rows)


@host_op("RaggedGather")
def ragged_gather(params_nested_splits, params_dense_values, indices, *, OUTPUT_RAGGED_RANK):
    """Rows of a ragged tensor; indices of rank n give n - 1 levels of rows of equal length before."""
    nested = params_nested_splits
    check_nested(nested, params_dense_values.shape[0])
    count = len(nested[0]) - 1
    rows = indices.reshape(-1).astype(np.int64)
    outside = (rows < 0) | (rows >= count)
    if outside.any():
        place = int(np.argmax(outside))
        raise ValueError(f"index {place} is {int(rows[place])}, but there are {count} rows")
    outer = [np.arange(math.prod(indices.shape[:axis]) + 1) * indices.shape[axis] for axis in range(1, indices.ndim)]
    gathered, values = gather_rows(nested, params_dense_values, rows)
    return [*(splits.astype(nested[0].dtype) for splits in (*outer, *gathered)), values]


@host_op("RaggedRange")
def ragged_range(starts, limits, deltas, *, Tsplits="int64"):
    """A range for each row; scalars count for all rows."""
    shapes = {tensor.shape for tensor in (starts, limits, deltas) if tensor.ndim}
    if len(shapes) > 1 or any(len(shape) != 1 for shape in shapes):
        raise ValueError(
            f"scalars and vectors of one length were expected, but {starts.shape}, {limits.shape}, {deltas.shape} came"
        )
    starts, limits, deltas = (np.atleast_1d(tensor) for tensor in np.broadcast_arrays(starts, limits, deltas))
    if (deltas == 0).any():
        raise ValueError("a range with steps of 0")
    forward = np.where(deltas > 0, limits > starts, limits < starts)
    if starts.dtype.kind in "iu":
        spans = np.abs(limits.astype(object) - starts.astype(object))
        steps = np.abs(deltas.astype(object))
        lengths = np.where(forward, (spans + steps - 1) // steps, 0).astype(np.float64)
    else:
        with np.errstate(all="ignore"):
            lengths = np.where(forward, np.ceil(np.abs((limits - starts) / deltas)), 0).astype(np.float64)
    splits_dtype = constant_dtype(Tsplits)
    assert splits_dtype is not None
    if not np.isfinite(lengths).all() or lengths.sum() > min(np.iinfo(splits_dtype).max, 2**40):
        raise ValueError(f"ranges of {lengths.sum():.3g} values are too long")
    counts = lengths.astype(np.int64)
    rows = np.repeat(np.arange(len(counts)), counts)
    values = starts[rows] + within_rows(counts).astype(starts.dtype) * deltas[rows]
    return [splits_of(counts).astype(splits_dtype), values.astype(starts.dtype, copy=False)]


@host_op("RaggedFillEmptyRows")
def ragged_fill_empty_rows(value_rowids, values, nrows, default_value):
    """Rows without a value get one, the default."""
    shape = np.array([int(nrows)], np.int64)
    indices, filled_values, empty, place = sparse_fill_empty_rows(value_rowids[:, None], values, shape, default_value)
    return [indices[:, 0], filled_values, empty, place]
