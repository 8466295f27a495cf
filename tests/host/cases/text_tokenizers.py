"""Cases of tokenisers whose models are flatbuffers: FastWordpiece, FastSentencepiece, PhraseTokenize."""

import numpy as np
from lowering.case import Case, i32, i64

from host.collect import strings
from host.text_models import EMPTY, HARD, LONG, models

IDS = i32(2, 3, 6, 7, 0, 18, 11, 11, 24, 24, 26, 1, 2)
FALSE, ZERO = np.array(False), i32(0)
ALPHA = np.float32(0)

CASES = [
    *(
        Case("FastWordpieceTokenizeWithOffsets", (inputs, models()[f"wordpiece_{model}"]), name=f"{model}-{name}")
        for model in ("words", "texts", "short", "at", "none")
        for name, inputs in {
            "hard": HARD, "long": LONG, "empty": EMPTY, "words": strings("abc", "", "##a", "##"),
        }.items()
    ),
    *(
        Case("TFText>FastWordpieceDetokenize", (IDS, splits, models()[f"wordpiece_{model}"]), name=f"{model}-{name}")
        for model in ("words", "texts")
        for name, splits in {"one": i64(0, 13), "rows": i64(0, 0, 3, 7, 8, 13)}.items()
    ),
    Case("TFText>FastWordpieceDetokenize", (IDS[:0], i64(0, 0), models()["wordpiece_words"]), name="empty"),
    *(
        Case("TFText>FastSentencepieceTokenize",
             (models()["fast_unigram"], inputs, ZERO, ALPHA, np.array(bos), np.array(eos), np.array(reverse)),
             {"Tsplits": splits}, name=f"{name}-{bos}-{eos}-{reverse}-{splits}")
        for name, inputs in {"hard": HARD, "long": LONG[:1], "empty": EMPTY}.items()
        for bos, eos, reverse, splits in [(False, False, False, "int32"), (True, True, True, "int32")]
    ),
    *(
        Case("TFText>FastSentencepieceDetokenize", (models()["fast_unigram_decoder"], ids, splits), name=name)
        for name, ids, splits in [
            ("rows", i32(5, 60, 3, 0, 1, 2, 40, 41, 100), i64(0, 0, 3, 6, 9)),
            ("int32", i32(5, 60, 3), i32(0, 1, 3)),
            ("empty", i32([]), i64([0, 0])),
        ]
    ),
    *(
        Case("PhraseTokenize", (inputs, models()["phrases"]), name=name)
        for name, inputs in {
            "phrases": strings("have a good day", "have  a\tgood thing", "", "x", "day 日 本 day", "haves a", "good ",
                               "have\u3000a good"),
            "hard": HARD, "empty": EMPTY,
        }.items()
    ),
    Case("TFText>PhraseDetokenize", (i32(1, 2, 3, 0, 7), i64(0, 2, 2, 5), models()["phrases"])),
]  # fmt: skip
