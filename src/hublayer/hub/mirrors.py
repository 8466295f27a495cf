"""Mirrors: prefixes of URLs that are fetched from elsewhere, while the cache stays keyed by the original handle."""

from __future__ import annotations

import os
import re

from hublayer.errors import HandleError
from hublayer.hub.handle import normalised_prefix, redacted, with_main_host

VARIABLE = "HUBLAYER_MIRRORS"


def mirrored(url: str) -> str:
    """Return the URL to fetch in place of ``url``: the longest prefix in ``HUBLAYER_MIRRORS`` that fits is replaced.

    Arguments:
        url: a URL as in ``Handle.location``.
    Raises:
        HandleError: ``HUBLAYER_MIRRORS`` is malformed.
    """
    pairs = parse_mirrors(os.environ.get(VARIABLE, ""))
    for name in dict.fromkeys([url, with_main_host(url)]):  # a mirror of tfhub.dev is one of its other hosts' too
        fitting = [pair for pair in pairs if _fits(name, pair[0])]
        if fitting:
            prefix, replacement = max(fitting, key=lambda pair: len(pair[0]))
            return replacement + name[len(prefix) :]
    return url


def parse_mirrors(text: str) -> tuple[tuple[str, str], ...]:
    """Read ``prefix=replacement`` pairs of ``http(s)`` URLs, separated by commas or white space.

    Returns:
        The pairs, in order, without trailing slashes.
    Raises:
        HandleError: a pair is malformed; the message gives the expected form.
    """
    pairs = []
    for piece in filter(None, re.split(r"[,\s]+", text)):
        prefix, *rest = re.split(r"=(?=https?://)", piece, flags=re.IGNORECASE)
        if len(rest) != 1:
            raise _malformed(piece, "it is not one prefix=replacement pair")
        try:
            pairs.append((normalised_prefix(prefix), normalised_prefix(rest[0])))
        except HandleError as error:
            raise _malformed(piece, str(error)) from None
    return tuple(pairs)


def _fits(url: str, prefix: str) -> bool:
    # https://a.org must not fit https://a.org.evil.net
    return url.startswith(prefix) and url[len(prefix) : len(prefix) + 1] in ("", "/", "?")


def _malformed(piece: str, reason: str) -> HandleError:
    shown = "=".join(redacted(part) for part in piece.split("="))
    return HandleError(
        f"{VARIABLE} is malformed at {shown!r}: {reason}. "
        f"Expected prefix=replacement pairs of http(s) URLs separated by commas: "
        f"{VARIABLE}=https://tfhub.dev=http://localhost:8501,https://a.org/models=https://b.org"
    )
