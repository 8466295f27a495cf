"""Scripts of Unicode's characters, by ICU's numbers, and what follows from the version of Unicode they are of."""

from __future__ import annotations

import unicodedata
from functools import cache
from importlib import resources

import numpy as np

from hublayer.host.registry import host_op

_UNKNOWN = 103  # Zzzz
_INVALID = -1
# Characters of two cases live in the first two planes.
_LAST_CASED = 0x20000


@cache
def _table() -> tuple[np.ndarray, np.ndarray]:
    text = (resources.files("hublayer.host") / "unicode_scripts.tsv").read_text("utf-8")
    rows = [line.split("\t") for line in text.splitlines() if not line.startswith("#")]
    return np.array([int(start, 16) for start, _ in rows]), np.array([int(script) for _, script in rows], np.int32)


def scripts_of(code_points: np.ndarray) -> np.ndarray:
    """int32, of the same shape: the script of each code point, -1 for a number that is none."""
    starts, scripts = _table()
    found = scripts[np.maximum(np.searchsorted(starts, code_points, side="right") - 1, 0)]
    return np.where((code_points < 0) | (code_points > 0x10FFFF), np.int32(_INVALID), found)


@host_op("UnicodeScript")
def unicode_script(input):
    """int32, of the input's shape: ICU's number of the script of each code point, -1 for a number that is none."""
    return np.asarray(scripts_of(input), np.int32)


@cache
def newer_characters() -> tuple[frozenset[str], frozenset[str], frozenset[str]]:
    """Characters that Python knows and that Unicode as TensorFlow has it (13.0) does not.

    Also the older ones that only have an upper case, or only have a lower case, among the newer.
    """
    codes = np.arange(_LAST_CASED)
    unknown = map(chr, codes[scripts_of(codes) == _UNKNOWN].tolist())
    newer = frozenset(character for character in unknown if unicodedata.category(character) not in ("Cn", "Co", "Cs"))
    lower = {character.lower() for character in newer} - newer
    upper = {character.upper() for character in newer} - newer
    return newer, frozenset(lower), frozenset(upper)
