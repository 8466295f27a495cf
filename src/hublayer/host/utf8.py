"""Characters of byte strings that may not be UTF-8, as ICU steps over them.

What is no UTF-8 is cut into the longest parts that could have begun a character, or single bytes (the Unicode Standard,
3.9, "Substitution of Maximal Subparts"); each counts as one character, of code point -1.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from hublayer.host.string_tensor import StringTensor

NO_CHARACTER = -1


def character_ends(text: bytes) -> list[int]:
    """Where each character of `text` ends, in bytes."""
    if text.isascii():
        return list(range(1, len(text) + 1))
    return [end for _, end in characters(text)]


def characters(text: bytes) -> Iterator[tuple[int, int]]:
    """(code point, where it ends in bytes) of each character."""
    place = 0
    while place < len(text):
        try:
            valid, stop, skip = text[place:].decode("utf-8"), len(text), 0
        except UnicodeDecodeError as error:
            valid = text[place : place + error.start].decode("utf-8")
            stop, skip = place + error.start, error.end - error.start
        for character in valid:
            code = ord(character)
            place += 1 if code < 0x80 else 2 if code < 0x800 else 3 if code < 0x10000 else 4
            yield code, place
        assert place == stop
        if skip:
            place += skip
            yield NO_CHARACTER, place


def code_points(strings: StringTensor) -> tuple[np.ndarray, np.ndarray]:
    """Integers: the code points of all strings, one after another, and where in `strings.data` each begins."""
    offsets = strings.offsets
    first, last = int(offsets[0]), int(offsets[-1])
    data = strings.data[first:last]
    if not len(data) or data.max() < 0x80:
        return data, np.arange(first, last)
    if _whole(strings):
        codes = np.frombuffer(data.tobytes().decode("utf-8").encode("utf-32-le"), "<i4")
        return codes, np.flatnonzero((data & 0xC0) != 0x80) + first
    codes, starts = [], []
    for start, text in zip(offsets.tolist(), strings.to_list(), strict=False):
        begin = 0
        for code, end in characters(text):
            codes.append(code)
            starts.append(start + begin)
            begin = end
    return np.array(codes, np.int32), np.array(starts, np.int64)


def beyond_ascii(text: str) -> set[str]:
    """The different characters of a text that are not ASCII."""
    codes = np.frombuffer(text.encode("utf-32-le", "surrogatepass"), "<u4")
    return set(map(chr, np.unique(codes[codes >= 0x80]).tolist()))


def is_utf8(strings: StringTensor) -> bool:
    """Whether each of the strings is UTF-8."""
    offsets = strings.offsets
    data = strings.data[int(offsets[0]) : int(offsets[-1])]
    return not len(data) or bool(data.max() < 0x80) or _whole(strings)


def _whole(strings: StringTensor) -> bool:
    offsets = strings.offsets
    data = strings.data[: int(offsets[-1])]
    starts = offsets[:-1][np.diff(offsets) > 0]
    # All of it may be UTF-8 although a character is divided among two strings.
    if ((data[starts] & 0xC0) == 0x80).any():
        return False
    try:
        data[int(offsets[0]) :].tobytes().decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True
