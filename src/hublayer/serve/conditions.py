"""Conditional and range requests for one representation (RFC 9110, 13 and 14): which part of it is sent, if any."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

OK, PARTIAL, NOT_MODIFIED, PRECONDITION_FAILED, NOT_SATISFIABLE = 200, 206, 304, 412, 416

_RANGE = re.compile(r"\s*bytes\s*=\s*(\d*)\s*-\s*(\d*)\s*", re.IGNORECASE | re.ASCII)
_TAG = re.compile(r'(?:W/)?"[\x21\x23-\x7e\x80-\xff]*"')
_LONGEST_NUMBER = 19  # digits; longer ones are no sizes, and slow to convert


@dataclass(frozen=True)
class Answer:
    """A status, and the bytes from ``start`` to before ``stop`` if it is 200 or 206."""

    status: int
    start: int = 0
    stop: int = 0


def answer(headers: Mapping[str, str], etag: str, size: int) -> Answer:
    """Decide what a GET is answered with.

    Arguments:
        headers: of the request.
        etag: the strong entity tag of what is there.
        size: its length in bytes.
    Returns:
        200, 206, 304, 412 or 416. One range is honoured; several, or one in another unit, are answered by the whole, as
        RFC 9110, 14.2 allows. ``If-Range`` with a date never holds, because no date is sent.
    """
    wanted = headers.get("if-match")
    if wanted is not None and not _contains(wanted, etag, weak=False):
        return Answer(PRECONDITION_FAILED)
    wanted = headers.get("if-none-match")
    if wanted is not None and _contains(wanted, etag, weak=True):
        return Answer(NOT_MODIFIED)
    if headers.get("if-range", etag).strip() != etag:
        return Answer(OK, 0, size)
    return _range(headers.get("range", ""), size)


def _contains(listed: str, etag: str, weak: bool) -> bool:
    if listed.strip() == "*":
        return True
    tags = _TAG.findall(listed)
    return etag in ([tag.removeprefix("W/") for tag in tags] if weak else tags)


def _range(text: str, size: int) -> Answer:
    match = _RANGE.fullmatch(text)
    whole = Answer(OK, 0, size)
    if match is None or max(map(len, match.groups())) > _LONGEST_NUMBER:
        return whole
    first, last = match.groups()
    if first:
        start, stop = int(first), min(int(last) + 1, size) if last else size
        if last and int(last) < start:
            return whole  # not a valid range, so it is ignored
    elif last:
        start, stop = max(size - int(last), 0), size
    else:
        return whole
    return Answer(PARTIAL, start, stop) if start < stop else Answer(NOT_SATISFIABLE)
