"""Splitting strings into tokens: a sparse tensor's indices, values and dense shape."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain

import numpy as np
import pyarrow.compute as pc

from hublayer.graph.passes.split_rows import SPLIT_ROWS
from hublayer.graph.row_ids import RowIds
from hublayer.host.byte_sets import ByteSet, byte_set, region, where
from hublayer.host.registry import host_op
from hublayer.host.string_tensor import FEW, StringTensor

WHITESPACE = byte_set(b" \t\n\v\f\r")


Tokens = tuple[np.ndarray, StringTensor]  # how many each string has (int64), and all of them


def _sparse(tokens: Tokens) -> list:
    """Indices [n, 2], values [n] and dense shape [2]."""
    counts, values = tokens
    rows, n = len(counts), values.size
    indices = np.empty((n, 2), np.int64)
    indices[:, 0] = np.repeat(np.arange(rows), counts)
    first = np.cumsum(counts)
    first -= counts
    np.subtract(np.arange(n), first.repeat(counts), out=indices[:, 1])
    return [indices, values, _dense_shape(counts)]


def _dense_shape(counts: np.ndarray) -> np.ndarray:
    return np.array([len(counts), counts.max() if len(counts) else 0], np.int64)


def _at_separators(source: StringTensor, separators: np.ndarray, data: np.ndarray, *, of_empty: int) -> Tokens:
    """Split before and after each byte of the strings' bytes `data` where `separators` is true, and drop those bytes.

    of_empty: how many tokens an empty string has, 0 or 1.
    """
    offsets = source.offsets - source.offsets[0]
    places = np.flatnonzero(separators)
    before = np.searchsorted(places, offsets[1:])  # separators before the end of each string
    rows, n = source.size, len(places)
    # Tokens end at separators and at the ends of strings, in the order of their places.
    ends = np.empty(rows + n + 1, np.int64)
    ends[0] = 0
    is_string_end = np.zeros(rows + n, bool)
    last = before + np.arange(rows)
    is_string_end[last] = True
    ends[1:][is_string_end] = offsets[1:] - before
    ends[1:][~is_string_end] = places - np.arange(n)
    kept = None
    if not of_empty and (empty := np.diff(offsets) == 0).any():
        kept = np.ones(rows + n, bool)
        kept[last[empty]] = False
    if kept is not None:
        through = np.cumsum(kept)[last]
        ends = np.concatenate((ends[:1], ends[1:][kept]))
    else:
        through = last + 1
    values = StringTensor.from_buffers(ends, where(data, ~separators), (len(ends) - 1,))
    return np.diff(through, prepend=0), values


def _between_separators(source: StringTensor, separators: np.ndarray, data: np.ndarray) -> Tokens:
    """The runs of the strings' bytes `data` where `separators` is false; a run ends with its string."""
    offsets = source.offsets - source.offsets[0]
    if not offsets[-1]:
        return _from_lists([[]] * source.size)
    inside = ~separators
    first = inside.copy()
    first[1:] &= separators[:-1]
    filled = offsets[:-1] < offsets[1:]
    firsts, lasts = offsets[:-1][filled], offsets[1:][filled] - 1
    first[firsts] = inside[firsts]
    starts = np.flatnonzero(first)
    before = np.searchsorted(starts, offsets)
    counts = np.diff(before)
    if np.count_nonzero(separators) == len(starts) - np.count_nonzero(counts):
        # One separator stands between any two neighbours, and no other one anywhere.
        ends = np.empty_like(starts)
        np.subtract(starts[1:], 1, out=ends[:-1])
        ends[before[1:][filled] - 1] = offsets[1:][filled]
    else:
        last = inside.copy()
        last[:-1] &= separators[1:]
        last[lasts] = inside[lasts]
        ends = np.flatnonzero(last) + 1
    return counts, StringTensor.from_pieces(starts, ends, data, (len(starts),))


