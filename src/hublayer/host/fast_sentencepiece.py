"""FastSentencepiece: unigram models in the flatbuffer that tensorflow_text converts them to.

The best way through the lattice of pieces, as in Kudo, "Subword Regularization", https://arxiv.org/abs/1804.10959, with
scores in float32.
"""

from __future__ import annotations

import itertools
from functools import lru_cache
from typing import Any

import numpy as np

from hublayer.host.double_array import DoubleArray
from hublayer.host.elements import splits_of
from hublayer.host.execute import HostRun
from hublayer.host.flatbuffer import FlatTable
from hublayer.host.registry import host_op
from hublayer.host.row_splits import check_splits
from hublayer.host.string_tensor import StringTensor
from hublayer.savedmodel.tensors import constant_dtype

_SPACES = b" \t\r\n"
_SPACE_SYMBOL = "\u2581".encode()


def _trie(table: FlatTable | None) -> DoubleArray | None:
    units = None if table is None else table.array(0, "<u4")
    return None if units is None or not len(units) else DoubleArray(units)


class FastSentencepieceEncoder:
    """A model that tokenises. Raises ValueError for a flatbuffer that is none."""

    def __init__(self, buffer: bytes):
        table = FlatTable(buffer)
        if table.scalar(0, "uint8"):
            raise ValueError(f"a FastSentencepiece model of version 0 was expected, not {table.scalar(0, 'uint8')}")
        self.start, self.end = int(table.scalar(1, "int32")), int(table.scalar(2, "int32"))
        self._unknown = int(table.scalar(3, "int32", -1))
        self._penalty = np.float32(table.scalar(4, "float32"))
        self._shift = int(table.scalar(5, "int32"))
        pieces = _trie(table.table(6))
        if pieces is None:
            raise ValueError("broken FastSentencepiece model: it has no pieces")
        self._pieces = pieces
        self._scores = list(table.array(7, "<f4"))
        self._one_space = bool(table.scalar(8, "bool"))
        self._prefix = bool(table.scalar(9, "bool"))
        self._escape = bool(table.scalar(10, "bool"))
        self._replaced = _trie(table.table(11))
        self._replacements = table.array(12, "u1").tobytes()

    def normalized(self, text: bytes) -> bytes:
        """A text with its characters replaced and its spaces as the pieces have them."""
        if not text:
            return text
        if self._prefix:
            text = b" " + text
        if self._replaced is not None and self._replacements:
            text = self._replace(text)
        if self._one_space:
            text = _single_spaces(text)
        if self._escape:
            text = text.translate(bytes.maketrans(_SPACES, b"    ")).replace(b" ", _SPACE_SYMBOL)
        return text

    def _replace(self, text: bytes) -> bytes:
        assert self._replaced is not None
        parts: list[bytes] = []
        place = 0
        while place < len(text):
            matches = list(self._replaced.prefixes(text, place))
            if not matches:
                parts.append(text[place : place + 1])
                place += 1
                continue
            place, begin = matches[-1]  # the longest
            stop = self._replacements.find(b"\0", begin)
            if begin > len(self._replacements) or stop < 0:
                raise ValueError("broken FastSentencepiece model: a replacement lies outside of its pool")
            parts.append(self._replacements[begin:stop])
        return b"".join(parts)

    def ids(self, text: bytes) -> list[int]:
        """The ids of the best pieces of a text."""
        text = self.normalized(text)
        size, unknown = len(text), self._unknown
        scores: list[Any] = [np.float32(0)] * (size + 1)
        codes, before = [-1] * (size + 1), [-1] * (size + 1)
        for place in range(size):
            if place and before[place] < 0:
                continue
            score = scores[place]
            if unknown >= 0:
                reached = score + self._penalty
                if before[place + 1] < 0 or scores[place + 1] < reached:
                    # Unknown neighbours are one unknown piece.
                    origin = before[place] if codes[place] == unknown else place
                    scores[place + 1], codes[place + 1], before[place + 1] = reached, unknown, origin
            for end, piece in self._pieces.prefixes(text, place):
                if piece >= len(self._scores):
                    raise ValueError(f"broken FastSentencepiece model: piece {piece} has no score")
                reached = score + self._scores[piece]
                if before[end] < 0 or scores[end] < reached:
                    scores[end], codes[end], before[end] = reached, piece, place
        ids: list[int] = []
        place = size
        while place > 0 and before[size] >= 0:
            code = codes[place]
            ids.append(code if code == unknown else code + self._shift)
            place = before[place]
        return ids[::-1]


