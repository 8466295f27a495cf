"""Cases of hublayer.host.strings_split and hublayer.host.strings_ngrams."""

from lowering.case import Case, i32, i64

from host.collect import strings, text
from host.texts import HARD, NONE, RANDOM

MIXED = RANDOM[:100]
ROWS = strings("a", "b", "", "é", "d", b"\xff", "g")

CASES = [
    *(
        Case("StringSplit", (MIXED, text(delimiter)), {"skip_empty": skip}, f"{delimiter!r}-{skip}")
        for delimiter in (" ", "", " ,.\n", "é", "aX", "acegikmo")
        for skip in (True, False)
    ),
    *(
        Case("StringSplitV2", (MIXED, text(separator)), {"maxsplit": most}, f"{separator!r}-{most}")
        for separator in ("", " ", "X", "XX", "é", "\x00")
        for most in (-1, 0, 1, 2, 5)
    ),
    *(
        Case(op, (x, text(separator)), name=f"{name}-{separator!r}")
        for op in ("StringSplit", "StringSplitV2")
        for name, x in (
            ("hard", HARD),
            ("none", NONE),
            ("one", strings("a b")),
            ("empty", strings("", "")),
            ("spaces", strings("  ")),
        )
        for separator in (" ", "", "b ")
    ),
    *(
        Case(op, (RANDOM, text(s)), name=f"many-{s!r}")
        for op, s in (("StringSplit", " "), ("StringSplitV2", ""), ("StringSplitV2", " "))
    ),
    *(
        Case(
            "StringNGrams",
            (data, splits),
            {
                "separator": "|",
                "ngram_widths": widths,
                "left_pad": "L",
                "right_pad": "é",
                "pad_width": pads,
                "preserve_short_sequences": short,
            },
            f"{name}-{widths}-{pads}-{short}",
        )
        for name, data, splits in (
            ("rows", ROWS, i64(0, 3, 3, 4, 7)),
            ("none", NONE, i32(0, 0)),
            ("few", ROWS[:2], i32(0, 2)),
        )
        for widths in ([1], [2], [3, 1], [6])
        for pads in (-1, 0, 1, 5)
        for short in (True, False)
    ),
]
