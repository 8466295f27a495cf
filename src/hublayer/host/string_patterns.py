"""Regular expressions over string tensors with RE2, as TensorFlow uses it: UTF-8, leftmost matches."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import re2

from hublayer.host.byte_sets import ByteSet, byte_set, region, run_starts, without
from hublayer.host.string_tensor import FEW, StringTensor
from hublayer.host.utf8 import beyond_ascii

# What stands for exactly one character wherever it is written: a character, an escape, a class, a set.
_CLASS = r"\\[dDsSwW]|\\[pP](?:[A-Z]|\{\^?\w+\})"
_ESCAPE = r"\\[^\w\s]"
_IN_SET = rf"(?:\[:\^?[a-z]+:\]|{_CLASS}|{_ESCAPE}|[^\\\[\]])"
_ONE_CHARACTER = rf"(?:[^\\^$|()\[\]{{}}*+?]|{_CLASS}|{_ESCAPE}|\[\^?(?!\^){_IN_SET}+\])"
_RUN = re.compile(rf"{_ONE_CHARACTER}\+", re.ASCII)
_ALTERNATIVES = re.compile(rf"{_ONE_CHARACTER}(?:\|{_ONE_CHARACTER})*", re.ASCII)
# Each different character beyond ASCII is a pass over the text.
_MOST_CHARACTERS = 32
_ESCAPED = re.compile(rb"\\(?s:([0-9])|.)")


@dataclass(frozen=True)
class AsciiSet:
    """A pattern that matches one character of a set, or a run of them.

    ascii_only: the set has characters beyond ASCII as well, so `members` is the set only where all text is ASCII.
    one: the compiled pattern of one character.
    """

    members: ByteSet
    runs: bool
    ascii_only: bool
    one: Any

    def replaced_beyond(self, data: bytes, literal: bytes) -> bytes | None:
        """`data` with the set's characters that are not ASCII replaced; None for too many, or if it is not UTF-8."""
        if data.isascii():
            return data
        try:
            characters = beyond_ascii(data.decode())
        except UnicodeDecodeError:
            return None
        if len(characters) > _MOST_CHARACTERS:
            return None
        for character in map(str.encode, characters):
            if self.one.fullmatch(character):
                data = data.replace(character, literal)
        return data


class Pattern:
    """A compiled regular expression. Raises ValueError if it is none for RE2."""

    def __init__(self, source: str):
        self.source = source
        self.compiled = _compile(source)
        # A pattern may leave a quotation open, which would go on behind the pattern where it is a part of another.
        self.closed = source if _is_valid(f"({source})") else source + r"\E"
        self.ascii_set = _ascii_set(source)

    def full_matches(self, strings: StringTensor) -> np.ndarray:
        """bool, of the shape of `strings`: whether all of a string matches."""
        found = pc.match_substring_regex(text(strings), rf"\A(?:{self.closed})\z")  # pyright: ignore[reportAttributeAccessIssue]
        return found.to_numpy(zero_copy_only=False).reshape(strings.shape)

    def replaced(self, strings: StringTensor, rewrite: bytes, replace_global: bool) -> StringTensor:
        """Matches, or only the first of each string, replaced by `rewrite`, in which \\0 to \\9 are groups.

        Without effect if `rewrite` names a group that the pattern does not have. An escape that does not exist
        ends the rewrite; where only the first match is replaced, it is without effect.
        """
        last_group = max((int(digit) for digit in _ESCAPED.findall(rewrite) if digit), default=0)
        valid = _valid_rewrite(rewrite)
        if last_group > self.compiled.groups or (valid != rewrite and not replace_global):
            return strings
        if not replace_global:
            return self._first_replaced(strings, rewrite, last_group)
        if self.ascii_set is not None and len(valid) <= 1 and not valid.startswith(b"\\"):
            one_by_one = strings.size <= FEW and not (self.ascii_set.runs and valid)
            replace = _each_replaced if one_by_one else _set_replaced
            result = replace(strings, self.ascii_set, valid)
            if result is not None:
                return result
        return _arrow_replaced(strings, self.closed, valid)

    def _first_replaced(self, strings: StringTensor, rewrite: bytes, last_group: int) -> StringTensor:
        """The text before the first match is matched as well, from the start, which can happen only once."""
        if last_group <= 7:
            shifted = _ESCAPED.sub(lambda found: b"\\%d" % (int(found[1]) + 2) if found[1] else found[0], rewrite)
            return _arrow_replaced(strings, rf"\A(\C*?)({self.closed})", rb"\1" + shifted)
        replaced = [self._first_replaced_in(value, rewrite) for value in strings.to_list()]
        return StringTensor.from_list(replaced, strings.shape)

    def _first_replaced_in(self, value: bytes, rewrite: bytes) -> bytes:
        found = self.compiled.search(value)
        if found is None:
            return value
        groups = [value[max(start, 0) : end] for start, end in map(found.span, range(self.compiled.groups + 1))]
        text = _ESCAPED.sub(lambda escape: groups[int(escape[1])] if escape[1] else b"\\", rewrite)
        return value[: found.start()] + text + value[found.end() :]


