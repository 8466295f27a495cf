"""What a handle is, told from its text alone: no network, no files, no environment."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass, field
from enum import Enum
from urllib.parse import SplitResult, urlsplit, urlunsplit

from hublayer.errors import HandleError

ARCHIVE_SUFFIXES = (".tar.gz", ".tgz", ".tar", ".zip")
FORMAT_PARAMETER = "tf-hub-format"

_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]+)://")
_DEFAULT_PORTS = {"http": 80, "https": 443}
_KNOWN = (
    "known are a local folder, a local archive, and http:// or https:// URLs "
    f"(an archive: {' '.join(ARCHIVE_SUFFIXES)}; or a model page that speaks the TF Hub hosting protocol)"
)


class Kind(Enum):
    """The kinds of source, one file each in ``hublayer.hub.sources``."""

    LOCAL = "local path"
    ARCHIVE_URL = "archive URL"
    HOSTING = "hosting-protocol URL"


@dataclass(frozen=True)
class Handle:
    """A parsed handle.

    ``text`` is what the caller gave. ``location`` is the path or URL to go to; of a URL the scheme and host are lower
    case, the default port and the fragment are gone. ``key`` is equal for two spellings of one URL (trailing slash,
    user name, ``tf-hub-format``); the cache is keyed by it. ``shown`` is the text without secrets: messages, manifests
    and ``repr`` hold this one only.
    """

    kind: Kind
    shown: str
    text: str = field(repr=False)
    location: str = field(repr=False)
    key: str = field(repr=False)


def parse(handle: str | os.PathLike[str]) -> Handle:
    """Tell what kind of source a handle names. Pure: nothing is looked up.

    Arguments:
        handle: a path, or an ``http(s)`` URL.
    Returns:
        The parsed handle, frozen and hashable.
    Raises:
        HandleError: the value is empty, neither a string nor a path, a malformed URL, or of a scheme without a source.
    """
    try:
        text = os.fspath(handle)
    except TypeError:
        text = None
    if not isinstance(text, str):
        raise HandleError(f"A handle is a string or a path, not {type(handle).__name__}; {_KNOWN}.")
    stripped = text.strip()
    if not stripped:
        raise HandleError(f"The handle is empty; {_KNOWN}.")
    scheme = _SCHEME.match(stripped)
    if scheme is None:
        if "\0" in text:
            raise HandleError(f"The handle {text!r} holds a NUL character, which no path may.")
        return Handle(Kind.LOCAL, shown=text, text=text, location=text, key=text)
    if scheme[1].lower() not in _DEFAULT_PORTS:
        raise HandleError(
            f"No source for the scheme {scheme[1].lower()}:// of the handle {redacted(stripped)!r}; {_KNOWN}. "
            "Download the model and give its local folder."
        )
    location, key = _normalised(stripped)
    kind = Kind.ARCHIVE_URL if urlsplit(key).path.lower().endswith(ARCHIVE_SUFFIXES) else Kind.HOSTING
    return Handle(kind, shown=redacted(stripped), text=text, location=location, key=key)


def with_format(url: str, value: str) -> str:
    """Return ``url`` with ``tf-hub-format=value`` added to its query; every other parameter stays as it is written."""
    parts = _without_format(urlsplit(url))
    query = "&".join(filter(None, [parts.query, f"{FORMAT_PARAMETER}={value}"]))
    return urlunsplit(parts._replace(query=query))


def redacted(url: str) -> str:
    """Return ``url`` fit for messages and logs: no user name or password, no query values, no fragment."""
    head, mark, query = url.partition("#")[0].partition("?")
    # Also of text that is no URL: up to the last @ before the path, as a password may hold an @ itself.
    head = re.sub(r"(?<=://)[^/]*@", "", head)
    shown = []
    for parameter in query.split("&"):
        name, equals, value = parameter.partition("=")
        shown.append(name + equals + (value if name == FORMAT_PARAMETER or not value else "***"))
    text = head + mark + "&".join(shown)
    return "".join(c if c.isprintable() else "?" for c in text)


def normalised_prefix(url: str) -> str:
    """Return ``url`` with scheme and host in lower case and without trailing slashes, as ``Handle.location`` has them.

    Raises:
        HandleError: not an ``http(s)`` URL with a host, or one with a query.
    """
    parts = _split(url)
    if parts.query:
        raise HandleError(f"The URL {redacted(url)!r} has a query, which a prefix may not have.")
    return urlunsplit(parts).rstrip("/")


def _normalised(url: str) -> tuple[str, str]:
    parts = _split(url)
    key = _without_format(parts)._replace(netloc=parts.netloc.rpartition("@")[2], path=parts.path.rstrip("/"))
    return urlunsplit(parts), urlunsplit(key)


def _split(url: str) -> SplitResult:
    if any(c.isspace() or not c.isprintable() for c in url):
        raise HandleError(
            f"The URL {redacted(url)!r} holds a space or a control character; write it as %20 or the like."
        )
    try:
        parts = urlsplit(url)
        _ = parts.port  # parsed, and refused, only when asked for
    except ValueError:
        parts = SplitResult("", "", "", "", "")
    if parts.scheme not in _DEFAULT_PORTS or not parts.hostname:
        raise HandleError(f"The URL {redacted(url)!r} is malformed: expected http://host/path or https://host/path.")
    user, at, host = parts.netloc.rpartition("@")
    host = host.lower().removesuffix(f":{_DEFAULT_PORTS[parts.scheme]}")
    return parts._replace(netloc=user + at + host, fragment="")


def _without_format(parts: SplitResult) -> SplitResult:
    kept = [p for p in parts.query.split("&") if p.partition("=")[0] != FORMAT_PARAMETER]
    return parts._replace(query="&".join(kept))
