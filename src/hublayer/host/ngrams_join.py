"""N-grams as neighbours joined, over the last axis of dense or ragged strings."""

from __future__ import annotations

import itertools

import numpy as np

from hublayer.host.elements import splits_of
from hublayer.host.registry import host_op
from hublayer.host.row_splits import check_splits
from hublayer.host.string_tensor import StringTensor
from hublayer.host.strings_join import as_bytes


@host_op("TFText>NgramsStringJoin")
def ngrams_string_join(input_values, input_row_splits, *, width, axis, string_separator, RAGGED_RANK=0):
    """`width` neighbours joined by the separator, and the row splits, of which only the innermost change.

    Raises ValueError for a width below 1 and for another axis than the last.
    """
    if width < 1:
        raise ValueError(f"n-grams have a width of at least 1, not {width}")
    rank = input_values.ndim + len(input_row_splits)
    if axis not in (-1, rank - 1):
        raise ValueError(f"n-grams run over the last axis, -1, not over {axis}")
    separator, values = as_bytes(string_separator), input_values.to_list()
    if not input_row_splits:
        length = input_values.shape[-1]
        count = max(length - width + 1, 0)
        joined = [
            separator.join(values[start + i : start + i + width])
            for start in range(0, input_values.size, max(length, 1))
            for i in range(count)
        ]
        return [StringTensor.from_list(joined, (*input_values.shape[:-1], count))]
    *outer, inner = input_row_splits
    splits = check_splits(inner, input_values.size)
    joined = [
        separator.join(values[i : i + width])
        for start, end in itertools.pairwise(splits)
        for i in range(start, end - width + 1)
    ]
    counts = np.maximum(np.diff(inner).astype(np.int64) - width + 1, 0)
    return [StringTensor.from_list(joined), *outer, splits_of(counts).astype(inner.dtype)]
