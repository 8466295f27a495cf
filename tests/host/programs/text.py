"""tensorflow_text's ops that share an object: WordPiece over tables, SentencePiece models, maps of offsets."""

from __future__ import annotations

from typing import Any

import numpy as np
from lowering.case import i32, i64

from host.collect import strings, text
from host.program import Program, Step
from host.text_models import EMPTY, HARD, LONG, models

VOCABULARY = strings(
    "[UNK]", "a", "abc", "un", "##want", "##ed", "##b", "##c", "日", "##本", "é", "##é", "the", "##", ".", "##."
)
FALSE = np.array(False)
WORDS = strings(
    "unwanted",
    "abc",
    "abcx",
    "日本",
    "日x",
    "",
    "a..b",
    "éé",
    b"\xff",
    b"a\xffb",
    b"ab\xe2",
    "abcabcabc",
    "##",
    "x" * 200,
)


def wordpiece(name: str, words: np.ndarray, ids: np.ndarray | None = None, raises: str = "", **attrs: Any) -> Program:
    attrs = {
        "suffix_indicator": "##", "max_bytes_per_word": 100, "use_unknown_token": True, "unknown_token": "[UNK]",
        **attrs,
    }  # fmt: skip
    ids = np.arange(len(VOCABULARY)) if ids is None else ids
    steps = (
        Step("table", "HashTableV2", (), {"key_dtype": "string", "value_dtype": ids.dtype.name}),
        Step("fill", "LookupTableImportV2", ("table", VOCABULARY, ids)),
        Step("pieces", "WordpieceTokenizeWithOffsets", (words, "table"), attrs),
    )
    return Program(f"wordpiece, {name}", steps, () if raises else tuple(f"pieces:{i}" for i in range(4)), raises=raises)


def changed_table() -> Program:
    """The same words before and after the vocabulary grew."""
    attrs = {"suffix_indicator": "##", "max_bytes_per_word": 100, "use_unknown_token": False, "unknown_token": ""}
    steps = (
        Step("table", "MutableHashTableV2", (), {"key_dtype": "string", "value_dtype": "int64"}),
        Step("fill", "LookupTableInsertV2", ("table", VOCABULARY, np.arange(len(VOCABULARY)))),
        Step("before", "WordpieceTokenizeWithOffsets", (WORDS, "table"), attrs),
        Step("more", "LookupTableInsertV2", ("table", strings("##x", "x", "##本本"), i64(50, 51, 52))),
        Step("after", "WordpieceTokenizeWithOffsets", (WORDS, "table"), attrs),
    )
    return Program(
        "wordpiece, a table that changes", steps, tuple(f"{n}:{i}" for n in ("before", "after") for i in range(4))
    )


def sentencepiece(
    name: str,
    model: str,
    op: str = "SentencepieceTokenizeWithOffsetsOp",
    input: np.ndarray = HARD,
    nbest_size: np.ndarray | None = None,
    flags: tuple[bool, bool, bool] = (False, False, False),
    raises: str = "",
    **attrs: Any,
) -> Program:
    nbest_size = i32(0) if nbest_size is None else nbest_size
    # A scalar for nbest_size needs a scalar for alpha.
    inputs = ("model", input, nbest_size, np.float32(1), *map(np.array, flags))
    steps = (
        Step("model", "SentencepieceOp", (), {"model": models()[model].tobytes(), "shared_name": f"{model}, {name}"}),
        Step("pieces", op, inputs, {"out_type": "int32", **attrs}),
    )
    outputs = () if raises else tuple(f"pieces:{i}" for i in range(4 if "Offsets" in op else 2))
    return Program(f"sentencepiece, {model}, {name}", steps, outputs, raises=raises)


def looked_up(model: str) -> Program:
    ids, splits = i32(5, 60, 3, 0, 1, 2, 40, 41, 100, 7), i64(0, 0, 3, 6, 10)
    pieces = strings("▁the", "<s>", "zz", "", "▁", b"\xff", "a", "[CLS]", "ing", "▁a")
    plain, turned = (FALSE, FALSE, FALSE), (FALSE, FALSE, np.array(True))
    steps = (
        Step("model", "SentencepieceOp", (), {"model": models()[model].tobytes(), "shared_name": f"look up {model}"}),
        Step("size", "SentencepieceVocabSizeOp", ("model",)),
        Step("piece", "SentencepieceIdToStringOp", ("model", ids)),
        Step("id", "SentencepieceStringToIdOp", ("model", pieces)),
        Step("text", "SentencepieceDetokenizeOp", ("model", ids, splits, *plain)),
        Step("turned", "SentencepieceDetokenizeOp", ("model", ids, splits, *turned)),
        Step("joined", "SentencepieceDetokenizeOp", ("model", pieces[:5], i32(0, 2, 5), *turned)),
    )
    return Program(f"sentencepiece, {model}, looked up", steps, ("size", "piece", "id", "text", "turned", "joined"))