@lru_cache(maxsize=512)
def compiled_pattern(source: str | bytes) -> Pattern:
    """The compiled pattern. Raises ValueError if it is no regular expression for RE2, or not UTF-8."""
    if isinstance(source, bytes):
        try:
            source = source.decode()
        except UnicodeDecodeError as error:
            raise ValueError(f"the pattern {source!r} is not UTF-8") from error
    return Pattern(source)


def _options() -> re2.Options:
    options = re2.Options()
    options.log_errors = False
    return options


def _compile(source: str):
    try:
        return re2.compile(source, _options())
    except re2.error as error:
        reason = error.args[0] if error.args else error
        reason = reason.decode(errors="replace") if isinstance(reason, bytes) else reason
        raise ValueError(f"the pattern {source!r} is no regular expression for RE2: {reason}") from error


def _is_valid(source: str) -> bool:
    try:
        _compile(source)
    except ValueError:
        return False
    return True


def text(strings: StringTensor) -> pa.Array:
    """The same buffers as Arrow's text type, for which its kernels match UTF-8 and not Latin-1; nothing is checked."""
    array = strings.array
    return pa.Array.from_buffers(pa.large_string(), len(array), array.buffers(), 0, array.offset)


def binary(array: pa.Array) -> pa.Array:
    """The same buffers as ``large_binary``."""
    return pa.Array.from_buffers(pa.large_binary(), len(array), array.buffers(), 0, array.offset)


def _arrow_replaced(strings: StringTensor, source: str, rewrite: bytes) -> StringTensor:
    return strings.with_array(binary(pc.replace_substring_regex(text(strings), source, rewrite)))  # pyright: ignore[reportAttributeAccessIssue]


def _valid_rewrite(rewrite: bytes) -> bytes:
    """`rewrite` up to the first escape that is neither a group nor a backslash."""
    found = re.match(rb"(?s:[^\\]|\\[0-9\\])*", rewrite)
    return found[0] if found else b""


def _ascii_set(source: str) -> AsciiSet | None:
    """What `source` matches, if it is one character of a set, several alternatives of that kind, or a run of one."""
    runs = _RUN.fullmatch(source) is not None
    single = source[:-1] if runs else source
    if not _ALTERNATIVES.fullmatch(single):
        return None
    compiled = _compile(single)
    members = bytes(code for code in range(128) if compiled.fullmatch(bytes([code])))
    beyond = not single.isascii() or bool(re.search(r"\^|\.|\\[DSWpP]", single))
    return AsciiSet(byte_set(members), runs, beyond, compiled)


def _each_replaced(strings: StringTensor, found: AsciiSet, literal: bytes) -> StringTensor | None:
    """As `_set_replaced`, one string after another; not for runs that become a byte."""
    values = strings.to_list()
    if found.ascii_only and not all(map(bytes.isascii, values)):
        return None
    table, deleted = _translation(found, literal)
    return StringTensor.from_list([value.translate(table, deleted) for value in values], strings.shape)


def _translation(found: AsciiSet, literal: bytes) -> tuple[bytes | None, bytes]:
    """What bytes.translate needs to replace each byte of a set by `literal`, or delete it."""
    members = found.members.members
    return (bytes.maketrans(members, literal * len(members)), b"") if literal else (None, members)


def _is_beyond_ascii(data: np.ndarray) -> bool:
    return bool(len(data)) and bool(data.max() >= 0x80)


def _joined_replaced(strings: StringTensor, found: AsciiSet, literal: bytes) -> StringTensor | None:
    """The same for joined strings, and for others whose characters beyond ASCII matter; None if it cannot be done."""
    joined = strings.joined
    if joined is None and found.ascii_only and _is_beyond_ascii(region(strings)):
        joined = strings.as_joined()
    if joined is None or joined[1] == literal or joined[1] in found.members.members:
        return None
    data = found.replaced_beyond(joined[0], literal) if found.ascii_only else joined[0]
    if data is None:
        return None
    return StringTensor.from_joined(data.translate(*_translation(found, literal)), joined[1], strings.shape)


def _set_replaced(strings: StringTensor, found: AsciiSet, literal: bytes) -> StringTensor | None:
    """Each match replaced by `literal`, at most one byte; None if the text is not all ASCII and would have to be."""
    if not (found.runs and literal):
        replaced = _joined_replaced(strings, found, literal)
        if replaced is not None:
            return replaced
    data = region(strings)
    if found.ascii_only and _is_beyond_ascii(data):
        return None
    mask = found.members.mask(data)
    if not mask.any():
        return strings
    offsets = strings.offsets - strings.offsets[0]
    if literal:
        data = np.where(mask, np.uint8(literal[0]), data)
        if not found.runs:
            return StringTensor.from_buffers(offsets, data, strings.shape)
        mask &= ~run_starts(mask, offsets)
    return StringTensor.from_buffers(*without(data, offsets, mask), strings.shape)