def _single_spaces(text: bytes) -> bytes:
    """Runs of white space as one space; a single one stays what it is; none at the end."""
    parts: list[bytes] = []
    place = 0
    while place < len(text):
        end = place
        while end < len(text) and text[end] in _SPACES:
            end += 1
        if end - place > 1:
            parts.append(b" ")
            place = end
        else:
            parts.append(text[place : place + 1])
            place += 1
    joined = b"".join(parts)
    return joined[:-1] if joined and joined[-1] in _SPACES else joined


class FastSentencepieceDecoder:
    """A model that detokenises. Raises ValueError for a flatbuffer that is none."""

    def __init__(self, buffer: bytes):
        table = FlatTable(buffer)
        if table.scalar(0, "uint8"):
            raise ValueError(f"a FastSentencepiece model of version 0 was expected, not {table.scalar(0, 'uint8')}")
        self._shift = int(table.scalar(1, "int32"))
        self._pieces = table.texts(2)
        self._remove_prefix = bool(table.scalar(5, "bool"))

    def text(self, ids: list[int]) -> bytes:
        """The text of a row of ids. Raises ValueError for an id that there is not."""
        parts: list[bytes] = []
        for number, id_ in enumerate(ids):
            if not 0 <= id_ - self._shift < len(self._pieces):
                raise ValueError(f"there is no piece {id_}: the model has {len(self._pieces)}")
            piece = self._pieces[id_ - self._shift]
            if self._remove_prefix and not number and piece.startswith(b" "):
                piece = piece[1:]
            parts.append(piece)
        return b"".join(parts)


_encoder = lru_cache(maxsize=8)(FastSentencepieceEncoder)
_decoder = lru_cache(maxsize=8)(FastSentencepieceDecoder)


@host_op("TFText>FastSentencepieceTokenize")
def fast_sentencepiece_tokenize(
    run: HostRun,
    sp_model,
    input,
    nbest_size,
    alpha,
    add_bos,
    add_eos,
    reverse,
    *,
    out_type="int32",
    Tsplits="int32",
):
    """Ids (int32) of the best pieces of each text, and row splits. nbest_size and alpha are without effect."""
    if out_type != "int32":
        raise ValueError(f"FastSentencepieceTokenize gives ids of int32, not {out_type}")
    encoder = run.prepared(sp_model, lambda array: _encoder(array.tobytes()))
    before, behind = [encoder.start] * bool(add_bos), [encoder.end] * bool(add_eos)
    rows = [[*before, *encoder.ids(text), *behind] for text in input.to_list()]
    values = [id_ for row in rows for id_ in (row[::-1] if reverse else row)]
    splits = splits_of(np.array([len(row) for row in rows], np.int64))
    return [np.array(values, np.int32), splits.astype(constant_dtype(Tsplits))]


@host_op("TFText>FastSentencepieceDetokenize")
def fast_sentencepiece_detokenize(run: HostRun, sp_model, input_values, input_splits):
    """The text of each row of ids."""
    decoder = run.prepared(sp_model, lambda array: _decoder(array.tobytes()))
    splits, ids = check_splits(input_splits, input_values.size), input_values.tolist()
    rows = itertools.pairwise(splits)
    return StringTensor.from_list([decoder.text(ids[start:end]) for start, end in rows])
