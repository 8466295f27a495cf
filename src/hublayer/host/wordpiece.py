"""WordPiece over a lookup table."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from weakref import WeakKeyDictionary

import numpy as np

from hublayer.host.elements import splits_of
from hublayer.host.lookup_table import LookupTable
from hublayer.host.registry import host_op
from hublayer.host.string_tensor import StringTensor
from hublayer.host.strings_join import as_bytes
from hublayer.host.utf8 import character_ends
from hublayer.host.word_pieces import Piece, WordPieces

_NO_WORD = -1


@dataclass(frozen=True)
class WordpieceOptions:
    """The attributes of the op. Lengths of 0 for max_chars_per_token mean that there is no limit."""

    suffix_indicator: bytes
    max_bytes_per_word: int
    max_chars_per_token: int
    unknown_token: bytes | None
    split_unknown_characters: bool


class Wordpiece:
    """Cuts a word into the longest pieces of a vocabulary, from left to right."""

    def __init__(self, vocabulary: frozenset[bytes], options: WordpieceOptions):
        self._vocabulary = vocabulary
        self._options = options
        # No longer piece can be in the vocabulary, so none is looked for.
        self._longest = max(map(len, vocabulary), default=0)

    def __call__(self, word: bytes) -> list[Piece]:
        """The pieces of one word; their numbers are 0."""
        options = self._options
        if len(word) > options.max_bytes_per_word:
            text = word if options.unknown_token is None else options.unknown_token
            return [Piece(text, 0, 0, len(text))]
        ends = character_ends(word)
        most = options.max_chars_per_token or len(ends)
        pieces: list[Piece] = []
        start = first = 0
        while first < len(ends):
            found = self._longest_match(word, start, ends, first, most)
            if found is None:
                if not options.split_unknown_characters:
                    return [Piece(word if options.unknown_token is None else options.unknown_token, 0, 0, len(word))]
                end = ends[first]
                text = word[start:end] if options.unknown_token is None else options.unknown_token
                text = (options.suffix_indicator if start else b"") + text
                first += 1
            else:
                text, first = found
                end = ends[first - 1]
            pieces.append(Piece(text, 0, start, end))
            start = end
        return pieces

    def _longest_match(
        self, word: bytes, start: int, ends: list[int], first: int, most: int
    ) -> tuple[bytes, int] | None:
        """The longest piece at `start`, which is where character number `first` begins, and the character behind it."""
        prefix = self._options.suffix_indicator if start else b""
        longest = self._longest - len(prefix)
        for last in range(min(first + most, len(ends)) - 1, first - 1, -1):
            if ends[last] - start > longest:
                continue
            text = prefix + word[start : ends[last]]
            if text in self._vocabulary:
                return text, last + 1
        return None


# What tables that never change have cut words into, by options.
_CUTTERS: WeakKeyDictionary[LookupTable, dict[WordpieceOptions, WordPieces]] = WeakKeyDictionary()


def _cutter(table: LookupTable, options: WordpieceOptions) -> WordPieces:
    if table.mutable:
        return WordPieces(Wordpiece(_vocabulary(table), options))
    made = _CUTTERS.setdefault(table, {})
    if options not in made:
        made[options] = WordPieces(Wordpiece(_vocabulary(table), options))
    return made[options]


def _vocabulary(table: LookupTable) -> frozenset[bytes]:
    # Asked for one key, so that a table that was never filled says so.
    table.find(StringTensor.from_list([b""]), np.asarray(_NO_WORD, np.int64))
    keys, values = table.export()
    assert isinstance(keys, StringTensor) and isinstance(values, np.ndarray)
    return frozenset(key for key, value in zip(keys.to_list(), values.tolist(), strict=True) if value != _NO_WORD)


@host_op("WordpieceTokenizeWithOffsets")
def wordpiece_tokenize_with_offsets(
    input_values,
    vocab_lookup_table: Any,
    *,
    suffix_indicator,
    max_bytes_per_word,
    max_chars_per_token=0,
    use_unknown_token,
    unknown_token,
    split_unknown_characters=False,
    output_row_partition_type="row_lengths",
):
    """Pieces of words: texts, row lengths (or splits) by word, starts and ends in bytes of the word.

    The table maps pieces to int64; -1 counts as absent, as in the kernel. A word too long for max_bytes_per_word is one
    piece as long as the unknown token's own text.
    """
    if not isinstance(vocab_lookup_table, LookupTable):
        raise ValueError(f"the handle of a table was expected, but {type(vocab_lookup_table).__name__} came")
    if output_row_partition_type not in ("row_lengths", "row_splits"):
        raise ValueError(f"output_row_partition_type is row_lengths or row_splits, not {output_row_partition_type!r}")
    options = WordpieceOptions(
        as_bytes(suffix_indicator),
        max_bytes_per_word,
        max_chars_per_token,
        as_bytes(unknown_token) if use_unknown_token else None,
        split_unknown_characters,
    )
    pieces = _cutter(vocab_lookup_table, options)(input_values)
    partition = pieces.counts if output_row_partition_type == "row_lengths" else splits_of(pieces.counts)
    return [pieces.texts, partition, pieces.starts, pieces.ends]
