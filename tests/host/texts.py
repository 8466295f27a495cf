"""Strings that are hard to handle, and random ones of a fixed seed."""

from __future__ import annotations

import random

import numpy as np

from host.collect import strings

PARTS = [
    *(
        text.encode()
        for text in (
            "a",
            "b",
            "Z",
            "K",
            "1",
            " ",
            "  ",
            "\t",
            "\n",
            ".",
            ",",
            "!",
            "'",
            "_",
            "-",
            "é",
            "e\u0301",
            "ß",
            "ſ",
            "K",
            "İ",
            "ı",
            "Σ",
            "ς",
            "ǅ",
            "ﬁ",
            "中",
            "文",
            "。",
            "😀",
            "👩‍👩‍👧",
            "🇩🇪",
            "אב",
            "مرحبا",
            "\u200f",
            "\u00a0",
            "\u2028",
            "\u3000",
            "\ufeff",
            "the",
            "XX",
        )
    ),
    b"\x00",
    b"\xff",
    b"\xc3",
    b"\x80",
    b"\xe4\xb8",
    b"\xf0\x9f\x98",
    b"\xed\xa0\x80",
    b"\xf4\x90\x80\x80",
    b"\xc0\x80",
]
HARD = strings(
    "",
    " ",
    "  the Quick  brown\tfox \n",
    "a,b,,c",
    "straße ΑΣ İ",
    "e\u0301te\u0301 naïve",
    "👩‍👩‍👧 🇩🇪😀",
    "中文 日本語。",
    "שלום مرحبا",
    b"\xff\xfe a\x80",
    b"nul\x00in\x00side",
    b"\xed\xa0\x80\xc0\x80\xf4\x90\x80\x80",
    "XXXX",
    "x" * 10_000,
    "ab " * 3_333,
)
NONE = np.empty(0, object)
GRID = strings(["a b", "", "É"], ["\x00x", b"\xff", "😀!"])
CUBE = HARD[:12].reshape(2, 3, 2)


def random_texts(count: int, seed: int = 0, longest: int = 12) -> np.ndarray:
    """A vector of strings of up to `longest` PARTS."""
    rng = random.Random(seed)
    array = np.empty(count, object)
    array[:] = [b"".join(rng.choices(PARTS, k=rng.randint(0, longest))) for _ in range(count)]
    return array


RANDOM = random_texts(2000)
