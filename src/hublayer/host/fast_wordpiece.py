"""FastWordpiece: WordPiece in one pass over a trie with failure links, which come with the model as a flatbuffer.

Algorithm: Song and others, "Fast WordPiece Tokenization", https://arxiv.org/abs/2012.15524. A model that takes whole
texts splits them at white space and at punctuation first.
"""

from __future__ import annotations

import itertools
from functools import cached_property, lru_cache

import numpy as np

from hublayer.host.character_classes import WHITE_SPACE, punctuation
from hublayer.host.character_cuts import CharacterClasses, cut
from hublayer.host.double_array import LABEL, ROOT, DoubleArray
from hublayer.host.elements import splits_of
from hublayer.host.execute import HostRun
from hublayer.host.flatbuffer import FlatTable
from hublayer.host.registry import host_op
from hublayer.host.row_splits import check_splits
from hublayer.host.string_tensor import StringTensor
from hublayer.host.utf8 import characters
from hublayer.host.word_pieces import Piece, Pieces, WordPieces

_NO_NODE = 0xFFFFFFFF
_NO_POPS = 0xFFFFFFFF
_SPACES = np.array(sorted(WHITE_SPACE))
# Classes of characters: 0 within a word, 1 white space, 2 a word of its own.
_RUNS = np.ones(128, np.bool_)
_RUNS[2] = False
_NOTHING_READ = -2


class FastWordpieceModel:
    """A model out of its flatbuffer. Raises ValueError for one that does not hang together.

    A token in the trie or in the pool of failure pops is a number: bits 0 to 7 its length in bytes without the suffix
    indicator, less 1; bits 8 to 29 its id; bit 30 whether it is a suffix.
    """

    def __init__(self, buffer: bytes):
        table = FlatTable(buffer)
        units = table.array(0, "<u4")
        self.trie = DoubleArray(units)
        failures = table.array(1, "<u4,<u4")
        self.pool = table.array(2, "<u4").tolist()
        self.links, self.pops = failures["f0"].tolist(), failures["f1"].tolist()
        _check_failures(failures, len(units), len(self.pool))
        self.suffix_root = table.scalar(3, "uint32")
        self._most_bytes = int(table.scalar(4, "int32"))
        self.suffix = table.text(5)
        self.unknown = table.text(6)
        self.unknown_id = int(table.scalar(7, "int32"))
        self.suffix_alone = table.array(8, "<u4").tolist()
        self.punctuation_node = table.scalar(9, "uint32")
        self.takes_texts = bool(table.scalar(10, "bool"))
        self._joins = bool(table.scalar(11, "bool"))
        self._vocabulary = table.texts(12)
        self._is_suffix = table.array(13, "?").tolist()
        self._punctuation = punctuation()
        self._pieces = WordPieces(self._text if self.takes_texts else self._word)

    @cached_property
    def _classes(self) -> CharacterClasses:
        # Words end at punctuation, so a text may be cut there if no token of the trie goes on behind it or before it.
        inner = self.trie.inner_labels()
        alone = [
            code
            for code in range(1, 0x80)
            if code in self._punctuation and not inner[code] and self.trie.step(ROOT, code) >= 0
        ]
        return CharacterClasses(
            lambda codes: np.where(np.isin(codes, _SPACES), 1, np.where(np.isin(codes, alone), 2, 0))
        )

    def __call__(self, strings: StringTensor) -> tuple[Pieces, np.ndarray]:
        """The pieces of a vector of strings, starts and ends in bytes of their string, and row splits (int64)."""
        # Without a suffix indicator an unknown word may take the words before it with it.
        if not self.takes_texts or not self.suffix:
            pieces = self._pieces(strings)
            return pieces, splits_of(pieces.counts)
        words = cut(strings, self._classes, _RUNS)
        places = np.flatnonzero(words.classes != 1)
        pieces = self._pieces(words.texts(places))
        origin = np.repeat(words.spans(places)[0], pieces.counts)
        moved = Pieces(pieces.texts, pieces.ids, pieces.starts + origin, pieces.ends + origin, pieces.counts)
        return moved, splits_of(pieces.counts)[words.splits(places)]

    def _word(self, word: bytes) -> list[Piece]:
        """The pieces of one word."""
        output = _Output(self)
        if len(word) > self._most_bytes:
            output.unknown(0, len(word))
            return output.pieces
        path = _Path(self, word, 0, output)
        if path.read():
            path.finish(len(word))
        else:
            output.unknown(0, len(word))
        return output.pieces

    def _text(self, text: bytes) -> list[Piece]:
        """The pieces of a text."""
        if text.isascii() and text.isalnum():
            return self._word(text)
        found = list(characters(text))
        starts = [0, *(end for _, end in found)]
        output = _Output(self)
        number, code = 0, _NOTHING_READ
        while number < len(found):
            begin = starts[number]
            path = _Path(self, text[begin:], begin, output)
            while number < len(found):
                # What was read last, which is this very character where a word begins at one that was looked at.
                before, (code, end) = code, found[number]
                if end - begin > self._most_bytes or not path.advance(text[starts[number] : end]):
                    break
                number += 1
            else:
                path.finish(len(text) - begin)
                break
            white = code in WHITE_SPACE
            if white or code in self._punctuation or (number and before in self._punctuation):
                path.finish(starts[number] - begin)
                number += white
                continue
            number, end = self._end_of_word(found, number + 1)
            output.unknown(begin, end)
        return output.pieces

    def _end_of_word(self, found: list[tuple[int, int]], number: int) -> tuple[int, int]:
        """From a character in a word on: the number of the first one behind the word and its white space, its end."""
        while number < len(found):
            code = found[number][0]
            if code in WHITE_SPACE:
                return number + 1, found[number - 1][1]
            if code in self._punctuation:
                break
            number += 1
        return number, found[number - 1][1]

    def joined(self, ids: list[int]) -> bytes:
        """The text of a row of ids. Raises ValueError for an id that there is not, and for a model without words."""
        if not self._joins:
            raise ValueError("the model was built without support_detokenization, so it does not hold its vocabulary")
        words: list[bytes] = []
        for number, id_ in enumerate(ids):
            if not 0 <= id_ < min(len(self._vocabulary), len(self._is_suffix)):
                raise ValueError(f"there is no token {id_}: the vocabulary has {len(self._vocabulary)}")
            if number and self._is_suffix[id_]:
                words[-1] += self._vocabulary[id_]
            else:
                words.append((self.suffix if self._is_suffix[id_] else b"") + self._vocabulary[id_])
        return b" ".join(words)


