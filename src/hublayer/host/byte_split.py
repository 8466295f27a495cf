"""Splitting strings into bytes, and at given offsets."""

from __future__ import annotations

import numpy as np

from hublayer.host.elements import ranges, within_rows
from hublayer.host.registry import host_op
from hublayer.host.row_splits import check_splits
from hublayer.host.string_tensor import StringTensor


@host_op("TFText>ByteSplitWithOffsets")
def byte_split_with_offsets(input_values):
    """The bytes of a vector of strings (uint8), row splits (int64), starts and ends of each (int32)."""
    offsets = input_values.offsets
    starts = within_rows(np.diff(offsets)).astype(np.int32)
    data = input_values.data[int(offsets[0]) : int(offsets[-1])]
    return [data.copy(), (offsets - offsets[0]).astype(np.int64), starts, starts + np.int32(1)]


@host_op("TFText>ByteSplitByOffsets")
def byte_split_by_offsets(input_values, input_start_offsets, input_end_offsets, input_row_splits):
    """Parts of a vector of strings, row i of the offsets being those of string i, and the row splits.

    Raises ValueError for offsets that lie outside of a string.
    """
    splits = check_splits(input_row_splits, input_start_offsets.size)
    if input_start_offsets.shape != input_end_offsets.shape or len(splits) - 1 != input_values.size:
        raise ValueError(
            f"{input_values.size} strings, {input_start_offsets.size} starts, {input_end_offsets.size} ends and "
            f"{len(splits) - 1} rows do not fit together"
        )
    rows = np.repeat(np.arange(input_values.size), np.diff(input_row_splits))
    lengths = np.diff(input_values.offsets)[rows]
    starts, ends = input_start_offsets.astype(np.int64), input_end_offsets.astype(np.int64)
    wrong = np.flatnonzero((starts < 0) | (ends < starts) | (ends > lengths))
    if wrong.size:
        at = int(wrong[0])
        raise ValueError(
            f"bytes {starts[at]} to {ends[at]} are asked of string {rows[at]}, which has {lengths[at]} bytes"
        )
    origin = input_values.offsets[:-1][rows]
    return [substrings(input_values, origin + starts, ends - starts), input_row_splits]


def substrings(strings: StringTensor, starts: np.ndarray, lengths: np.ndarray) -> StringTensor:
    """Stretches of the data of `strings`, by where each starts in it and how many bytes it has."""
    places = ranges(starts, lengths)
    offsets = np.concatenate([np.zeros(1, np.int64), np.cumsum(lengths)])
    return StringTensor.from_buffers(offsets, strings.data[places], (len(lengths),))
