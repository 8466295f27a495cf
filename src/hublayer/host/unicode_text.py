"""Text as code points, and text in other encodings."""

from __future__ import annotations

import numpy as np

from hublayer.host.registry import host_op
from hublayer.host.string_tensor import StringTensor
from hublayer.host.unicode_encodings import MALFORMED, SUBSTITUTE, CodePoints, decoded, encoded
from hublayer.savedmodel.tensors import constant_dtype

_OUTPUT_ENCODINGS = ("UTF-8", "UTF-16-BE", "UTF-32-BE")


@host_op("UnicodeDecode")
def unicode_decode(
    input, *, input_encoding, errors="replace", replacement_char=SUBSTITUTE, replace_control_characters=False,
    Tsplits="int64",
):  # fmt: skip
    """Row splits and int32 code points of all strings."""
    found = _read(input, input_encoding, errors, replacement_char, replace_control_characters)
    return [found.splits.astype(constant_dtype(Tsplits)), found.codes]


@host_op("UnicodeDecodeWithOffsets")
def unicode_decode_with_offsets(
    input, *, input_encoding, errors="replace", replacement_char=SUBSTITUTE, replace_control_characters=False,
    Tsplits="int64",
):  # fmt: skip
    """As UnicodeDecode, and int64 where each code point starts in its string, in bytes."""
    found = _read(input, input_encoding, errors, replacement_char, replace_control_characters)
    return [found.splits.astype(constant_dtype(Tsplits)), found.codes, found.starts]


@host_op("UnicodeTranscode")
def unicode_transcode(
    input, *, input_encoding, output_encoding, errors="replace", replacement_char=SUBSTITUTE,
    replace_control_characters=False,
):  # fmt: skip
    """The strings in another encoding."""
    _check_output(output_encoding)
    if errors == "strict" and replace_control_characters and (decoded(input, input_encoding).codes < 0x20).any():
        raise ValueError("control characters cannot be replaced where errors are strict")
    found = _read(input, input_encoding, errors, replacement_char, replace_control_characters)
    return encoded(found.codes, found.splits, output_encoding, input.shape)


@host_op("UnicodeEncode")
def unicode_encode(input_values, input_splits, *, output_encoding, errors="replace", replacement_char=SUBSTITUTE):
    """Strings of the code points between each two row splits.

    Numbers that are no code points, and surrogates, are treated as `errors` says.
    """
    _check_output(output_encoding)
    _check_errors(errors, replacement_char)
    if input_values.ndim != 1 or input_splits.ndim != 1:
        raise ValueError(
            f"code points and row splits must be vectors, but have shapes {input_values.shape} and {input_splits.shape}"
        )
    splits = input_splits.astype(np.int64)
    if not len(splits) or splits[0] != 0 or splits[-1] != len(input_values) or (np.diff(splits) < 0).any():
        raise ValueError(f"row splits must rise from 0 to {len(input_values)}, but they are {splits[:8].tolist()}")
    codes = np.where(_valid(input_values), input_values, np.int32(MALFORMED))
    found = _settled(CodePoints(codes, np.zeros_like(codes), splits), codes == MALFORMED, errors, replacement_char)
    return encoded(found.codes, found.splits, output_encoding, (len(splits) - 1,))


def _valid(codes: np.ndarray) -> np.ndarray:
    return (codes >= 0) & (codes <= 0x10FFFF) & ((codes < 0xD800) | (codes > 0xDFFF))


def _check_output(encoding: str) -> None:
    if encoding not in _OUTPUT_ENCODINGS:
        raise ValueError(f"the output encoding must be one of {_OUTPUT_ENCODINGS}, but it is {encoding!r}")


def _check_errors(errors: str, replacement: int) -> None:
    if errors not in ("strict", "replace", "ignore"):
        raise ValueError(f"errors must be 'strict', 'replace' or 'ignore', but it is {errors!r}")
    if not 0 <= replacement <= 0x10FFFF:
        raise ValueError(f"replacement_char must be a code point, but it is {replacement}")


def _read(input: StringTensor, encoding: str, errors: str, replacement: int, controls: bool) -> CodePoints:
    _check_errors(errors, replacement)
    found = decoded(input, encoding)
    malformed = found.codes == MALFORMED
    if errors == "strict" and malformed.any():
        row = int(np.searchsorted(found.splits, np.flatnonzero(malformed)[0], side="right")) - 1
        raise ValueError(f"string number {row} is not {encoding}")
    if controls:
        malformed |= (found.codes >= 0) & (found.codes < 0x20)
    return _settled(found, malformed, "replace" if errors == "strict" else errors, replacement)


def _settled(found: CodePoints, wrong: np.ndarray, errors: str, replacement: int) -> CodePoints:
    """With the code points that are wrong replaced or dropped. Raises ValueError if errors is "strict"."""
    if not wrong.any():
        return found
    if errors == "strict":
        raise ValueError(f"code point number {int(np.flatnonzero(wrong)[0])} is none of Unicode's, or a surrogate")
    if errors == "replace":
        return CodePoints(np.where(wrong, np.int32(replacement), found.codes), found.starts, found.splits)
    before = np.concatenate(([0], np.cumsum(~wrong)))
    return CodePoints(found.codes[~wrong], found.starts[~wrong], before[found.splits])
