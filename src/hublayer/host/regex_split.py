"""RegexSplitWithOffsets: strings cut at the matches of a regular expression."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import re2

from hublayer.host.character_cuts import CharacterClasses, cut
from hublayer.host.registry import host_op
from hublayer.host.string_tensor import StringTensor
from hublayer.host.utf8 import is_utf8

# What stands for exactly one character of a set: a class or a set that holds no more than characters, ranges, classes.
_CLASS = r"\\[dDsSwW]|\\[pP](?:[A-Z]|\{\^?\w+\})"
_IN_SET = rf"(?:\\x\{{[0-9A-Fa-f]+\}}|{_CLASS}|\\[^\w\s]|[^\\\[\]])"
_ALTERNATIVE = re.compile(rf"(?:{_CLASS}|\[\^?(?!\^){_IN_SET}+\]|[\w !\"#%&',/:;<=>@`~-])(\+?)", re.ASCII)
# Where the text in front of a match, or behind it, matters.
_CONTEXT = re.compile(rb"[\^$]|\\[AbBz]")
_MOST_ALTERNATIVES = 126


def _compile(pattern: bytes) -> Any:
    options = re2.Options()
    options.log_errors = False
    try:
        return re2.compile(pattern, options)
    except re2.error as error:
        raise ValueError(f"{pattern!r} is no regular expression for RE2: {error}") from None


def _alternatives(pattern: bytes) -> tuple[list[str], list[bool]] | None:
    """The sets of "(set|set+|…)" and which of them are runs; None for any other pattern."""
    text = pattern.decode("utf-8", "replace")
    if not (text.startswith("(") and text.endswith(")")):
        return None
    sets, runs = [], []
    place, last = 1, len(text) - 1
    while True:
        found = _ALTERNATIVE.match(text, place, last)
        if found is None or len(sets) == _MOST_ALTERNATIVES:
            return None
        sets.append(found[0][: len(found[0]) - len(found[1])])
        runs.append(bool(found[1]))
        place = found.end()
        if place == last:
            return sets, runs
        if text[place] != "|":
            return None
        place += 1


class RegexSplitter:
    """Cuts strings at the matches of `delimiter`, and keeps those that all of `kept` matches.

    As the kernel does, the first group of the pattern is the delimiter, and each search begins anew behind the last
    match, so that "^" may match there. Raises ValueError for a pattern that RE2 does not take.
    """

    def __init__(self, delimiter: bytes, kept: bytes):
        self._delimiter = _compile(delimiter)
        self._kept = _compile(kept) if kept else None
        self._context = _CONTEXT.search(delimiter) is not None
        self._keeps = lru_cache(maxsize=4096)(self._is_kept)
        self._classes = self._keep_classes = None
        found = _alternatives(delimiter)
        if found is not None:
            self._sets, runs = found
            # Class 0 is no delimiter. Neighbours stay together in it and in runs.
            self._runs = np.zeros(128, np.bool_)
            self._runs[0] = True
            self._runs[1 : len(runs) + 1] = runs
            self._separate = True
            self._classes = CharacterClasses(self._classify)
            self._keep_classes = CharacterClasses(
                lambda codes: np.array([self._keeps(chr(code).encode("utf-8", "replace")) for code in codes.tolist()])
            )

    def _is_kept(self, text: bytes) -> bool:
        return self._kept is not None and self._kept.fullmatch(text) is not None

    def _classify(self, codes: np.ndarray) -> np.ndarray:
        """1 + the number of the first set that has a character, 0 for none."""
        characters = pa.array([chr(code) for code in codes.tolist()], pa.large_string())
        members = np.stack(
            [
                pc.match_substring_regex(characters, rf"\A(?:{one})\z").to_numpy(zero_copy_only=False)  # pyright: ignore
                for one in self._sets
            ]
        )
        classes = np.where(members.any(0), members.argmax(0) + 1, 0)
        # A run takes all characters of its set; one that an earlier alternative has as well ends up in neither way.
        for number in np.flatnonzero(self._runs[1:]):
            if (members[number] & (classes != number + 1)).any():
                self._separate = False
        return classes

    def __call__(self, strings: StringTensor) -> list[Any]:
        """[tokens, starts, ends, row splits] of a vector of strings."""
        if (strings.data == 0).any():
            # The kernel takes a string as C does: it ends at its first NUL.
            strings = StringTensor.from_list([text.split(b"\0", 1)[0] for text in strings.to_list()])
        if self._classes is not None and is_utf8(strings):
            pieces = cut(strings, self._classes, self._runs)
            if self._separate:
                return self._kept_pieces(pieces)
        return self._one_by_one(strings)

    def _kept_pieces(self, pieces: Any) -> list[Any]:
        assert self._keep_classes is not None
        kept = pieces.classes == 0
        if self._kept is not None:
            delimiters = np.flatnonzero(~kept)
            are_single = pieces.single(delimiters)
            single, several = delimiters[are_single], delimiters[~are_single]
            kept[single] = self._keep_classes(pieces.codes(single)) > 0
            if several.size:
                kept[several] = [self._keeps(text) for text in pieces.texts(several).to_list()]
        places = np.flatnonzero(kept)
        starts, ends = pieces.spans(places)
        return [pieces.texts(places), starts, ends, pieces.splits(places)]

    def _one_by_one(self, strings: StringTensor) -> list[Any]:
        tokens: list[bytes] = []
        starts: list[int] = []
        ends: list[int] = []
        splits = [0]
        for text in strings.to_list():
            for start, end in self._spans(text):
                tokens.append(text[start:end])
                starts.append(start)
                ends.append(end)
            splits.append(len(tokens))
        offsets = [np.array(values, np.int64) for values in (starts, ends, splits)]
        return [StringTensor.from_list(tokens), *offsets]

    def _spans(self, text: bytes) -> list[tuple[int, int]]:
        spans: list[tuple[int, int]] = []
        place = 0
        while self._delimiter.groups:
            if self._context:
                found, origin = self._delimiter.search(text[place:]), place
            else:
                found, origin = self._delimiter.search(text, place), 0
            if found is None:
                break
            start, end = (origin + at for at in found.span(1))
            if origin + found.end() == place or found.start(1) < 0:
                raise ValueError(
                    f"the delimiter {self._delimiter.pattern!r} matches the empty string at byte {place} of "
                    f"{text[:60]!r}: splitting there would never end"
                )
            if start > place:
                spans.append((place, start))
            if self._kept is not None and self._keeps(text[start:end]):
                spans.append((start, end))
            place = origin + found.end()
        if place < len(text):
            spans.append((place, len(text)))
        return spans


_splitter = lru_cache(maxsize=64)(RegexSplitter)


@host_op("RegexSplitWithOffsets")
def regex_split_with_offsets(input, delim_regex_pattern, keep_delim_regex_pattern):
    """Tokens of a vector of strings, their starts and ends in bytes (int64), row splits (int64).

    Raises ValueError for a pattern that RE2 does not take, and for one that matches the empty string where it would
    have to be split.
    """
    return _splitter(delim_regex_pattern.item(), keep_delim_regex_pattern.item())(input.reshape((-1,)))
