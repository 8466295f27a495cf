"""What a handle is, told from its text alone: no network, no files, no environment."""

from __future__ import annotations

import hashlib
import os
import re
from dataclasses import dataclass, field, replace
from enum import Enum
from urllib.parse import SplitResult, urlsplit, urlunsplit

from hublayer.errors import HandleError
from hublayer.hub import hugging_face_model, kaggle_model

ARCHIVE_SUFFIXES = (".tar.gz", ".tgz", ".tar", ".zip")
FORMAT_PARAMETER = "tf-hub-format"
# The second and the third are names of the first; the third is its mirror where the first is out of reach.
TFHUB_HOSTS = ("tfhub.dev", "www.tfhub.dev", "hub.tensorflow.google.cn")

_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]+)(://|::)")
_PIN = "@sha256:"
_DEFAULT_PORTS = {"http": 80, "https": 443}
_STORE_ALIASES = {"gcs": "gs", "s3a": "s3", "s3n": "s3"}
KNOWN = (
    "known are a local folder or archive, http:// and https:// URLs "
    f"(an archive: {' '.join(ARCHIVE_SUFFIXES)}; or a model page that speaks the TF Hub hosting protocol), "
    "tfhub.dev and Kaggle pages, kaggle://, hf://, gs://, s3:// and the other URLs of fsspec"
)


class Kind(Enum):
    """The kinds of source, one file each in ``hublayer.hub.sources``."""

    LOCAL = "local path"
    ARCHIVE_URL = "archive URL"
    HOSTING = "hosting-protocol URL"
    TFHUB = "tfhub.dev page"
    KAGGLE = "Kaggle model"
    HUGGING_FACE = "Hugging Face repository"
    OBJECT_STORE = "fsspec URL"


@dataclass(frozen=True)
class Handle:
    """A parsed handle.

    ``text`` is what the caller gave, without the pin. ``location`` is the path or URL to go to; of a URL the scheme and
    host are lower case, the default port and the fragment are gone. ``key`` is equal for two spellings of one model
    (trailing slash, user name, ``tf-hub-format``, the hosts of tfhub.dev, the forms of a Kaggle page); the cache is
    keyed by it. ``shown`` is the text without secrets: messages, manifests and ``repr`` hold this one only. ``pin`` is
    the digest that the content must have, ``sha256:`` and 64 hexadecimal digits, or None.
    """

    kind: Kind
    shown: str
    text: str = field(repr=False)
    location: str = field(repr=False)
    key: str = field(repr=False)
    pin: str | None = None

    @property
    def canonical(self) -> str:
        """The key without secrets: one spelling of the handle, for people and for the lock file's ``source``."""
        return redacted(self.key) if "://" in self.key else self.key

    @property
    def public_key(self) -> str:
        """The key without secrets, still different for different keys: what the lock file is keyed by."""
        if self.canonical == self.key:
            return self.key
        return f"{self.canonical}#{hashlib.sha256(self.key.encode('utf-8', 'surrogatepass')).hexdigest()[:12]}"


def parse(handle: str | os.PathLike[str]) -> Handle:
    """Tell what kind of source a handle names. Pure: nothing is looked up.

    Arguments:
        handle: a path, or a URL; ``@sha256:…`` at the end pins its content.
    Returns:
        The parsed handle, frozen and hashable.
    Raises:
        HandleError: the value is empty, neither a string nor a path, or malformed.
    """
    try:
        given = os.fspath(handle)
    except TypeError:
        given = None
    if not isinstance(given, str):
        raise HandleError(f"A handle is a string or a path, not {type(handle).__name__}; {KNOWN}.")
    text, pin = _split_pin(given)
    stripped = text.strip()
    if not stripped:
        raise HandleError(f"The handle is empty; {KNOWN}.")
    scheme = _SCHEME.match(stripped)
    if scheme is None or "://" not in stripped:
        if "\0" in text:
            raise HandleError(f"The handle {text!r} holds a NUL character, which no path may.")
        return Handle(Kind.LOCAL, shown=text, text=text, location=text, key=text, pin=pin)
    return replace(_parse_url(stripped, scheme[1].lower(), scheme[2]), text=text, pin=pin)


def with_format(url: str, value: str) -> str:
    """Return ``url`` with ``tf-hub-format=value`` added to its query; every other parameter stays as it is written."""
    parts = _without_format(urlsplit(url))
    query = "&".join(filter(None, [parts.query, f"{FORMAT_PARAMETER}={value}"]))
    return urlunsplit(parts._replace(query=query))


def with_main_host(url: str) -> str:
    """Return ``url`` with tfhub.dev in place of one of its other hosts; any other URL stays as it is."""
    parts = urlsplit(url)
    return urlunsplit(parts._replace(netloc=TFHUB_HOSTS[0])) if parts.netloc in TFHUB_HOSTS else url


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


def redacted_text(text: str) -> str:
    """Return ``text``, another library's message, with every URL in it redacted."""
    return re.sub(r"[A-Za-z][A-Za-z0-9+.-]*://[^\s'\"<>)]+", lambda match: redacted(match[0]), text)


def normalised_prefix(url: str) -> str:
    """Return ``url`` with scheme and host in lower case and without trailing slashes, as ``Handle.location`` has them.

    Raises:
        HandleError: not an ``http(s)`` URL with a host, or one with a query.
    """
    parts = _split(url)
    if parts.query:
        raise HandleError(f"The URL {redacted(url)!r} has a query, which a prefix may not have.")
    return urlunsplit(parts).rstrip("/")


def _split_pin(text: str) -> tuple[str, str | None]:
    head, mark, digest = text.rstrip().rpartition(_PIN)
    if not mark:
        return text, None
    if not re.fullmatch("[0-9a-fA-F]{64}", digest):
        raise HandleError(
            f"The pin {_PIN + digest[:80]!r} of the handle {redacted(head)!r} is malformed: expected {_PIN} and 64 "
            "hexadecimal digits, as `hublayer resolve --json HANDLE` prints them."
        )
    return head, "sha256:" + digest.lower()


def _parse_url(url: str, scheme: str, mark: str) -> Handle:
    shown = redacted(url)
    path = url.partition("://")[2].partition("#")[0]
    if scheme in _DEFAULT_PORTS and mark == "://":
        return _parse_web(url, shown)
    if scheme == "file" and mark == "://":
        return _parse_file_url(url)
    if scheme == kaggle_model.SCHEME:
        key = kaggle_model.from_handle(path.partition("?")[0], shown).handle
        return Handle(Kind.KAGGLE, shown=shown, text=url, location=key, key=key)
    if scheme == hugging_face_model.SCHEME:
        key = hugging_face_model.from_handle(path.partition("?")[0], shown).handle
        return Handle(Kind.HUGGING_FACE, shown=shown, text=url, location=key, key=key)
    if not path.strip("/") and mark == "://" and scheme != "memory":
        raise HandleError(f"The URL {shown!r} is malformed: expected {scheme}://bucket/path.")
    if "\0" in url:
        raise HandleError(f"The URL {shown!r} holds a NUL character.")
    scheme = _STORE_ALIASES.get(scheme, scheme)
    location = scheme + url[len(url.partition(mark)[0]) :].rstrip("/")
    key = re.sub(r"(?<=://)[^/@]*@", "", location)
    return Handle(Kind.OBJECT_STORE, shown=shown, text=url, location=location, key=key)


def _parse_web(url: str, shown: str) -> Handle:
    location, key = _normalised(url)
    parts = urlsplit(key)
    kind = Kind.HOSTING
    if kaggle_model.is_page(parts.hostname, parts.path):
        kind, key = Kind.KAGGLE, kaggle_model.from_page(parts.path, shown).handle
    elif parts.path.lower().endswith(ARCHIVE_SUFFIXES):
        kind = Kind.ARCHIVE_URL
    elif parts.hostname in hugging_face_model.HOSTS:
        kind, key = Kind.HUGGING_FACE, hugging_face_model.from_page(parts.path, shown).handle
    elif parts.netloc in TFHUB_HOSTS:
        kind, key = Kind.TFHUB, with_main_host(key)
    return Handle(kind, shown=shown, text=url, location=location, key=key)


def _parse_file_url(url: str) -> Handle:
    from urllib.request import url2pathname  # with it comes half of the standard library's network

    parts = urlsplit(url)
    path = url2pathname(parts.path)
    if parts.netloc not in ("", "localhost") or not path or "\0" in path:
        raise HandleError(f"The URL {redacted(url)!r} is malformed: expected file:///path on this machine.")
    return Handle(Kind.LOCAL, shown=path, text=url, location=path, key=path)


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
