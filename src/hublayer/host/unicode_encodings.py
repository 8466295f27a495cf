"""Encodings of text: byte strings as code points and back, with ICU's view of what is malformed."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from hublayer.host.byte_sets import offsets_of, region
from hublayer.host.string_tensor import StringTensor
from hublayer.host.utf8 import NO_CHARACTER as MALFORMED
from hublayer.host.utf8 import code_points

SUBSTITUTE = 0xFFFD
_UTF16 = {"utf16be": "utf-16-be", "utf16le": "utf-16-le", "utf16": "utf-16-be"}
_UTF32 = {"utf32be": "utf-32-be", "utf32le": "utf-32-le", "utf32": "utf-32-be"}
_BYTE_ORDER_MARKS = {
    "utf16": ((b"\xfe\xff", "utf-16-be"), (b"\xff\xfe", "utf-16-le")),
    "utf32": ((b"\x00\x00\xfe\xff", "utf-32-be"), (b"\xff\xfe\x00\x00", "utf-32-le")),
}
# One byte is one character. In those of Windows, bytes that are not assigned stand for the control characters of the
# same numbers.
_SINGLE_BYTE = {
    **dict.fromkeys(("latin1", "iso88591", "l1", "cp819", "ibm819"), "latin-1"),
    **dict.fromkeys(("ascii", "usascii", "iso646us"), "ascii"),
    **{f"iso8859{part}": f"iso8859-{part}" for part in (2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 13, 14, 15)},
    **{f"{family}{page}": f"cp{page}" for page in (1250, 1251, 1252, 1254, 1256) for family in ("windows", "cp")},
    **{f"{family}{page}": f"cp{page}" for page in ("037", "500", "1140") for family in ("ibm", "cp")},
    "koi8r": "koi8-r",
    "koi8u": "koi8-u",
    "macintosh": "mac-roman",
    "xmaccyrillic": "mac-cyrillic",
}


@dataclass(frozen=True)
class CodePoints:
    """codes: int32, MALFORMED for each malformed part; starts: int64, where each starts in its string, in bytes.

    splits: int64, where the code points of each string start, and where the last one's end.
    """

    codes: np.ndarray
    starts: np.ndarray
    splits: np.ndarray


def decoded(strings: StringTensor, encoding: str) -> CodePoints:
    """The code points of all strings in row-major order. Raises ValueError for an encoding that is not known."""
    name = re.sub(r"[^a-z0-9]", "", encoding.lower())
    if name in _SINGLE_BYTE:
        offsets = strings.offsets - strings.offsets[0]
        codes = _single_byte_table(_SINGLE_BYTE[name])[region(strings)]
        starts = np.arange(offsets[-1]) - np.repeat(offsets[:-1], np.diff(offsets))
        return CodePoints(codes, starts, offsets)
    if name == "utf8":
        codes, places = code_points(strings)
        splits = np.searchsorted(places, strings.offsets)
        starts = places - np.repeat(strings.offsets[:-1], np.diff(splits))
        return CodePoints(codes.astype(np.int32), starts, splits)
    if name in _UTF16 or name in _UTF32:
        return _joined(_wide(strings.to_list(), name))
    known = ", ".join(("utf8", *_UTF16, *_UTF32, *_SINGLE_BYTE))
    raise ValueError(f"text in the encoding {encoding!r} cannot be read here, but only (in any spelling) {known}")


def _joined(rows: Iterable[list[tuple[int, int]]]) -> CodePoints:
    rows = list(rows)
    splits = offsets_of([len(row) for row in rows])
    pairs = np.array([pair for row in rows for pair in row], np.int64).reshape(-1, 2)
    return CodePoints(pairs[:, 0].astype(np.int32), pairs[:, 1], splits)


def _wide(values: list[bytes], name: str) -> Iterable[list[tuple[int, int]]]:
    """(code point, start) of each character of UTF-16 or UTF-32, string by string.

    A byte order mark is a part of the first character. As ICU's converter goes on from string to string, it also holds
    for the next ones, until a string ends within a character or is a
    mark alone, which gives U+FFFF.
    """
    default, marks = {**_UTF16, **_UTF32}[name], _BYTE_ORDER_MARKS.get(name, ())
    codec, undecided = default, True
    for value in values:
        mark = b""
        if undecided and value:
            for begin, marked_codec in marks:
                if value.startswith(begin):
                    mark, codec = begin, marked_codec
            undecided = False
        found = list(_units(value, codec, len(mark)))
        if mark:
            found[:1] = [(found[0][0] if found else 0xFFFF, 0)]
        if found and (found[-1][0] == MALFORMED or value == mark):
            codec, undecided = default, True
        yield found


def _units(value: bytes, codec: str, place: int) -> Iterable[tuple[int, int]]:
    while place < len(value):
        try:
            text, bad = value[place:].decode(codec), 0
        except UnicodeDecodeError as error:
            text, bad = value[place : place + error.start].decode(codec), error.end - error.start
        for character in text:
            yield ord(character), place
            place += 4 if codec.startswith("utf-32") or ord(character) > 0xFFFF else 2
        if bad:
            yield MALFORMED, place
            place += bad


@lru_cache(maxsize=64)
def _single_byte_table(codec: str) -> np.ndarray:
    table = np.full(256, MALFORMED, np.int32)
    for byte in range(256):
        try:
            table[byte] = ord(bytes([byte]).decode(codec))
        except UnicodeDecodeError:
            if codec.startswith("cp125") and byte < 0xA0:
                table[byte] = byte
    return table


def encoded(codes: np.ndarray, splits: np.ndarray, encoding: str, shape: tuple[int, ...]) -> StringTensor:
    """The strings of code points in "UTF-8", where surrogates become U+FFFD, "UTF-16-BE" or "UTF-32-BE"."""
    if encoding == "UTF-32-BE":
        return StringTensor.from_buffers(splits * 4, codes.astype(">u4").tobytes(), shape)
    if encoding == "UTF-8":
        codes = np.where((codes & ~0x7FF) == 0xD800, np.int32(SUBSTITUTE), codes)
    text = codes.astype("<u4").tobytes().decode("utf-32-le", "surrogatepass")
    if encoding == "UTF-16-BE":
        content, sizes = text.encode("utf-16-be", "surrogatepass"), 2 + 2 * (codes > 0xFFFF)
    else:
        content = text.encode()
        sizes = 1 + (codes > 0x7F).astype(np.int64) + (codes > 0x7FF) + (codes > 0xFFFF)
    return StringTensor.from_buffers(offsets_of(sizes)[splits], content, shape)
