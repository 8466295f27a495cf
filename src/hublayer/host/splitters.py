"""Splitting at white space and where the script changes."""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from hublayer.host.byte_split import substrings
from hublayer.host.character_classes import WHITE_SPACE, text_scripts_of
from hublayer.host.character_cuts import CharacterClasses, cut
from hublayer.host.elements import splits_of
from hublayer.host.registry import host_op
from hublayer.host.row_splits import check_splits

_SPACES = np.array(sorted(WHITE_SPACE))
_RUNS = np.ones(128, np.bool_)
# Code points from which on a character has one byte more in UTF-8.
_MORE_BYTES = np.array([0x80, 0x800, 0x10000])


@lru_cache(maxsize=16)
def _white_space(config: bytes) -> CharacterClasses:
    """Class 1 for the code points whose bit is set in a bitmap, lowest bit of the first byte first."""
    bits = np.unpackbits(np.frombuffer(config, np.uint8), bitorder="little")
    if not len(bits):
        bits = np.zeros(8, np.uint8)
    return CharacterClasses(lambda codes: np.where(codes < len(bits), bits[np.minimum(codes, len(bits) - 1)], 0))


@host_op("TFText>WhitespaceTokenizeWithOffsetsV2")
def whitespace_tokenize_with_offsets_v2(input_values, input_config):
    """Tokens of a vector of strings, row splits (int64), starts and ends in bytes (int32).

    input_config: a bitmap over code points, one bit for each, of what counts as white space. As in the kernel, a token
    ends one byte before the end of the character behind it, which matters where that has several bytes.
    """
    strings = input_values.reshape((-1,))
    pieces = cut(strings, _white_space(input_config.item()), _RUNS)
    places = np.flatnonzero(pieces.classes == 0)
    starts, ends = pieces.spans(places)
    splits = pieces.splits(places)
    rows = np.repeat(np.arange(strings.size), np.diff(splits))
    # A piece behind another one of the same string.
    more = np.zeros(len(places), np.int64)
    followed = np.flatnonzero(places + 1 < pieces.first[rows + 1])
    more[followed] = np.searchsorted(_MORE_BYTES, pieces.codes(places[followed] + 1), "right")
    if more.any():
        ends = ends + more
        tokens = substrings(strings, strings.offsets[:-1][rows] + starts, ends - starts)
    else:
        tokens = pieces.texts(places)
    return [tokens, splits, starts.astype(np.int32), ends.astype(np.int32)]


def _tokens(values: np.ndarray, splits: np.ndarray, segments: np.ndarray, kept: np.ndarray) -> list[np.ndarray]:
    """The outputs for code points in rows that are cut into segments of which only some code points are kept.

    segments: bool, shape (n,): whether a segment begins here (each row begins one). A segment without any is no token.
    """
    places = np.flatnonzero(kept)
    numbers = np.cumsum(segments)[places]
    first = np.ones(len(places), np.bool_)
    first[1:] = numbers[1:] != numbers[:-1]
    begins = np.flatnonzero(first)
    starts = places[begins]
    ends = places[np.append(begins[1:], len(places))[: len(begins)] - 1] + 1
    rows = np.searchsorted(splits, starts, side="right") - 1
    origin = splits[rows].astype(np.int64)
    outer = splits_of(np.bincount(rows, minlength=len(splits) - 1)).astype(splits.dtype)
    inner = np.append(begins, len(places)).astype(splits.dtype)
    return [values[places], inner, starts - origin, ends - origin, outer]


def _row_starts(splits: np.ndarray, size: int) -> np.ndarray:
    check_splits(splits, size)
    begins = np.zeros(size, np.bool_)
    begins[splits[:-1][splits[:-1] < size]] = True
    return begins


@host_op("WhitespaceTokenizeWithOffsets")
def whitespace_tokenize_with_offsets(input_values, input_splits):
    """Rows of code points cut at white space: code points of the tokens, splits, starts, ends, outer splits."""
    begins = _row_starts(input_splits, input_values.size)
    spaces = np.isin(input_values, _SPACES)
    begins[1:] |= spaces[:-1]
    return _tokens(input_values, input_splits, begins, ~spaces)


@host_op("UnicodeScriptTokenizeWithOffsets")
def unicode_script_tokenize_with_offsets(input_values, input_splits, *, keep_whitespace=False):
    """Rows of code points cut where the script changes: code points, their splits, starts and ends, outer splits.

    White space has a script too, and is left out of the tokens at their ends and inside of them; with keep_whitespace
    it is a token of its own.
    """
    begins = _row_starts(input_splits, input_values.size)
    scripts = text_scripts_of(input_values)
    begins[1:] |= scripts[1:] != scripts[:-1]
    spaces = np.isin(input_values, _SPACES)
    if keep_whitespace:
        begins[1:] |= spaces[1:] != spaces[:-1]
        return _tokens(input_values, input_splits, begins, np.ones(input_values.size, np.bool_))
    return _tokens(input_values, input_splits, begins, ~spaces)
