"""Cases of hublayer.host.regex_split, splitters, byte_split, split_merge and ngrams_join."""

import numpy as np
from lowering.case import Case, floats, i32, i64

from host.collect import strings, text
from host.text_models import EMPTY, HARD, LONG

# The delimiters of tensorflow_text's BasicTokenizer.
IDEOGRAPHS = "|".join(
    rf"[\x{{{start}}}-\x{{{end}}}]"
    for start, end in (("4E00", "9FFF"), ("3400", "4DBF"), ("20000", "2A6DF"), ("2A700", "2B73F"), ("2B740", "2B81F"),
                       ("2B820", "2CEAF"), ("F900", "FAFF"), ("2F800", "2FA1F"))
)  # fmt: skip
PUNCTUATION = r"[!-/]|[:-@]|[\[-`]|[{-~]|[\p{P}]"
BERT = rf"(\s+|{PUNCTUATION}|{IDEOGRAPHS})"
KEPT = rf"({PUNCTUATION}|{IDEOGRAPHS})"
UNUSED = r"(\[unused\d+\]|" + BERT[1:]
PATTERNS = {
    "bert": (BERT, KEPT),
    "bert, all kept": (BERT, BERT),
    "unused": (UNUSED, r"(\[unused\d+\]|" + KEPT[1:]),
    "white space": (r"(\s)", r"()"),
    "nothing kept": (r"(\s+)", ""),
    "runs": (r"([a-c]|\s+|[c-e]+)", r"(\s+|[c-e]+)"),
    "anchors": (r"(^a|\bb)", r"(\w)"),
    "group inside": (r"a(b)c?", r"(b)"),
    "no group": ("b", "(b)"),
    "kept without a group": ("(b)", "b"),
    "each character": ("(.)", "(.)"),
    "negated": (r"(\s+|[^a])", r"([^b])"),
    "longer": (r"(ab|abc|the)", r"(the)"),
}
CODES = i32(*map(ord, "Hello \u3000 \u1681\u1680\u1682日本 12 עולם, Ж! "), 0x10D40, 0x1E030, -1, 0x110000, 0x20, 0x41)
SPLITS = i64(0, 0, 9, 9, len(CODES) - 3, len(CODES))
WHITE_SPACE = np.zeros(0x3001, np.uint8)
WHITE_SPACE[
    [*range(9, 14), 0x20, 0x85, 0xA0, 0x1680, *range(0x2000, 0x200B), 0x2028, 0x2029, 0x202F, 0x205F, 0x3000]
] = 1
CONFIG = text(np.packbits(WHITE_SPACE, bitorder="little").tobytes())
SPACES = strings("a\u00a0b", "日\u3000\u3000b", "a \u3000b", "a\u3000 b", "日\u2028", "\u3000b", "a", "\u2028a\u0085")
LETTERS = strings("a b", "日本 語\u3000x", "", "ab", b"\xffa\xe2b")
LABELS = i32(0, 1, 0, 1, 0, 1, 1, 1, 1, 1, 0, 2, 1, 1, 0, 1, 1)
LABEL_SPLITS = i32(0, 3, 10, 10, 12, 17)

CASES = [
    *(
        Case("RegexSplitWithOffsets", (inputs, text(delimiter), text(kept)), name=f"{pattern}-{name}")
        for pattern, (delimiter, kept) in PATTERNS.items()
        for name, inputs in {"hard": HARD, "utf-8": HARD[:20], "ascii": HARD[:6], "long": LONG, "empty": EMPTY}.items()
    ),
    *(
        Case("TFText>WhitespaceTokenizeWithOffsetsV2", (inputs, CONFIG), name=name)
        for name, inputs in {
            "hard": HARD, "utf-8": HARD[:20], "ascii": HARD[:6], "long": LONG, "empty": EMPTY, "spaces": SPACES,
        }.items()
    ),
    *(
        Case(op, (codes, splits), {"keep_whitespace": keep} if op.startswith("U") else {}, name=f"{name}-{keep}")
        for op, keep in [
            ("WhitespaceTokenizeWithOffsets", False),
            ("UnicodeScriptTokenizeWithOffsets", False),
            ("UnicodeScriptTokenizeWithOffsets", True),
        ]
        for name, codes, splits in [
            ("rows", CODES, SPLITS),
            ("int32 splits", CODES, SPLITS.astype(np.int32)),
            ("spaces", i32(32, 32, 65), i64(0, 1, 3)),  # TensorFlow crashes where there is no token at all
            ("all characters", np.arange(0x110000, dtype=np.int32)[::13], i64(0, 70_000, len(range(0, 0x110000, 13)))),
        ]
    ),
    Case("TFText>ByteSplitWithOffsets", (HARD,)),
    Case("TFText>ByteSplitWithOffsets", (EMPTY,), name="empty"),
    Case("TFText>ByteSplitByOffsets", (strings("hello", "", "日本"), i32(0, 1, 5, 0, 1), i32(2, 5, 5, 0, 6),
                                       i64(0, 3, 4, 5))),
    Case("TFText>ByteSplitByOffsets", (strings("hello"), i32([]), i32([]), i64(0, 0)), name="nothing"),
    *(
        Case("SplitMergeTokenizeWithOffsets", (LETTERS, LABELS, LABEL_SPLITS),
             {"force_split_at_break_character": force}, name=str(force))
        for force in (True, False)
    ),
    Case("SplitMergeTokenizeWithOffsets", (EMPTY, i32([]), i32([0])), name="empty"),
    *(
        Case("TokenizerFromLogits", (LETTERS[:4], floats(4, 6, 2), np.array(force)), name=str(force))
        for force in (True, False)
    ),
    *(
        Case("TFText>NgramsStringJoin", (values, splits), {"width": width, "axis": -1, "string_separator": separator},
             name=f"{name}-{width}")
        for name, values, splits, separator in [
            ("vector", strings("a", "b", "c"), [], " "),
            ("matrix", strings(["a", "b", "c"], ["", "é", b"\xff"]), [], "|"),
            ("ragged", strings("a", "b", "c", "d", "e"), [i64(0, 0, 4, 5)], ""),
            ("ragged twice", strings("a", "b", "c", "d", "e"), [i64(0, 1, 3), i64(0, 0, 4, 5)], "--"),
        ]
        for width in (1, 2, 3)
    ),
]  # fmt: skip
