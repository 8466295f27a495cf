"""Tokeniser models for the cases, and texts that are hard to tokenise."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import numpy as np

from host.collect import strings


@cache
def models() -> dict[str, np.ndarray]:
    """uint8 arrays by name; tools/make_text_models.py says what they are."""
    with np.load(Path(__file__).parent / "models" / "text_models.npz") as arrays:
        return {name: arrays[name] for name in arrays.files}


# Combining marks, emoji with joiners, ideographs, right to left, invalid UTF-8, NUL, white space of all kinds.
HARD = strings(
    "", " ", "a", "abc", "The quick brown fox's jump, over the lazy dog!",
    "they're the running runs unwanted", "naïve café, déjà vu!", "nai\u0308ve cafe\u0301",
    "日本語の文。abc日本", "👩‍👩‍👧 emoji 🎉!", "שלום עולם", "مرحبا بالعالم",
    "e\u0301\u0323e\u0323\u0301", "ﬁne ㎏ ½ x² Ⅷ", "ＫＡＤＯＫＡＷＡ　株式会社",
    "İstanbul ẞ straße ΣΑΣ", "\u200b\u00ad\ufeffa\u034fb",
    "tab\tnew\nline\r\n\x0b\x0c\u0085\u00a0\u1680\u2028\u3000end", "a\x00b",
    "[UNK] [CLS] [unused1]", "##a ##", "abcdefghz abcdeh", b"\xff", b"ab\xc3",
    b"\xe2\x82 \xe2\x82\xac", b"\xf0\x9f\x98a", b"\xed\xa0\x80", b"\xc0\x80",
    "\u1100\u1161\u11a8 각 ᅡ", "x" * 300, "abc " * 60, "...!?", "\u0345\u0301α ͺ\u0301",
    "\U0001e030\U000105d2\u0307", "a" * 101, "\U0010ffff\ufffe",
)  # fmt: skip
LONG = strings("abc, run running 日本 é " * 500, "x" * 10_000)
EMPTY = np.empty((0,), object)
