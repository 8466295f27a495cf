"""Parsing tf.Example: records in, columns out."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from hublayer.host.elements import Tensor
from hublayer.host.example_batch import Batch, Columns
from hublayer.host.example_columns import DenseColumn, ragged_column, sparse_column
from hublayer.host.registry import host_op
from hublayer.host.string_tensor import StringTensor
from hublayer.savedmodel.tensors import constant_dtype


def names_of(serialized: StringTensor, names: StringTensor | None) -> list[bytes]:
    """The names of records, or none. Raises ValueError for names that are not as many."""
    listed = names.to_list() if names is not None else []
    if listed and len(listed) != serialized.size:
        raise ValueError(f"{len(listed)} names were given for {serialized.size} records")
    return listed


def as_keys(keys: Sequence[str | bytes]) -> list[bytes]:
    """Keys in an attribute."""
    return [key.encode() if isinstance(key, str) else key for key in keys]


def dense_columns(
    keys: Sequence[bytes], shapes: Sequence[tuple[int | None, ...] | None], defaults: Sequence[Tensor]
) -> list[DenseColumn]:
    """The dense columns of an op. Raises ValueError if it does not have as many of each."""
    if not len(keys) == len(shapes) == len(defaults):
        raise ValueError(f"{len(keys)} dense keys, {len(shapes)} shapes and {len(defaults)} defaults do not fit")
    return [DenseColumn.of(*each) for each in zip(keys, shapes, defaults, strict=True)]


def check_count(kind: str, keys: Sequence[bytes], types: Sequence[str]) -> None:
    """Raise ValueError unless there are as many keys as types."""
    if len(keys) != len(types):
        raise ValueError(f"{len(keys)} {kind} keys and {len(types)} types do not fit")


def _sparse(records: Columns, keys: Sequence[bytes], types: Sequence[str]) -> list[Tensor]:
    check_count("sparse", keys, types)
    columns = [sparse_column(records, key, dtype) for key, dtype in zip(keys, types, strict=True)]
    return [column[part] for part in range(3) for column in columns]


@host_op("ParseExample")
def parse_example(serialized, names, sparse_keys, dense_keys, dense_defaults, *, sparse_types, dense_shapes):
    """A vector of tf.Example records as sparse and dense tensors."""
    if serialized.ndim != 1:
        raise ValueError(f"a vector of records was expected, but shape {serialized.shape} came")
    records = Batch(serialized, names_of(serialized, names))
    dense = dense_columns([key.item() for key in dense_keys], dense_shapes, dense_defaults)
    sparse = _sparse(records, [key.item() for key in sparse_keys], sparse_types)
    return [*sparse, *(column.of_records(records) for column in dense)]


@host_op("ParseExampleV2")
def parse_example_v2(
    serialized,
    names,
    sparse_keys,
    dense_keys,
    ragged_keys,
    dense_defaults,
    *,
    sparse_types,
    ragged_value_types,
    ragged_split_types,
    dense_shapes,
):
    """A vector of tf.Example records, or one, as sparse, dense and ragged tensors; one record's have no batch axis."""
    if serialized.ndim > 1:
        raise ValueError(f"a record or a vector of records was expected, but shape {serialized.shape} came")
    records = Batch(serialized, names_of(serialized, names))
    dense = dense_columns(dense_keys.to_list(), dense_shapes, dense_defaults)
    single = serialized.ndim == 0
    keys = ragged_keys.to_list()
    check_count("ragged", keys, ragged_value_types)
    ragged = [ragged_column(records, key, dtype) for key, dtype in zip(keys, ragged_value_types, strict=True)]
    splits = [
        np.zeros(0, constant_dtype(dtype)) if single else rows.astype(constant_dtype(dtype))
        for (_, rows), dtype in zip(ragged, ragged_split_types, strict=True)
    ]
    sparse = _sparse(records, sparse_keys.to_list(), sparse_types)
    columns = [column.of_records(records) for column in dense]
    if single:
        sparse, columns = _without_batch(sparse), [column.reshape(column.shape[1:]) for column in columns]
    return [*sparse, *columns, *(values for values, _ in ragged), *splits]


def _without_batch(sparse: Sequence[Tensor]) -> list[Tensor]:
    """Sparse columns of one record: indices, values, shapes."""
    count = len(sparse) // 3
    indices = [part[:, 1:] for part in sparse[:count] if isinstance(part, np.ndarray)]
    shapes = [part[1:] for part in sparse[2 * count :] if isinstance(part, np.ndarray)]
    return [*indices, *sparse[count : 2 * count], *shapes]


@host_op("ParseSingleExample")
def parse_single_example(serialized, dense_defaults, *, sparse_keys, dense_keys, sparse_types, dense_shapes):
    """One tf.Example record as sparse and dense tensors."""
    if serialized.ndim:
        raise ValueError(f"one record was expected, but shape {serialized.shape} came")
    records = Batch(serialized, [])
    dense = dense_columns(as_keys(dense_keys), dense_shapes, dense_defaults)
    sparse = _without_batch(_sparse(records, as_keys(sparse_keys), sparse_types))
    columns = [column.of_records(records) for column in dense]
    return [*sparse, *(column.reshape(column.shape[1:]) for column in columns)]
