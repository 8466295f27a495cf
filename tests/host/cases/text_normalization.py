"""Cases of hublayer.host.normalize and fast_bert_normalizer; offsets maps are in host.programs.text_offsets."""

from lowering.case import Case

from host.collect import strings, text
from host.text_models import EMPTY, HARD, LONG, models

# Characters that are folded or taken apart, and their neighbours; and each beside marks that may move or combine.
_BLOCKS = ((0, 0x3400), (0xA640, 0xA7FF), (0xAB30, 0xAC80), (0xF900, 0xFB50), (0xFE00, 0xFFFF), (0x10400, 0x10600))
_BLOCKS += ((0x11080, 0x11400), (0x16100, 0x16140), (0x16D40, 0x16E80), (0x1CCD0, 0x1D200), (0x1D400, 0x1D440))
_BLOCKS += (
    (0x1E000, 0x1E100),
    (0x1E900, 0x1E960),
    (0x1F100, 0x1F1FF),
    (0x1FBF0, 0x1FC00),
    (0x2F800, 0x2F840),
    (0xE0000, 0xE0080),
)
_CODES = [code for start, end in _BLOCKS for code in range(start, end)]
ALL_BLOCKS = strings(*("".join(map(chr, _CODES[start : start + 500])) for start in range(0, len(_CODES), 500)))
MARKED = strings(*("\u0345\u0323\u0301".join(map(chr, _CODES[start : start + 100])) for start in range(0, 8000, 100)))

CASES = [
    *(
        Case(op, (inputs,), attrs, name="-".join([*attrs.values(), name]))
        for op, attrs in [
            ("CaseFoldUTF8", {}),
            *(("NormalizeUTF8", {"normalization_form": form}) for form in ("NFC", "NFD", "NFKC", "NFKD")),
        ]
        for name, inputs in {
            "hard": HARD, "long": LONG, "empty": EMPTY, "ascii": strings("Hello World!", "", "ABC\x00Z"),
            "scalar": text("É"), "rank 3": HARD[:12].reshape(2, 2, 3), "all characters": ALL_BLOCKS, "marked": MARKED,
        }.items()
    ),
    Case("NormalizeUTF8", (HARD,), {"normalization_form": "nfkc"}, name="lower case name"),
    *(
        Case("FastBertNormalize", (inputs, models()[model]), {"get_offsets": offsets}, name=f"{model}-{offsets}-{name}")
        for model in ("normalizer_lower", "normalizer_cased")
        for offsets in (False, True)
        for name, inputs in {
            "hard": HARD, "empty": EMPTY, "ascii": strings("Hello World!", "", "ABC"), "all": ALL_BLOCKS[:8],
        }.items()
    ),
]  # fmt: skip
