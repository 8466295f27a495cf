"""N-grams of the strings of ragged rows."""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from hublayer.host.registry import host_op
from hublayer.host.string_tensor import StringTensor
from hublayer.host.strings_join import as_bytes

# Pads take memory before there is a string between them.
_WIDEST = 1 << 16


@host_op("StringNGrams")
def string_ngrams(
    data, data_splits, *, separator, ngram_widths, left_pad, right_pad, pad_width, preserve_short_sequences
):
    """For each row, for each width, `width` neighbours joined, and the row splits of the result.

    Rows are padded with at most pad_width strings at each side, or with one less than the width if it is negative.
    With preserve_short_sequences a row too short for any width is one n-gram of all its strings and pads.
    """
    splits = data_splits.tolist()
    if any(not 0 < width <= _WIDEST for width in ngram_widths) or pad_width > _WIDEST:
        raise ValueError(f"the widths of n-grams must be 1 to {_WIDEST}, but they are {ngram_widths}, pads {pad_width}")
    if splits:
        _check_splits(splits, data.size)
    if not data.size or not splits:
        return [StringTensor.from_list([]), np.zeros_like(data_splits)]
    between, left, right = (as_bytes(text) for text in (separator, left_pad, right_pad))
    values = data.to_list()
    ngrams: list[bytes] = []
    ends = [0]
    for start, end in pairwise(splits):
        row, before = values[start:end], len(ngrams)
        for width in ngram_widths:
            pads = width - 1 if pad_width < 0 else min(pad_width, width - 1)
            padded = [left] * pads + row + [right] * pads
            ngrams += [between.join(padded[i : i + width]) for i in range(len(padded) - width + 1)]
        if preserve_short_sequences and len(ngrams) == before and row:
            pads = max(max(ngram_widths) - 1 if pad_width < 0 else pad_width, 0)
            ngrams.append(between.join([left] * pads + row + [right] * pads))
        ends.append(len(ngrams))
    return [StringTensor.from_list(ngrams), np.array(ends, data_splits.dtype)]


def _check_splits(splits: list[int], size: int) -> None:
    if splits[0] != 0 or splits[-1] != size or any(a > b for a, b in pairwise(splits)):
        raise ValueError(f"row splits must rise from 0 to {size}, but they are {splits[:8]}")
