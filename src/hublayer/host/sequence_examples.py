"""Parsing tf.SequenceExample: context features as tf.Example has them, and feature lists, which have steps."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from hublayer.host.elements import Tensor
from hublayer.host.example_columns import (
    dense_list_column,
    ragged_column,
    ragged_list_column,
    sparse_column,
    sparse_list_column,
)
from hublayer.host.example_messages import Record, Records
from hublayer.host.examples import as_keys, check_count, dense_columns, names_of
from hublayer.host.registry import host_op
from hublayer.host.string_tensor import StringTensor
from hublayer.savedmodel.tensors import constant_dtype


def _records(serialized: StringTensor, names: Sequence[bytes]) -> Records:
    parsed = zip(serialized.to_list(), names or [b""] * serialized.size, strict=True)
    return Records([Record(content, "SequenceExample", index, name) for index, (content, name) in enumerate(parsed)])


def _by_part(columns: Sequence[Sequence[Any]], parts: int) -> list[Any]:
    return [column[part] for part in range(parts) for column in columns]


def _each(function: Any, records: Records, kind: str, keys: Sequence[bytes], types: Sequence[str]) -> Any:
    check_count(kind, keys, types)
    return [function(records, key, dtype) for key, dtype in zip(keys, types, strict=True)]


def _dense_lists(
    records: Records, keys: Sequence[bytes], types: Sequence[str], shapes: Any, missing: Sequence[bool]
) -> list[tuple[Tensor, np.ndarray]]:
    check_count("dense feature list", keys, types)
    return [dense_list_column(records, *each) for each in zip(keys, types, shapes, missing, strict=True)]


@host_op("ParseSequenceExample")
def parse_sequence_example(
    serialized,
    debug_name,
    context_dense_defaults,
    *,
    feature_list_dense_missing_assumed_empty,
    context_sparse_keys,
    context_dense_keys,
    feature_list_sparse_keys,
    feature_list_dense_keys,
    Ncontext_dense=0,
    context_sparse_types=(),
    feature_list_dense_types=(),
    context_dense_shapes=(),
    feature_list_sparse_types=(),
    feature_list_dense_shapes=(),
):
    """A vector of records; keys are attributes."""
    if serialized.ndim != 1:
        raise ValueError(f"a vector of records was expected, but shape {serialized.shape} came")
    records = _records(serialized, names_of(serialized, debug_name))
    context = dense_columns(as_keys(context_dense_keys), context_dense_shapes, context_dense_defaults)
    empty = set(as_keys(feature_list_dense_missing_assumed_empty))
    keys = as_keys(feature_list_dense_keys)
    dense = _dense_lists(
        records, keys, feature_list_dense_types, feature_list_dense_shapes, [key in empty for key in keys]
    )
    sparse = _each(sparse_column, records, "sparse", as_keys(context_sparse_keys), context_sparse_types)
    lists = _each(sparse_list_column, records, "sparse", as_keys(feature_list_sparse_keys), feature_list_sparse_types)
    return [
        *_by_part(sparse, 3),
        *(column.of_records(records) for column in context),
        *_by_part(lists, 3),
        *_by_part(dense, 2),
    ]


@host_op("ParseSequenceExampleV2")
def parse_sequence_example_v2(
    serialized,
    debug_name,
    context_sparse_keys,
    context_dense_keys,
    context_ragged_keys,
    feature_list_sparse_keys,
    feature_list_dense_keys,
    feature_list_ragged_keys,
    feature_list_dense_missing_assumed_empty,
    context_dense_defaults,
    *,
    context_sparse_types=(),
    context_ragged_value_types=(),
    context_ragged_split_types=(),
    context_dense_shapes=(),
    feature_list_dense_types=(),
    feature_list_sparse_types=(),
    feature_list_ragged_value_types=(),
    feature_list_ragged_split_types=(),
    feature_list_dense_shapes=(),
):
    """A vector of records, or one, whose tensors have no batch axis; splits of a batch of one are a meaningless 0."""
    if serialized.ndim > 1:
        raise ValueError(f"a record or a vector of records was expected, but shape {serialized.shape} came")
    single = serialized.ndim == 0
    records = _records(serialized, names_of(serialized, debug_name))
    context = dense_columns(context_dense_keys.to_list(), context_dense_shapes, context_dense_defaults)
    missing = feature_list_dense_missing_assumed_empty.tolist()
    dense = _dense_lists(
        records, feature_list_dense_keys.to_list(), feature_list_dense_types, feature_list_dense_shapes, missing
    )
    sparse = _each(sparse_column, records, "sparse", context_sparse_keys.to_list(), context_sparse_types)
    ragged = _each(ragged_column, records, "ragged", context_ragged_keys.to_list(), context_ragged_value_types)
    lists = _each(sparse_list_column, records, "sparse", feature_list_sparse_keys.to_list(), feature_list_sparse_types)
    ragged_lists = _each(
        ragged_list_column, records, "ragged", feature_list_ragged_keys.to_list(), feature_list_ragged_value_types
    )
    values = [column.of_records(records) for column in context]
    if single:
        sparse, lists = _without_batch(sparse), _without_batch(lists)
        values = [column.reshape(column.shape[1:]) for column in values]
        dense = [(column.reshape(column.shape[1:]), lengths.reshape(())) for column, lengths in dense]
    splits = [
        np.zeros((), constant_dtype(dtype)) if single else rows.astype(constant_dtype(dtype))
        for (_, rows), dtype in zip(ragged, context_ragged_split_types, strict=True)
    ]
    outer = [
        np.zeros((), constant_dtype(dtype)) if single else rows.astype(constant_dtype(dtype))
        for (_, rows, _), dtype in zip(ragged_lists, feature_list_ragged_split_types, strict=True)
    ]
    inner = [
        steps.astype(constant_dtype(dtype))
        for (_, _, steps), dtype in zip(ragged_lists, feature_list_ragged_split_types, strict=True)
    ]
    return [
        *_by_part(sparse, 3),
        *values,
        *(column for column, _ in ragged),
        *splits,
        *_by_part(lists, 3),
        *_by_part(dense, 2),
        *(column for column, _, _ in ragged_lists),
        *outer,
        *inner,
    ]


def _without_batch(columns: Sequence[tuple[np.ndarray, Tensor, np.ndarray]]) -> list[Any]:
    return [(indices[:, 1:], values, shape[1:]) for indices, values, shape in columns]


@host_op("ParseSingleSequenceExample")
def parse_single_sequence_example(
    serialized,
    feature_list_dense_missing_assumed_empty,
    context_sparse_keys,
    context_dense_keys,
    feature_list_sparse_keys,
    feature_list_dense_keys,
    context_dense_defaults,
    debug_name,
    *,
    context_sparse_types=(),
    feature_list_dense_types=(),
    context_dense_shapes=(),
    feature_list_sparse_types=(),
    feature_list_dense_shapes=(),
):
    """One record; keys are scalars."""
    if serialized.ndim:
        raise ValueError(f"one record was expected, but shape {serialized.shape} came")
    name: StringTensor = debug_name.reshape((-1,))
    records = _records(serialized, name.to_list() if name.size == 1 else [])
    context = dense_columns([key.item() for key in context_dense_keys], context_dense_shapes, context_dense_defaults)
    keys = [key.item() for key in feature_list_dense_keys]
    empty = set(feature_list_dense_missing_assumed_empty.to_list())
    dense = _dense_lists(
        records, keys, feature_list_dense_types, feature_list_dense_shapes, [key in empty for key in keys]
    )
    sparse_keys = [key.item() for key in context_sparse_keys]
    list_keys = [key.item() for key in feature_list_sparse_keys]
    sparse = _without_batch(_each(sparse_column, records, "sparse", sparse_keys, context_sparse_types))
    lists = _without_batch(_each(sparse_list_column, records, "sparse", list_keys, feature_list_sparse_types))
    values = [column.of_records(records) for column in context]
    return [
        *_by_part(sparse, 3),
        *(column.reshape(column.shape[1:]) for column in values),
        *_by_part(lists, 3),
        *(column.reshape(column.shape[1:]) for column, _ in dense),
    ]
