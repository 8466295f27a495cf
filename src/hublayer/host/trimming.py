"""Trimming of segments that share a maximum length, round robin."""

from __future__ import annotations

import numpy as np

from hublayer.host.elements import ranges, splits_of, take_rows, within_rows
from hublayer.host.registry import host_op
from hublayer.host.row_splits import check_splits


def _quotas(lengths: np.ndarray, most: int) -> np.ndarray:
    """How much of each segment stays: int64, shape (segments, rows), as lengths.

    Segments get places in turn until `most` are given; what a short one does not need goes to the others.
    """
    count, rows = lengths.shape
    if (lengths.sum(0) <= most).all():
        return lengths
    shortest_first = np.argsort(lengths, axis=0, kind="stable")
    left = np.full(rows, max(most, 0), np.int64)
    whole = np.ones(rows, np.bool_)
    filled = np.zeros(rows, np.int64)
    quotas = np.zeros_like(lengths)
    columns = np.arange(rows)
    for order in shortest_first:
        length = lengths[order, columns]
        whole &= length * (count - filled) <= left
        quotas[order, columns] = np.where(whole, length, 0)
        left -= np.where(whole, length, 0)
        filled += whole
    share = left // np.maximum(count - filled, 1)
    for number, order in enumerate(shortest_first):
        partly = number >= filled
        quotas[order, columns] += np.where(partly, share, 0)
        left -= np.where(partly, share, 0)
    for segment in range(count):
        more = (left > 0) & (quotas[segment] < lengths[segment])
        quotas[segment] += more
        left -= more
    return quotas


def _lengths(values: list, splits: list) -> np.ndarray:
    for segment, row_splits in zip(values, splits, strict=True):
        check_splits(row_splits, segment.shape[0])
    if len({len(row_splits) for row_splits in splits}) != 1:
        raise ValueError(f"segments have different numbers of rows: {[len(one) - 1 for one in splits]}")
    return np.stack([np.diff(row_splits).astype(np.int64) for row_splits in splits])


@host_op("TFText>RoundRobinGenerateMasks")
def round_robin_generate_masks(max_sequence_length, input_values, input_row_splits):
    """For each segment which of its values stay: bool, as many as values."""
    lengths = _lengths(input_values, input_row_splits)
    quotas = _quotas(lengths, int(max_sequence_length))
    return [within_rows(length) < np.repeat(quota, length) for length, quota in zip(lengths, quotas, strict=True)]


@host_op("TFText>RoundRobinTrim")
def round_robin_trim(max_sequence_length, input_values, input_row_splits):
    """The values that stay of each segment, then the row splits of each."""
    lengths = _lengths(input_values, input_row_splits)
    quotas = _quotas(lengths, int(max_sequence_length))
    if (quotas == lengths).all():
        return [*input_values, *input_row_splits]
    values, splits = [], []
    for segment, row_splits, quota in zip(input_values, input_row_splits, quotas, strict=True):
        places = ranges(row_splits[:-1].astype(np.int64), quota)
        values.append(take_rows(segment, places))
        splits.append(splits_of(quota).astype(row_splits.dtype))
    return [*values, *splits]
