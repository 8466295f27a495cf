"""Lower and upper case, and stripping."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

import pyarrow.compute as pc

from hublayer.host.byte_sets import region
from hublayer.host.registry import host_op
from hublayer.host.string_patterns import binary, text
from hublayer.host.string_tensor import StringTensor
from hublayer.host.unicode_scripts import newer_characters
from hublayer.host.utf8 import beyond_ascii

# pyarrow makes its functions when it is imported, so a type checker does not see them.
_ASCII_LOWER, _ASCII_UPPER, _TRIM = (
    getattr(pc, name) for name in ("ascii_lower", "ascii_upper", "ascii_trim_whitespace")
)


@host_op("StringLower")
def string_lower(input, *, encoding=""):
    """Lower case of ASCII letters, or with encoding "utf-8" of all characters, as Unicode defines it for texts."""
    return _cased(input, encoding, _ASCII_LOWER, str.lower)


@host_op("StringUpper")
def string_upper(input, *, encoding=""):
    """Upper case of ASCII letters, or with encoding "utf-8" of all characters, as Unicode defines it for texts."""
    return _cased(input, encoding, _ASCII_UPPER, str.upper)


@host_op("StringStrip")
def string_strip(input):
    """Without ASCII whitespace at both ends."""
    return input.with_array(binary(_TRIM(text(input))))


def _cased(
    input: StringTensor, encoding: str, of_ascii: Callable[..., object], of_text: Callable[[str], str]
) -> StringTensor:
    if encoding not in ("", "utf-8"):
        raise ValueError(f"the encoding must be '' or 'utf-8', but it is {encoding!r}")
    joined = input.joined
    if joined is not None and (whole := _whole_cased(joined[0], encoding, of_text)) is not None:
        return StringTensor.from_joined(whole, joined[1], input.shape)
    data = region(input)
    if encoding == "" or not len(data) or (data.max() < 128 and data.min() > 0):
        return input.with_array(binary(of_ascii(text(input))))
    return StringTensor.from_list([_text_cased(value, of_text) for value in input.to_list()], input.shape)


def _whole_cased(data: bytes, encoding: str, of_text: Callable[[str], str]) -> bytes | None:
    """Joined strings, none of which has a character that depends on more; None if one may have."""
    if encoding == "" or (data.isascii() and b"\0" not in data):
        return data.upper() if of_text is str.upper else data.lower()
    characters = data.decode("utf-8", "replace")
    protected, _ = _protection(of_text is str.upper)
    if b"\0" in data or not protected.keys().isdisjoint(map(ord, beyond_ascii(characters))):
        return None
    return of_text(characters).encode()


def _text_cased(value: bytes, of_text: Callable[[str], str]) -> bytes:
    """The kernel takes a string for one that ends at its first NUL byte; what is not UTF-8 becomes U+FFFD."""
    characters = value.split(b"\0", 1)[0].decode("utf-8", "replace")
    protected, restored = _protection(of_text is str.upper)
    if protected.keys().isdisjoint(map(ord, characters)):
        return of_text(characters).encode()
    return of_text(characters.translate(protected)).translate(restored).encode()


@cache
def _protection(upper: bool) -> tuple[dict[int, int], dict[int, int]]:
    """Characters whose case is newer than TensorFlow's Unicode, as surrogates, which are in no text, and back."""
    newer, lower_of_newer, upper_of_newer = newer_characters()
    changed = sorted(newer | (lower_of_newer if upper else upper_of_newer))
    protected = {ord(character): 0xD800 + number for number, character in enumerate(changed)}
    return protected, {surrogate: code for code, surrogate in protected.items()}
