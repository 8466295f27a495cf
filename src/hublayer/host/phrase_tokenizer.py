"""PhraseTokenize: words joined to the longest phrases of a vocabulary, which comes as a flatbuffer."""

from __future__ import annotations

import itertools
from functools import lru_cache

import numpy as np

from hublayer.host.double_array import DoubleArray
from hublayer.host.execute import HostRun
from hublayer.host.flatbuffer import FlatTable
from hublayer.host.registry import host_op
from hublayer.host.row_splits import check_splits
from hublayer.host.string_tensor import StringTensor
from hublayer.host.utf8 import NO_CHARACTER, characters


class PhraseTokenizer:
    """A tokeniser out of its flatbuffer. Raises ValueError for one that does not hang together."""

    def __init__(self, buffer: bytes):
        table = FlatTable(buffer)
        self._unknown = table.text(1)
        self._unknown_id = int(table.scalar(2, "int32"))
        self._joins = bool(table.scalar(3, "bool"))
        self._vocabulary = table.texts(4)
        trie = table.table(5)
        self._trie = DoubleArray(np.zeros(0, np.uint32) if trie is None else trie.array(0, "<u4"))
        self._spaces = np.unpackbits(np.frombuffer(table.text(6), np.uint8), bitorder="little").tolist()
        # How likely a phrase is taken although a longer one may follow, in percent.
        self._probability = float(table.scalar(7, "int32")) / 100
        self._random = np.random.default_rng()

    def _words(self, text: bytes) -> bytes:
        """The words of a text, one space between them."""
        words, begin, place = [], 0, 0
        for code, end in characters(text):
            if code != NO_CHARACTER and code < len(self._spaces) and self._spaces[code]:
                if place > begin:
                    # As in the kernel, a word ends one byte before the end of the white space behind it.
                    words.append(text[begin : end - 1])
                begin = end
            place = end
        return b" ".join([*words, text[begin:]] if place > begin else words)

    def tokens(self, text: bytes) -> list[tuple[bytes, int]]:
        """Phrases of a text and their ids; a word that begins no phrase is the unknown token."""
        text = self._words(text)
        found: list[tuple[bytes, int]] = []
        place = 0
        while place < len(text):
            phrase = None
            for end, id_ in self._trie.prefixes(text, place):
                if end == len(text) or text[end] == 0x20:
                    phrase = end, id_
                    if self._probability > 0 and self._random.random() < self._probability:
                        break
            if phrase is None:
                found.append((self._unknown, self._unknown_id))
                space = text.find(b" ", place)
                place = len(text) if space < 0 else space + 1
            else:
                found.append((text[place : phrase[0]], phrase[1]))
                place = phrase[0] + 1
        return found

    def text(self, ids: list[int]) -> bytes:
        """The phrases of a row of ids, joined by spaces. Raises ValueError for an id that there is not."""
        if not self._joins:
            raise ValueError("the model was built without support_detokenization, so it does not hold its vocabulary")
        for id_ in ids:
            if not 0 <= id_ < len(self._vocabulary):
                raise ValueError(f"there is no phrase {id_}: the vocabulary has {len(self._vocabulary)}")
        return b" ".join(self._vocabulary[id_] for id_ in ids)


_tokenizer = lru_cache(maxsize=8)(PhraseTokenizer)


@host_op("PhraseTokenize")
def phrase_tokenize(run: HostRun, input_values, phrase_model):
    """Phrases of a vector of texts, their ids and row splits (int64)."""
    tokenizer = run.prepared(phrase_model, lambda array: _tokenizer(array.tobytes()))
    rows = [tokenizer.tokens(text) for text in input_values.to_list()]
    phrases = StringTensor.from_list([phrase for row in rows for phrase, _ in row])
    ids = np.array([id_ for row in rows for _, id_ in row], np.int64)
    return [phrases, ids, np.cumsum([0, *map(len, rows)], dtype=np.int64)]


@host_op("TFText>PhraseDetokenize")
def phrase_detokenize(run: HostRun, input_values, input_row_splits, phrase_model):
    """The text of each row of ids (int32)."""
    tokenizer = run.prepared(phrase_model, lambda array: _tokenizer(array.tobytes()))
    splits, ids = check_splits(input_row_splits, input_values.size), input_values.tolist()
    rows = itertools.pairwise(splits)
    return StringTensor.from_list([tokenizer.text(ids[start:end]) for start, end in rows])
