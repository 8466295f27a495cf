"""Unicode normalisation and NFKC case folding of byte strings, with ICU's results whatever Python's Unicode version is.

Forms and algorithms: Unicode Standard Annex 15; NFKC_Casefold: the Unicode Standard, 3.13, definition R5. Bytes that
are no UTF-8 stay as they are, and no character combines across them.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from functools import cache, lru_cache
from importlib import resources
from typing import Literal, NamedTuple

Form = Literal["NFC", "NFD", "NFKC", "NFKD"]
FORMS = ("NFC", "NFD", "NFKC", "NFKD")

# Default_Ignorable_Code_Point: NFKC_Casefold removes them.
_IGNORABLE = re.compile(
    "[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f\u3164"
    "\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufff8\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff]+"
)


# Few texts have any character from here on. One range is searched for much faster than a set of many.
_MAY_BE_IGNORABLE = re.compile("[\u00ad\u034f\u061c-\U0010ffff]")
_MAY_BE_NEWER = re.compile("[\u0558-\U0010ffff]")


class _Newer(NamedTuple):
    """What is known of characters that are newer than the oldest Python's Unicode (newer_characters.tsv)."""

    combining: dict[str, int]
    forms: dict[str, dict[str, str]]
    compositions: dict[str, str]


@cache
def _newer() -> _Newer:
    combining: dict[str, int] = {}
    forms: dict[str, dict[str, str]] = {"NFD": {}, "NFKD": {}, "casefold": {}}
    for line in (resources.files("hublayer.host") / "newer_characters.tsv").read_text("utf-8").splitlines():
        if line.startswith("#"):
            continue
        code, order, *texts = line.split("\t")
        character = chr(int(code, 16))
        combining[character] = int(order)
        for form, codes in zip(forms, texts, strict=True):
            forms[form][character] = "".join(chr(int(item, 16)) for item in codes.split())
    # A canonical decomposition of two characters is undone by composition. Full decompositions are in the table: where
    # one is longer, its first part is again a character of the table.
    full = forms["NFD"]
    by_full = {decomposed: character for character, decomposed in full.items() if decomposed != character}
    compositions = {}
    for character, decomposed in full.items():
        if decomposed != character:
            first = decomposed[:-1]
            compositions[by_full.get(first, first) + decomposed[-1]] = character
    assert min(combining) == "\u0558"
    return _Newer(combining, forms, compositions)


def _has_newer(text: str) -> bool:
    return _MAY_BE_NEWER.search(text) is not None and not _newer().combining.keys().isdisjoint(text)


def combining_class(character: str) -> int:
    order = _newer().combining.get(character)
    return unicodedata.combining(character) if order is None else order


def _decompose(text: str, form: str) -> list[str]:
    """Full decomposition in canonical order."""
    table = _newer().forms[form]
    characters: list[str] = []
    for character in text:
        found = table.get(character)
        characters += unicodedata.normalize(form, character) if found is None else found  # pyright: ignore
    start = 0
    while start < len(characters):
        end = start
        while end < len(characters) and combining_class(characters[end]):
            end += 1
        characters[start:end] = sorted(characters[start:end], key=combining_class)
        start = end + 1
    return characters


def _pair(first: str, second: str) -> str | None:
    """The primary composite of two characters; None if there is none."""
    newer = _newer()
    found = newer.compositions.get(first + second)
    if found is not None or first in newer.combining or second in newer.combining:
        return found
    composed = unicodedata.normalize("NFC", first + second)
    return composed if len(composed) == 1 and composed not in newer.combining else None


def _compose(characters: list[str]) -> str:
    """Canonical composition of decomposed characters in canonical order."""
    result: list[str] = []
    starter, last = -1, 0
    for character in characters:
        order = combining_class(character)
        adjacent = starter == len(result) - 1
        if starter >= 0 and (adjacent or last < order):
            composed = _pair(result[starter], character)
            if composed is not None:
                result[starter] = composed
                continue
        if order == 0:
            starter = len(result)
        last = order
        result.append(character)
    return "".join(result)


def normalize_text(text: str, form: Form) -> str:
    """`text` in a normalisation form; lone surrogates, which stand for invalid bytes, stay."""
    if not _has_newer(text):
        return unicodedata.normalize(form, text)
    characters = _decompose(text, "NFKD" if form in ("NFKC", "NFKD") else "NFD")
    return "".join(characters) if form in ("NFD", "NFKD") else _compose(characters)


def fold_text(text: str) -> str:
    """NFKC_Casefold of `text`."""
    if _has_newer(text):
        table = _newer().forms["casefold"]
        mapped = "".join(table[c] if c in table else _fold_known(c) for c in text)
        return normalize_text(mapped, "NFC")
    return _fold_known(text)


def _fold_known(text: str) -> str:
    """NFKC_Casefold of characters that Python's Unicode knows."""
    if _MAY_BE_IGNORABLE.search(text) is not None:
        text = _IGNORABLE.sub("", text)
    # The one character whose compatibility decomposition has a mark that folds to a letter: folding has to come first.
    normal = unicodedata.normalize("NFKC", text.replace("\u037a", " \u03b9").casefold())
    while True:
        # Folding takes some characters apart that composition joins again, so the composed texts are compared.
        again = unicodedata.normalize("NFKC", normal.casefold())
        if again == normal:
            return normal
        normal = again


def _through(operation: Callable[[str], str], value: bytes) -> bytes:
    return operation(value.decode("utf-8", "surrogateescape")).encode("utf-8", "surrogateescape")


@lru_cache(maxsize=16_384)
def _normalize_short(value: bytes, form: Form) -> bytes:
    return _through(lambda text: normalize_text(text, form), value)


@lru_cache(maxsize=16_384)
def _fold_short(value: bytes) -> bytes:
    return _through(fold_text, value)


# Words come again, texts hardly ever do.
_SHORT = 32


def normalize_bytes(value: bytes, form: Form) -> bytes:
    """A UTF-8 string in a normalisation form."""
    if value.isascii():
        return value
    if len(value) <= _SHORT:
        return _normalize_short(value, form)
    return _through(lambda text: normalize_text(text, form), value)


def fold_bytes(value: bytes) -> bytes:
    """NFKC_Casefold of a UTF-8 string."""
    if value.isascii():
        return value.lower()
    if len(value) <= _SHORT:
        return _fold_short(value)
    return _through(fold_text, value)
