"""Cases of hublayer.host.trimming, boise_tags and text_features: rows of tokens and what is computed of them."""

import numpy as np
from lowering.case import Case, i32, i64

from host.collect import strings
from host.text_models import EMPTY, HARD

RNG = np.random.default_rng(4)
LENGTHS = RNG.integers(0, 9, (3, 40))
ROWS = [np.append(0, np.cumsum(lengths)) for lengths in LENGTHS]
SEGMENTS = [np.arange(splits[-1], dtype=np.int32) + 100 * i for i, splits in enumerate(ROWS)]
WORDS = [strings(*(f"w{value}" for value in segment)) for segment in SEGMENTS]

BEGINS, ENDS = i32(0, 4, 9, 14, 20, 0, 5), i32(3, 8, 13, 19, 25, 4, 9)
TOKEN_SPLITS, SPAN_SPLITS = i64(0, 5, 5, 7), i64(0, 3, 3, 4)
SPANS = {
    "exact": (i32(0, 9, 20, 0), i32(8, 13, 25, 9)),
    "crossing": (i32(1, 5, 15, 3), i32(6, 14, 17, 5)),
    "inside tokens": (i32(1, 10, 21, 6), i32(2, 11, 22, 7)),
    "outside": (i32(3, 13, 30, 20), i32(4, 14, 40, 30)),
}
KINDS = strings("animal", "", "loc", "é")
TAGS = {
    "well formed": strings("B-x", "E-x", "O", "S-y", "O", "B-z", "E-z"),
    "open": strings("B-x", "I-x", "O", "I-y", "B-z", "O", "I-"),
    "odd": strings("E-x", "B-y", "S-z", "", "nonsense", "B", "O-x"),
}
TEXTS = i32(1, 2, 3, 4, 5, 6, 1, 1, 9), i64(0, 4, 4, 6, 9)
OTHERS = i32(1, 3, 4, 7, 5, 6, 2, 9, 1, 1), i64(0, 3, 4, 6, 10)


def offsets_to_tags(name: str, strict: bool) -> Case:
    begins, ends = SPANS[name]
    inputs = (BEGINS, ENDS, begins, ends, KINDS, *[TOKEN_SPLITS] * 2, *[SPAN_SPLITS] * 3, np.array(strict))
    return Case("TFText>OffsetsToBoiseTags", inputs, name=f"{name}-{strict}")


CASES = [
    *(
        Case(op, (i32(most), segments, [splits.astype(dtype) for splits in ROWS]), name=f"{name}-{most}-{dtype}")
        for op in ("TFText>RoundRobinTrim", "TFText>RoundRobinGenerateMasks")
        for name, segments, dtype in [
            ("numbers", SEGMENTS, "int64"), ("strings", WORDS, "int64"), ("numbers", SEGMENTS, "int32"),
        ]
        for most in (-1, 0, 1, 7, 10, 11, 100)
    ),
    Case("TFText>RoundRobinTrim", (i32(3), [i32(1, 2, 3, 4)], [i64(0, 4)]), name="one segment"),
    Case("TFText>RoundRobinTrim", (i32(3), [i32([]), i32([])], [i64([0]), i64([0])]), name="no rows"),
    *(offsets_to_tags(name, strict) for name in SPANS for strict in (True, False)),
    *(
        Case("TFText>BoiseTagsToOffsets", (BEGINS, ENDS, tags, TOKEN_SPLITS, TOKEN_SPLITS, TOKEN_SPLITS), name=name)
        for name, tags in TAGS.items()
    ),
    *(
        Case("TFText>Utf8Binarize", (inputs,),
             {"word_length": length, "bits_per_char": bits, "replacement_char": 65533}, name=f"{name}-{length}-{bits}")
        for name, inputs in {"hard": HARD, "empty": EMPTY}.items()
        for length, bits in ((4, 24), (16, 8), (1, 3))
    ),
    *(
        Case("RougeL", (*hypotheses, *references, np.float32(alpha)), name=f"{name}-{alpha}")
        for name, hypotheses, references in [
            ("int32", TEXTS, OTHERS),
            ("strings", (strings("a", "b", "c", "a"), i64(0, 2, 2, 4)),
             (strings("a", "c", "d", "a", ""), i64(0, 1, 1, 5))),
            ("int32 splits", (TEXTS[0], TEXTS[1].astype(np.int32)), (OTHERS[0], OTHERS[1].astype(np.int32))),
        ]
        for alpha in (-1.0, 0.0, 0.5, 1.0)
    ),
]  # fmt: skip
