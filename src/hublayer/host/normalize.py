"""Unicode normalisation and case folding, and where the bytes of a normalised string come from."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable
from functools import cache
from typing import NamedTuple

import numpy as np
import pyarrow as pa

from hublayer.host.registry import host_op
from hublayer.host.row_splits import check_splits
from hublayer.host.string_tensor import StringTensor
from hublayer.host.unicode_normalization import (
    FORMS,
    Form,
    combining_class,
    fold_bytes,
    normalize_bytes,
    normalize_text,
)


def _ascii(strings: StringTensor) -> np.ndarray | None:
    """The bytes of all strings if they are ASCII."""
    offsets = strings.offsets
    data = strings.data[int(offsets[0]) : int(offsets[-1])]
    return data if not len(data) or data.max() < 0x80 else None


@host_op("CaseFoldUTF8")
def case_fold_utf8(input):
    """NFKC_Casefold of each string. What is no UTF-8 stays as it is."""
    data = _ascii(input)
    if data is not None:
        return StringTensor.from_buffers(input.offsets - input.offsets[0], data.tobytes().lower(), input.shape)
    return _by_parts(input, fold_bytes)


def _form(name: str, forms: tuple[str, ...] = FORMS) -> Form:
    upper = str(name).upper()
    if upper not in forms:
        raise ValueError(f"the normalisation form is one of {', '.join(forms)}, not {name!r}")
    return upper  # pyright: ignore[reportReturnType]


@host_op("NormalizeUTF8")
def normalize_utf8(input, *, normalization_form):
    """Each string in a normalisation form. What is no UTF-8 stays as it is."""
    form = _form(normalization_form)
    if _ascii(input) is not None:
        return input
    return _by_parts(input, lambda value: normalize_bytes(value, form))


def _by_parts(strings: StringTensor, change: Callable[[bytes], bytes]) -> StringTensor:
    """`change` of each string, done for parts: what is not ASCII, with the character before it, and what is.

    An ASCII character never combines with what stands before it, so parts do not depend on each other. Words come
    again, and so the distinct parts of a batch are few.
    """
    first, last = int(strings.offsets[0]), int(strings.offsets[-1])
    beyond = strings.data[first:last] >= 0x80
    # A part begins at the character before what is not ASCII, at the first one behind it, and with each string.
    begins = np.zeros(len(beyond), np.bool_)
    begins[:-1] = beyond[1:] & ~beyond[:-1]
    begins[1:] |= beyond[:-1] & ~beyond[1:]
    begins[strings.offsets[:-1][strings.offsets[:-1] < last] - first] = True
    bounds = np.append(np.flatnonzero(begins), len(beyond)) + first
    buffers = [None, pa.py_buffer(bounds), strings.array.buffers()[2]]
    parts = pa.Array.from_buffers(pa.large_binary(), len(bounds) - 1, buffers).dictionary_encode()
    changed = pa.array([change(part) for part in parts.dictionary.to_pylist()], pa.large_binary())
    whole = changed.take(parts.indices)
    ends = np.frombuffer(whole.buffers()[1], np.int64)[whole.offset : whole.offset + len(whole) + 1]
    rows = np.searchsorted(bounds, strings.offsets)
    return StringTensor.from_buffers(ends[rows], np.frombuffer(whole.buffers()[2], np.uint8), strings.shape)


class _Change(NamedTuple):
    start: int
    end: int
    source_start: int
    source_end: int


class OffsetsMap:
    """Where the bytes of a normalised string come from: what changed, in order; everything else only moved."""

    def __init__(self, changes: list[_Change], size: int, source_size: int):
        self._changes = changes
        self._starts = [change.start for change in changes]
        self._size, self._source_size = size, source_size

    def source(self, offset: int) -> int:
        """The byte of the source for a byte of the result; inside of a change, the end of what was changed."""
        if offset <= 0:
            return 0
        if offset >= self._size:
            return self._source_size
        number = bisect_right(self._starts, offset) - 1
        if number < 0:
            return offset
        change = self._changes[number]
        if offset >= change.end:
            return change.source_end + offset - change.end
        return change.source_start if offset == change.start else change.source_end


def _apart(character: str, form: Form) -> str:
    """A character taken apart."""
    return normalize_text(character, "NFKD" if form in ("NFKC", "NFKD") else "NFD")


@cache
def _composing() -> tuple[frozenset[str], frozenset[str]]:
    """Characters that compose with what follows, and characters of class 0 that compose with what stands before."""
    pairs = [_pair(chr(code)) for code in range(0xC0, 0x20000)]
    first = {pair[0] for pair in pairs if pair} | {
        chr(code) for code in (*range(0x1100, 0x1113), *range(0x1161, 0x1176))
    }
    first |= {chr(code) for code in range(0xAC00, 0xD7A4, 28)}
    second = {pair[1] for pair in pairs if pair and combining_class(pair[1]) == 0}
    second |= {chr(code) for code in (*range(0x1161, 0x1176), *range(0x11A8, 0x11C3))}
    return frozenset(first), frozenset(second)


def _pair(character: str) -> str | None:
    """The two characters that compose to `character`; None if no two do."""
    apart = normalize_text(character, "NFD")
    if len(apart) < 2 or 0xAC00 <= ord(character) < 0xD7A4:
        return None
    before = normalize_text(apart[:-1], "NFC")
    return before + apart[-1] if normalize_text(apart, "NFC") == character and len(before) == 1 else None


def _overlays_only(text: str, place: int, form: Form) -> bool:
    """Whether all marks between character number `place` and its base have class 1, which is their order already."""
    for character in reversed(text[:place]):
        classes = [combining_class(part) for part in _apart(character, form)]
        if any(order > 1 for order in classes):
            return False
        if classes[0] == 0:
            break
    return True


def _separate(text: str, place: int, form: Form) -> bool:
    """Whether normalisation never looks across the border in front of character number `place`."""
    left = text[place - 1]
    last, first = _apart(left, form)[-1], _apart(text[place], form)[0]
    before, behind = combining_class(last), combining_class(first)
    if form in ("NFD", "NFKD"):
        return behind == 0 or before == 0 or (before == 1 and behind > 1 and _overlays_only(text, place, form))
    forwards, backwards = _composing()
    if behind == 0 and first not in backwards:
        return True
    if before:
        return False
    if 0xAC00 <= ord(left) < 0xD7A4:
        return left not in forwards
    if 0x11A8 <= ord(left) < 0x11C3 and any(
        place >= size and len(normalize_text(text[place - size : place], form)) == 1 for size in (2, 3)
    ):
        return True  # the last part of a syllable that is whole now
    return not {left, last} & (forwards | backwards)


def _with_map(value: bytes, form: Form) -> tuple[bytes, OffsetsMap]:
    """A normalised string, each part that normalisation looks at as a whole being one change."""
    normal = normalize_bytes(value, form)
    if normal == value:
        return value, OffsetsMap([], len(value), len(value))
    text = value.decode("utf-8", "surrogateescape")
    changes: list[_Change] = []
    place = size = begin = 0
    for end in [*(i for i in range(1, len(text)) if _separate(text, i, form)), len(text)]:
        before = text[begin:end].encode("utf-8", "surrogateescape")
        after = normalize_bytes(before, form)
        if after != before:
            changes.append(_Change(size, size + len(after), place, place + len(before)))
        place, size, begin = place + len(before), size + len(after), end
    return normal, OffsetsMap(changes, size, place)


@host_op("NormalizeUTF8WithOffsetsMap")
def normalize_utf8_with_offsets_map(input, *, normalization_form):
    """Each string in a normalisation form, and an OffsetsMap for each (an object array of the same shape)."""
    form = _form(normalization_form)
    made = [_with_map(value, form) for value in input.to_list()]
    maps = np.empty(len(made), object)
    maps[:] = [offsets_map for _, offsets_map in made]
    return [StringTensor.from_list([value for value, _ in made], input.shape), maps.reshape(input.shape)]


@host_op("FindSourceOffsets")
def find_source_offsets(offsets_map, input_offsets_values, input_offsets_splits):
    """For offsets of normalised strings, row i being those of the i-th map, the offsets before: int64."""
    maps = list(np.ravel(offsets_map))
    splits = check_splits(input_offsets_splits, input_offsets_values.size)
    if len(splits) - 1 > len(maps) or not all(isinstance(one, OffsetsMap) for one in maps):
        raise ValueError(f"there are offsets of {len(splits) - 1} strings, but maps of {len(maps)}")
    offsets = input_offsets_values.tolist()
    found = [
        one.source(offset)
        for one, start, end in zip(maps, splits, splits[1:], strict=False)
        for offset in offsets[start:end]
    ]
    return np.array(found, np.int64)
