"""Random text through tensorflow_text's own kernels and through the host's ops."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lowering.case import Case, i64

from host.cases.text_splitting import CONFIG, PATTERNS
from host.collect import text
from host.test_host_ops import equal, run_case
from host.text_models import models

pytest.importorskip("tensorflow_text", reason="its kernels are the reference")
if keras.config.backend() != "tensorflow":
    pytest.skip("once is enough, on the TensorFlow backend", allow_module_level=True)

PARTS = st.one_of(
    st.text(max_size=6).map(str.encode),
    st.text("abcdefghz#[]UNK ,.'éА日\u0301\u0323\u0345\u200d\u1100\u1161\u11a8", max_size=12).map(str.encode),
    st.sampled_from(
        [b"\xff", b"\xe2\x82", b"\xc3", b"\x00", b"\xed\xa0\x80", b" ", b"\t", "\u3000".encode(), b"unwanted"]
    ),
)
TEXTS = st.lists(st.lists(PARTS, max_size=5).map(b"".join), min_size=1, max_size=6)


def vector(values: list[bytes]) -> np.ndarray:
    array = np.empty(len(values), object)
    array[:] = values
    return array


def check(op: str, inputs: tuple[Any, ...], attrs: dict[str, Any] | None = None) -> None:
    """The op gives the same in TensorFlow and on the host."""
    from make_host_goldens import reference

    case = Case(op, inputs, attrs or {})
    for found, expected in zip(run_case(case), reference(case), strict=True):
        equal(found, expected, 1e-6)


@pytest.mark.parametrize("form", ["NFC", "NFD", "NFKC", "NFKD"])
@settings(max_examples=200, deadline=None)
@given(values=TEXTS)
def test_normalisation(form, values):
    check("NormalizeUTF8", (vector(values),), {"normalization_form": form})


@settings(max_examples=300, deadline=None)
@given(values=TEXTS)
def test_case_folding(values):
    check("CaseFoldUTF8", (vector(values),))


@pytest.mark.parametrize("pattern", ["bert", "unused", "anchors", "runs"])
@settings(max_examples=150, deadline=None)
@given(values=TEXTS)
def test_regex_split(pattern, values):
    delimiter, kept = PATTERNS[pattern]
    check("RegexSplitWithOffsets", (vector(values), text(delimiter), text(kept)))


@settings(max_examples=150, deadline=None)
@given(values=TEXTS)
def test_white_space(values):
    check("TFText>WhitespaceTokenizeWithOffsetsV2", (vector(values), CONFIG))


@pytest.mark.parametrize("model", ["words", "texts", "short", "at", "none"])
@settings(max_examples=150, deadline=None)
@given(values=TEXTS)
def test_fast_wordpiece(model, values):
    check("FastWordpieceTokenizeWithOffsets", (vector(values), models()[f"wordpiece_{model}"]))


@pytest.mark.parametrize("model", ["normalizer_lower", "normalizer_cased"])
@pytest.mark.parametrize("offsets", [False, True])
@settings(max_examples=100, deadline=None)
@given(values=TEXTS)
def test_fast_bert_normalizer(model, offsets, values):
    check("FastBertNormalize", (vector(values), models()[model]), {"get_offsets": offsets})


@settings(max_examples=150, deadline=None)
@given(values=TEXTS)
def test_fast_sentencepiece(values):
    flags = [np.array(False)] * 3
    inputs = (models()["fast_unigram"], vector(values), np.array(0, np.int32), np.float32(0), *flags)
    check("TFText>FastSentencepieceTokenize", inputs)


@settings(max_examples=100, deadline=None)
@given(
    values=st.lists(st.text(min_size=1, max_size=8).filter(lambda value: not value.isspace()), min_size=1, max_size=4)
)
def test_unicode_scripts(values):
    codes = np.array([ord(character) for value in ["a", *values] for character in value], np.int32)
    splits = i64(*np.cumsum([0, 1, *map(len, values)]).tolist())
    for keep in (False, True):
        check("UnicodeScriptTokenizeWithOffsets", (codes, splits), {"keep_whitespace": keep})
