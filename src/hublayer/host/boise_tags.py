"""BOISE tags of tokens (begin, outside, inside, single, end of a span) to spans of text, and back."""

from __future__ import annotations

import itertools

import numpy as np

from hublayer.host.registry import host_op
from hublayer.host.row_splits import check_splits
from hublayer.host.string_tensor import StringTensor

_Span = tuple[int, int, bytes]


def _rows(values: np.ndarray | StringTensor, splits: np.ndarray) -> list[list]:
    listed = values.to_list() if isinstance(values, StringTensor) else values.tolist()
    bounds = check_splits(splits, len(listed))
    return [listed[start:end] for start, end in itertools.pairwise(bounds)]


def _same_lengths(what: str, *rows: list) -> None:
    if len({len(row) for row in rows}) != 1:
        raise ValueError(f"{what} of a row differ in number: {[len(row) for row in rows]}")


def _tag(token: tuple[int, int], spans: list[_Span], strict: bool) -> bytes:
    """The tag of a token; spans that lie before it are taken from the front of the list."""
    start, end = token
    tag = b"O"
    while spans:
        span_start, span_end, kind = spans[0]
        if end <= span_start:
            return tag
        if start >= span_end:
            del spans[0]
            continue
        reaches_start = start <= span_start and end <= span_end
        reaches_end = start >= span_start and end >= span_end
        if reaches_start and reaches_end:
            del spans[0]
            return b"S-" + kind
        if reaches_start:
            return tag if strict and start != span_start else b"B-" + kind
        if reaches_end:
            del spans[0]
            if strict and end != span_end:
                return tag
            tag = b"E-" + kind
        elif start >= span_start:
            return b"I-" + kind
        else:
            del spans[0]
            tag = b"B-" + kind
    return tag


@host_op("TFText>OffsetsToBoiseTags")
def offsets_to_boise_tags(
    input_token_begin_offsets,
    input_token_end_offsets,
    input_span_begin_offsets,
    input_span_end_offsets,
    input_span_type,
    input_token_begin_row_splits,
    input_token_end_row_splits,
    input_span_begin_row_splits,
    input_span_end_row_splits,
    input_span_type_row_splits,
    input_use_strict_boundary_mode,
):
    """The tag of each token, by the spans of its row. Strictly, only tokens that meet a span's ends begin or end it."""
    strict = bool(input_use_strict_boundary_mode)
    tags: list[bytes] = []
    rows = (
        _rows(input_token_begin_offsets, input_token_begin_row_splits),
        _rows(input_token_end_offsets, input_token_end_row_splits),
        _rows(input_span_begin_offsets, input_span_begin_row_splits),
        _rows(input_span_end_offsets, input_span_end_row_splits),
        _rows(input_span_type, input_span_type_row_splits),
    )
    _same_lengths("rows", *rows)
    for begins, ends, span_begins, span_ends, kinds in zip(*rows, strict=True):
        _same_lengths("starts and ends of tokens", begins, ends)
        _same_lengths("starts, ends and types of spans", span_begins, span_ends, kinds)
        spans = list(zip(span_begins, span_ends, kinds, strict=True))
        tags += [_tag(token, spans, strict) for token in zip(begins, ends, strict=True)]
    return StringTensor.from_list(tags)


def _spans(begins: list[int], ends: list[int], tags: list[bytes]) -> list[_Span]:
    """The spans of one row. One that is left open ends with the token before the next one outside, or with the row."""
    spans: list[_Span] = []
    start, kind = -1, b""
    for number, tag in enumerate(tags):
        letter = tag[:2]
        if letter in (b"B-", b"I-"):
            start, kind = (begins[number] if start < 0 else start), tag[2:]
        elif letter in (b"E-", b"S-"):
            spans.append((begins[number] if start < 0 else start, ends[number], tag[2:]))
            start = -1
        elif tag.startswith(b"O") and start >= 0:
            spans.append((start, ends[number - 1], kind))
            start = -1
    if start >= 0:
        spans.append((start, ends[-1], kind))
    return spans


@host_op("TFText>BoiseTagsToOffsets")
def boise_tags_to_offsets(
    input_token_begin_offsets,
    input_token_end_offsets,
    input_boise_tags,
    input_token_begin_row_splits,
    input_token_end_row_splits,
    input_boise_tags_row_splits,
):
    """Starts and ends (int32) and types of the spans that tags describe, and their row splits (int64)."""
    rows = (
        _rows(input_token_begin_offsets, input_token_begin_row_splits),
        _rows(input_token_end_offsets, input_token_end_row_splits),
        _rows(input_boise_tags, input_boise_tags_row_splits),
    )
    _same_lengths("rows", *rows)
    spans: list[_Span] = []
    splits = [0]
    for begins, ends, tags in zip(*rows, strict=True):
        _same_lengths("starts, ends and tags of tokens", begins, ends, tags)
        spans += _spans(begins, ends, tags)
        splits.append(len(spans))
    starts, ends = (np.array([span[place] for span in spans], np.int32) for place in (0, 1))
    return [starts, ends, StringTensor.from_list([span[2] for span in spans]), np.array(splits, np.int64)]
