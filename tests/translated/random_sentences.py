"""Random sentences: words of the samples, other scripts, marks, emoji, white space, and bytes that are no UTF-8."""

from __future__ import annotations

import random

WORDS = ["the", "movie", "was", "great", "actors", "and", "a", "dog", "running", "home", "naive", "cafe", "story"]
WORDS += ["plots", "unwanted", "played", "player", "42", "3.14"]
OTHER = [
    "日本語",
    "の文",
    "Привет",
    "мир",
    "שלום",
    "مرحبا",
    "naïve",
    "cafe\u0301",
    "déjà-vu",
    "straße",
    "İzmir",
    "👩‍👩‍👧",
    "🎉",
    "½",
]
ODD = [
    "\x00",
    "\u200b",
    "\u00ad",
    "\t",
    "\n",
    "\u3000",
    "…",
    "``",
    "''",
    "[SEP]",
    "##s",
    "\u0345",
    "\udcff",
    "\udce2\udc82",
]


def random_sentences(count: int, seed: int) -> list[bytes]:
    """`count` byte strings, the same for the same seed."""
    rng = random.Random(seed)

    def word() -> str:
        kind = rng.random()
        if kind < 0.6:
            text = rng.choice(WORDS)
            return text.capitalize() if rng.random() < 0.2 else text.upper() if rng.random() < 0.1 else text
        if kind < 0.8:
            return rng.choice(OTHER)
        if kind < 0.9:
            return "".join(chr(rng.choice((rng.randrange(1, 0x250), rng.randrange(0x250, 0x3000)))) for _ in range(3))
        return rng.choice(ODD)

    def sentence() -> str:
        text = ""
        for _ in range(rng.randrange(30)):
            text += word() + rng.choice((" ", " ", " ", ", ", ".", "", "  "))
        return text

    return [sentence().encode("utf-8", "surrogateescape") for _ in range(count)]