def _in_joined(raw: bytes, between: bytes, separators: ByteSet) -> Tokens:
    """The runs of bytes that are no separators in strings that are joined."""
    data = np.frombuffer(raw, np.uint8)
    mask = separators.mask(data)
    if between not in separators.members:
        mask |= data == between[0]
    places = np.flatnonzero(mask)
    starts, ends = np.empty(len(places) + 1, np.int64), np.empty(len(places) + 1, np.int64)
    starts[0], ends[-1], ends[:-1] = 0, len(data), places
    np.add(places, 1, out=starts[1:])
    # The number of the first run behind each string.
    stops = np.append(np.flatnonzero(data.take(places) == between[0]) + 1, len(starts))
    filled = starts < ends
    if not filled.all():
        kept = np.flatnonzero(filled)
        starts, ends, stops = starts.take(kept), ends.take(kept), np.searchsorted(kept, stops)
    return np.diff(stops, prepend=0), StringTensor.from_pieces(starts, ends, data, (len(starts),))


def _from_lists(tokens: Sequence[list[bytes]]) -> Tokens:
    counts = np.fromiter(map(len, tokens), np.int64, len(tokens))
    return counts, StringTensor.from_list(list(chain.from_iterable(tokens)))


def _vector(input: StringTensor, separator: StringTensor, name: str) -> bytes:
    if input.ndim != 1:
        raise ValueError(f"the input must be a vector of strings, but its shape is {input.shape}")
    if separator.shape != ():
        raise ValueError(f"{name} must be one string, but its shape is {separator.shape}")
    return separator.item()


@host_op("StringSplit")
def string_split(input, delimiter, *, skip_empty=True):
    """Split at each byte that is in `delimiter`; into single bytes if it is empty."""
    return _sparse(_split_at_bytes(input, delimiter, skip_empty))


def _split_at_bytes(input: StringTensor, delimiter: StringTensor, skip_empty: bool) -> Tokens:
    separators = _vector(input, delimiter, "delimiter")
    if not input.size:
        return np.zeros(0, np.int64), StringTensor.from_list([])
    if skip_empty and separators and input.joined is not None and input.size > FEW:
        return _in_joined(*input.joined, byte_set(separators))
    data = region(input)
    if not separators:
        counts = np.diff(input.offsets)
        return counts, StringTensor.from_buffers(np.arange(len(data) + 1), data, (len(data),))
    if input.size <= FEW and len(separators) == 1:
        tokens = [value.split(separators) if value else [] for value in input.to_list()]
        return _from_lists([list(filter(None, found)) for found in tokens] if skip_empty else tokens)
    mask = byte_set(separators).mask(data)
    return _between_separators(input, mask, data) if skip_empty else _at_separators(input, mask, data, of_empty=0)


@host_op("StringSplitV2")
def string_split_v2(input, sep, *, maxsplit=-1):
    """Split at `sep`, or at runs of ASCII whitespace if it is empty, as Python's split; at most `maxsplit` times.

    Where whitespace was to be split `maxsplit` times and just as many tokens were found, an empty rest follows them.
    """
    return _sparse(_split_at_string(input, sep, maxsplit))


def _split_at_string(input: StringTensor, sep: StringTensor, maxsplit: int) -> Tokens:
    separator = _vector(input, sep, "sep")
    if not input.size:
        return np.zeros(0, np.int64), StringTensor.from_list([])
    if maxsplit == 0:
        return np.ones(input.size, np.int64), input
    if separator and (len(separator) > 1 or maxsplit > 0):
        tokens = pc.split_pattern(input.array, separator, max_splits=None if maxsplit < 0 else maxsplit)  # pyright: ignore[reportAttributeAccessIssue]
        values = tokens.flatten()
        return np.diff(tokens.offsets.to_numpy()).astype(np.int64), StringTensor(values, (len(values),))
    if maxsplit > 0:
        tokens = [value.split(None, maxsplit) for value in input.to_list()]
        return _from_lists([[*found, b""] if len(found) == maxsplit else found for found in tokens])
    if input.size <= FEW:
        return _from_lists([value.split(separator or None) for value in input.to_list()])
    if input.joined is not None and not separator:
        return _in_joined(*input.joined, WHITESPACE)
    data = region(input)
    if not separator:
        return _between_separators(input, WHITESPACE.mask(data), data)
    return _at_separators(input, data == separator[0], data, of_empty=1)


@host_op(SPLIT_ROWS)
def split_rows(input, sep, *, op, skip_empty=True, maxsplit=-1):
    """As StringSplit or StringSplitV2, with the row of each token in place of its indices."""
    split_at_bytes = op == "StringSplit"
    tokens = _split_at_bytes(input, sep, skip_empty) if split_at_bytes else _split_at_string(input, sep, maxsplit)
    counts, values = tokens
    return [RowIds.of(counts), values, _dense_shape(counts)]