def offsets(form: str, values: np.ndarray, splits: np.ndarray) -> Program:
    steps = (
        Step("normal", "NormalizeUTF8WithOffsetsMap", (HARD,), {"normalization_form": form}),
        Step("source", "FindSourceOffsets", ("normal:1", values, splits)),
    )
    return Program(f"offsets of {form}, {splits.dtype}", steps, ("normal:0", "source"))


# Every byte of 60 in every string, and some outside.
BYTES = np.tile(np.arange(-1, 61), len(HARD))
BYTE_SPLITS = np.arange(0, len(BYTES) + 1, 62)

PROGRAMS = [
    wordpiece("defaults", WORDS),
    wordpiece("long", LONG),
    wordpiece("hard", HARD),
    wordpiece("empty", EMPTY),
    wordpiece("row splits", WORDS, output_row_partition_type="row_splits"),
    wordpiece("no unknown token", WORDS, use_unknown_token=False),
    wordpiece("short words", WORDS, max_bytes_per_word=3),
    wordpiece("short words kept", WORDS, max_bytes_per_word=3, use_unknown_token=False),
    wordpiece("few characters", WORDS, max_chars_per_token=2),
    wordpiece("unknown characters", WORDS, split_unknown_characters=True),
    wordpiece("unknown characters kept", WORDS, split_unknown_characters=True, use_unknown_token=False),
    wordpiece("no suffix indicator", WORDS, suffix_indicator=""),
    wordpiece("-1 is absent", WORDS, ids=np.where(np.arange(len(VOCABULARY)) % 3, np.arange(len(VOCABULARY)), -1)),
    changed_table(),
    *(sentencepiece("best", model) for model in ("unigram", "bpe", "bytes", "plain")),
    sentencepiece("long", "unigram", input=LONG[:1]),
    sentencepiece("empty", "unigram", input=EMPTY),
    sentencepiece("without offsets", "unigram", "SentencepieceTokenizeOp"),
    sentencepiece("int32 splits", "unigram", "SentencepieceTokenizeOp", Tsplits="int32"),
    sentencepiece("pieces", "bytes", out_type="string"),
    sentencepiece("pieces without offsets", "bpe", "SentencepieceTokenizeOp", out_type="string", Tsplits="int32"),
    *(
        sentencepiece(f"symbols {flags}", model, flags=flags, out_type="string")
        for model in ("unigram", "bytes")
        for flags in [(True, True, False), (True, False, True), (True, True, True)]
    ),
    sentencepiece("reversed ids", "unigram", "SentencepieceTokenizeOp", flags=(True, True, True)),
    sentencepiece("three best", "unigram", input=HARD[:8], nbest_size=i32(3), return_nbest=True),
    sentencepiece("three best ids", "unigram", "SentencepieceTokenizeOp", HARD[:8], i32(3), return_nbest=True),
    sentencepiece("no best", "unigram", input=HARD[:3], return_nbest=True, raises="at least 1"),
    sentencepiece("best of bpe", "bpe", input=HARD[:3], nbest_size=i32(3), return_nbest=True, raises="no n-best"),
    sentencepiece("no such symbol", "plain", flags=(True, False, False), raises="has no bos symbol"),
    *(looked_up(model) for model in ("unigram", "bpe", "bytes", "plain")),
    Program("sentencepiece, no model", (Step("m", "SentencepieceOp", (), {"model": b""}),), (), raises="empty"),
    Program("sentencepiece, broken", (Step("m", "SentencepieceOp", (), {"model": b"abc"}),), (), raises="is broken"),
    *(offsets(form, BYTES, BYTE_SPLITS) for form in ("NFC", "NFD", "NFKC", "NFKD")),
    offsets("NFC", BYTES, BYTE_SPLITS.astype(np.int32)),
    Program("normalisation, unknown form", (Step("n", "NormalizeUTF8", (HARD,), {"normalization_form": "NFX"}),), (),
            raises="is one of"),
    Program("regular expression, broken",
            (Step("r", "RegexSplitWithOffsets", (HARD, text("(a"), text("")), {}),), (),
            raises="no regular expression"),
]  # fmt: skip