def _check_failures(failures: np.ndarray, nodes: int, pool: int) -> None:
    links, pops = failures["f0"], failures["f1"]
    linked = links[links != _NO_NODE]
    lists = pops[pops != _NO_POPS]
    ends = (lists >> 8).astype(np.int64) + (lists & 0xFF) + 1
    if len(failures) != nodes or (linked >= nodes).any() or (ends > pool).any():
        raise ValueError("broken FastWordpiece model: its failure links lead out of its trie or its pool of tokens")


class _Output:
    """The pieces so far, and how many of them stay if the word at hand turns out to be unknown."""

    def __init__(self, model: FastWordpieceModel):
        self.pieces: list[Piece] = []
        self.settled = 0
        self._model = model

    def unknown(self, start: int, end: int) -> None:
        """The unknown token in place of all pieces that are not settled."""
        del self.pieces[self.settled :]
        self.pieces.append(Piece(self._model.unknown, self._model.unknown_id, start, end))
        self.settled += 1


class _Path:
    """Where a word stands in the trie; pieces are put out as they are recognised on the way."""

    def __init__(self, model: FastWordpieceModel, word: bytes, begin: int, output: _Output):
        self._model, self._word, self._begin, self._output = model, word, begin, output
        self._node = ROOT
        self._offset = 0
        # Each failure gives up at least one byte of what was read; a model may claim otherwise.
        self._failures_left = len(word) + 2 * len(model.suffix) + 2

    def advance(self, step: bytes) -> bool:
        """Read the bytes of one character; False if no failure leads to a node that goes on with them."""
        trie = self._model.trie
        while True:
            node = trie.walk(self._node, step)
            if node >= 0:
                self._node = node
                return True
            if not self._follow_failure():
                return False

    def read(self) -> bool:
        """Read all bytes of the word, one by one; as `advance`."""
        units = self._model.trie.units
        count, node = len(units), self._node
        for byte in self._word:
            while True:
                unit = units[node]
                child = node ^ ((unit >> 10) << ((unit & 0x200) >> 6)) ^ byte
                if child < count and units[child] & LABEL == byte:
                    node = child
                    break
                self._node = node
                if not self._follow_failure():
                    return False
                node = self._node
        self._node = node
        return True

    def finish(self, size: int) -> None:
        """Put out what is left of the word, which has `size` bytes."""
        model, output = self._model, self._output
        if self._node == ROOT:
            # With an empty suffix indicator a whole word may have been put out, and then it is not settled.
            return
        if self._node == model.suffix_root and not self._offset:
            if len(model.suffix_alone) == 1 and _id(model.suffix_alone[0]) == model.unknown_id:
                output.unknown(self._begin, self._begin + size)
            else:
                for token in model.suffix_alone:
                    self._append(token)
                output.settled = len(output.pieces)
            return
        while self._node not in (model.suffix_root, model.punctuation_node):
            if not self._follow_failure():
                output.unknown(self._begin, self._begin + size)
                return
        output.settled = len(output.pieces)

    def _follow_failure(self) -> bool:
        """Put out the longest pieces at the start of what was read; False if there are none."""
        model = self._model
        token = model.trie.value(self._node)
        link = model.links[self._node]
        if token >= 0:
            self._append(token)
        elif link == _NO_NODE:
            return False
        else:
            first, count = model.pops[self._node] >> 8, (model.pops[self._node] & 0xFF) + 1
            for token in model.pool[first : first + count]:
                self._append(token)
        self._failures_left -= 1
        if link == _NO_NODE or self._failures_left < 0:
            raise ValueError("broken FastWordpiece model: its failure links lead nowhere or round in circles")
        self._node = link
        return True

    def _append(self, token: int) -> None:
        model = self._model
        length, id_ = (token & 0xFF) + 1, _id(token)
        if not self._offset and token >> 30 & 1:
            length += len(model.suffix)
        text = model.unknown if id_ == model.unknown_id else self._word[self._offset : self._offset + length]
        if self._offset:
            text = model.suffix + text
        start = self._begin + self._offset
        self._output.pieces.append(Piece(text, id_, start, start + length))
        self._offset += length


def _id(token: int) -> int:
    return (token & 0x3FFFFFFF) >> 8


_model = lru_cache(maxsize=8)(FastWordpieceModel)


def _prepared(run: HostRun, wp_model: np.ndarray) -> FastWordpieceModel:
    return run.prepared(wp_model, lambda array: _model(array.tobytes()))


@host_op("FastWordpieceTokenizeWithOffsets")
def fast_wordpiece_tokenize_with_offsets(run: HostRun, input_values, wp_model):
    """Pieces of a vector of texts, or words, as the model takes them: texts, ids, row splits, starts, ends (int64)."""
    pieces, splits = _prepared(run, wp_model)(input_values.reshape((-1,)))
    return [pieces.texts, pieces.ids, splits, pieces.starts, pieces.ends]


@host_op("TFText>FastWordpieceDetokenize")
def fast_wordpiece_detokenize(run: HostRun, input_values, input_row_splits, wp_model):
    """The text of each row of ids (int32): pieces joined to words, words joined by spaces."""
    model = _prepared(run, wp_model)
    splits, ids = check_splits(input_row_splits, input_values.size), input_values.tolist()
    rows = itertools.pairwise(splits)
    return StringTensor.from_list([model.joined(ids[start:end]) for start, end in rows])
