"""Classes of characters as ICU in tensorflow_text has them: white space, punctuation, scripts."""

from __future__ import annotations

from functools import cache
from importlib import resources

import numpy as np

# The property White_Space.
WHITE_SPACE = frozenset(
    [*range(0x9, 0xE), 0x20, 0x85, 0xA0, 0x1680, *range(0x2000, 0x200B), 0x2028, 0x2029, 0x202F, 0x205F, 0x3000]
)


def _rows(name: str) -> list[list[str]]:
    text = (resources.files("hublayer.host") / name).read_text("utf-8")
    return [line.split("\t") for line in text.splitlines() if not line.startswith("#")]


@cache
def punctuation() -> frozenset[int]:
    """Code points that end a word for BERT: punctuation, and ideographs."""
    rows = _rows("text_punctuation.tsv")
    return frozenset(code for start, end in rows for code in range(int(start, 16), int(end, 16) + 1))


@cache
def _scripts() -> tuple[np.ndarray, np.ndarray]:
    rows = _rows("text_scripts.tsv")
    return np.array([int(start, 16) for start, _ in rows]), np.array([int(script) for _, script in rows], np.int32)


def text_scripts_of(code_points: np.ndarray) -> np.ndarray:
    """int32, of the same shape: a number for the script of each code point, -1 for what is no code point."""
    starts, scripts = _scripts()
    found = scripts[np.maximum(np.searchsorted(starts, code_points, side="right") - 1, 0)]
    return np.where((code_points < 0) | (code_points > 0x10FFFF), np.int32(-1), found)
