"""Tokeniser models that are damaged, and what is kept between calls."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from host.text_models import HARD, models
from hublayer.host.double_array import DoubleArray
from hublayer.host.fast_bert_normalizer import FastBertNormalizer
from hublayer.host.fast_sentencepiece import FastSentencepieceDecoder, FastSentencepieceEncoder
from hublayer.host.fast_wordpiece import FastWordpieceModel
from hublayer.host.phrase_tokenizer import PhraseTokenizer
from hublayer.host.sentencepiece_ops import SentencepieceModel
from hublayer.host.string_tensor import StringTensor
from hublayer.host.word_pieces import Piece, WordPieces

SENTENCES = st.text(" abnopqé,#~", max_size=20).map(str.encode)
TEXTS = StringTensor.from_numpy(HARD)
USES = {
    "wordpiece_words": lambda buffer: FastWordpieceModel(buffer)(TEXTS),
    "wordpiece_short": lambda buffer: FastWordpieceModel(buffer)(TEXTS),
    "normalizer_cased": lambda buffer: [FastBertNormalizer(buffer).with_offsets(text) for text in TEXTS.to_list()],
    "fast_unigram": lambda buffer: [FastSentencepieceEncoder(buffer).ids(text) for text in TEXTS.to_list()[:12]],
    "fast_unigram_decoder": lambda buffer: FastSentencepieceDecoder(buffer).text([1, 5, 60]),
    "phrases": lambda buffer: [PhraseTokenizer(buffer).tokens(text) for text in TEXTS.to_list()],
    "unigram": lambda buffer: SentencepieceModel(buffer).tokens(TEXTS.to_list()),
}


@pytest.mark.parametrize("name", USES)
def test_a_damaged_model_is_a_value_error_or_gives_other_tokens(name):
    whole = models()[name].tobytes()
    rng = np.random.default_rng(len(name))
    damaged = [whole[: int(cut)] for cut in rng.integers(0, len(whole), 25)]
    for _ in range(60):
        bytes_ = bytearray(whole)
        for place in rng.integers(0, len(whole), 8):
            bytes_[place] = rng.integers(256)
        damaged.append(bytes(bytes_))
    for place in range(60):
        damaged.append(whole[:place] + b"\xff" + whole[place + 1 :])
    for buffer in damaged:
        try:
            USES[name](buffer)
        except ValueError:
            continue


def test_failures_that_go_round_in_circles_end():
    model = FastWordpieceModel(models()["wordpiece_words"].tobytes())
    model.links = list(range(len(model.links)))
    with pytest.raises(ValueError, match="round in circles"):
        model(StringTensor.from_list([b"a~"]))


def test_words_are_cut_once_and_forgotten_when_there_are_too_many():
    cuts: list[bytes] = []

    def cut(word: bytes) -> list[Piece]:
        cuts.append(word)
        return [Piece(word[i : i + 1], i, i, i + 1) for i in range(len(word))]

    pieces = WordPieces(cut, most_pieces=10)
    words = StringTensor.from_list([b"ab", b"", b"ab", b"c"])
    for _ in range(2):
        found = pieces(words)
        assert found.texts.to_list() == [b"a", b"b", b"a", b"b", b"c"]
        assert found.counts.tolist() == [2, 0, 2, 1]
        assert found.starts.tolist() == [0, 1, 0, 1, 0]
    assert cuts == [b"ab", b"", b"c"]
    pieces(StringTensor.from_list([b"x" * 20]))
    assert pieces(words).texts.to_list() == [b"a", b"b", b"a", b"b", b"c"]
    assert cuts.count(b"ab") == 2


def test_bytes_inside_of_a_trie():
    model = FastWordpieceModel(models()["wordpiece_words"].tobytes())
    inner = model.trie.inner_labels()
    assert inner[ord("n")] and inner[ord("#")] and not inner[ord(",")] and not inner[ord("~")]
    with pytest.raises(ValueError, match="no units"):
        DoubleArray(np.zeros(0, np.uint32))


@settings(max_examples=60, deadline=None)
@given(few=st.lists(st.text(max_size=30).map(str.encode) | st.binary(max_size=8), min_size=1, max_size=6))
@pytest.mark.parametrize("name", ["normalizer_cased", "normalizer_lower"])
def test_a_large_batch_is_normalized_as_each_text_is(name, few):
    normalizer = FastBertNormalizer(models()[name].tobytes())
    given_ = np.empty(70, object)
    given_[:] = (few * 70)[:70]
    expected = ([normalizer.with_offsets(text)[0] for text in few] * 70)[:70]
    for strings in (StringTensor.from_numpy(given_), StringTensor(StringTensor.from_list(list(given_)).array, (70,))):
        assert normalizer.normalized(strings).to_list() == expected


@settings(max_examples=20, deadline=None)
@given(few=st.lists(SENTENCES, min_size=3, max_size=6), seed=st.integers(0, 99))
def test_a_large_batch_is_cut_as_each_text_is(few, seed):
    model = FastWordpieceModel(models()["wordpiece_texts"].tobytes())
    order = np.random.default_rng(seed).integers(0, len(few), 300)
    for _ in range(3):  # first nothing is known, then all of it, and at last by the index
        found, splits = model(StringTensor.from_list([few[i] for i in order]))
        each = [model(StringTensor.from_list([text]))[0] for text in few]
        assert found.texts.to_list() == [piece for i in order for piece in each[i].texts.to_list()]
        assert found.starts.tolist() == [start for i in order for start in each[i].starts.tolist()]
        assert np.diff(splits).tolist() == [each[i].texts.size for i in order]
