"""Ops that match and replace with regular expressions."""

from __future__ import annotations

from hublayer.host.registry import host_op
from hublayer.host.string_patterns import compiled_pattern
from hublayer.host.string_tensor import StringTensor


def _scalar(value: StringTensor, name: str) -> bytes:
    if value.shape != ():
        raise ValueError(f"{name} must be one string, but its shape is {value.shape}")
    return value.item()


@host_op("StaticRegexReplace")
def static_regex_replace(input, *, pattern, rewrite, replace_global=True):
    """Matches replaced by `rewrite`."""
    return _replaced(input, pattern, rewrite, replace_global)


@host_op("RegexReplace")
def regex_replace(input, pattern, rewrite, *, replace_global=True):
    """As StaticRegexReplace, with the pattern and the rewrite as scalar tensors."""
    return _replaced(input, _scalar(pattern, "the pattern"), _scalar(rewrite, "the rewrite"), replace_global)


def _replaced(input: StringTensor, source: str | bytes, rewrite: str | bytes, replace_global: bool) -> StringTensor:
    rewrite = rewrite.encode() if isinstance(rewrite, str) else rewrite
    return compiled_pattern(source).replaced(input, rewrite, replace_global)


@host_op("StaticRegexFullMatch")
def static_regex_full_match(input, *, pattern):
    """bool, of the input's shape."""
    return _matches(input, pattern)


@host_op("RegexFullMatch")
def regex_full_match(input, pattern):
    """bool, of the input's shape."""
    return _matches(input, _scalar(pattern, "the pattern"))


def _matches(input: StringTensor, source: str | bytes):
    return compiled_pattern(source).full_matches(input)
