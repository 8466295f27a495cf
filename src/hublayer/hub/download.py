"""One download over HTTP: streamed to a file, every way it can fail a named error. Retries belong to the caller."""

from __future__ import annotations

import http
import os
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from html import unescape
from pathlib import Path

import httpx
from tqdm import tqdm

from hublayer.errors import (
    AccessDeniedError,
    ConfigError,
    CorruptArchiveError,
    DownloadTimeoutError,
    HandleError,
    HostUnreachableError,
    ModelNotFoundError,
    NotAnArchiveError,
    ResolveError,
    ServerError,
)
from hublayer.hub.handle import redacted
from hublayer.hub.origin import Origin

MAX_REDIRECTS = 10
CONNECT_TIMEOUT = 10.0
READ_TIMEOUT = 30.0

_CHUNK = 1 << 16
_BODY_SHOWN = 4096
_TITLE_SEARCHED = 1 << 16
# Without identity some hosts compress the archive once more, and Content-Length then counts other bytes than ours.
_HEADERS = {"User-Agent": "hublayer", "Accept": "*/*", "Accept-Encoding": "identity"}


@dataclass(frozen=True)
class Reply:
    """How a download ended: the status, and the start of the body if the status was one to hand back."""

    status: int
    body: bytes = b""


def download(url: str, target: Path, origin: Origin, *, hand_back: frozenset[int] = frozenset()) -> Reply:
    """Stream ``url`` to the file ``target`` in constant memory, following redirects, with one attempt.

    Arguments:
        url: an http or https URL; proxies and certificates are taken from the environment as httpx does.
        target: the file to write; it is the caller's to delete, after an error too.
        origin: what messages say about the handle and URL.
        hand_back: statuses that are no errors but answers, returned with the start of their body and no file.
    Returns:
        The last status, after redirects.
    Raises:
        ModelNotFoundError: 404 or 410.
        AccessDeniedError: 401 or 403.
        ServerError: any other status >= 400, or a redirect that is not followed.
        HostUnreachableError: no such host, refused, broken off, TLS, proxy settings.
        DownloadTimeoutError: no answer within HUBLAYER_CONNECT_TIMEOUT or HUBLAYER_READ_TIMEOUT seconds.
        CorruptArchiveError: fewer bytes came than were announced.
        NotAnArchiveError: an HTML page came.
        HandleError: httpx refuses the URL.
        ConfigError: a timeout variable is no positive number.
    """
    timeout = _timeout()
    with _client(timeout, origin) as client:
        try:
            with _opened(client, url, origin, hand_back) as (response, origin):
                if response.status_code in hand_back:
                    return Reply(response.status_code, next(response.iter_raw(_BODY_SHOWN), b""))
                _refuse_errors(response, origin)
                _save(response, target, origin)
                return Reply(response.status_code)
        except httpx.TransportError as error:
            raise _transport_error(error, timeout, origin) from error
        except httpx.InvalidURL as error:
            raise HandleError(origin.message(f"a URL that httpx refuses: {error}", advice="correct the URL")) from error


def reason(status: int) -> str:
    """Return a status with its standard phrase, as ``404 Not Found``."""
    try:
        return f"{status} {http.HTTPStatus(status).phrase}"
    except ValueError:
        return str(status)


def _client(timeout: httpx.Timeout, origin: Origin) -> httpx.Client:
    try:
        return httpx.Client(timeout=timeout, headers=_HEADERS)
    except (OSError, ValueError, ImportError) as error:
        raise HostUnreachableError(
            origin.message(
                f"nothing yet: the proxy or certificate settings of the environment cannot be used: {error}",
                advice="correct HTTPS_PROXY, HTTP_PROXY, ALL_PROXY, SSL_CERT_FILE or SSL_CERT_DIR",
            )
        ) from error


@contextmanager
def _opened(
    client: httpx.Client, url: str, origin: Origin, hand_back: frozenset[int]
) -> Iterator[tuple[httpx.Response, Origin]]:
    """Send the request and yield the first response that is no redirect, and the origin with the redirect in it."""
    request = client.build_request("GET", url)
    for _ in range(MAX_REDIRECTS + 1):
        response = client.send(request, stream=True, follow_redirects=False)
        try:
            following = None if response.status_code in hand_back else response.next_request
            if following is None:
                yield response, origin
                return
            _refuse_redirect(request.url, following.url, origin)
            origin = replace(origin, url=f"{origin.url.partition(' → ')[0]} → {redacted(str(following.url))}")
            request = following
        finally:
            response.close()
    raise ServerError(
        origin.message(
            f"more than {MAX_REDIRECTS} redirects", advice="check the URL in a browser, or ask the host's owner"
        )
    )


def _refuse_redirect(source: httpx.URL, destination: httpx.URL, origin: Origin) -> None:
    shown = redacted(str(destination))
    if destination.scheme not in ("http", "https"):
        raise ServerError(
            origin.message(
                f"a redirect to {shown}, which is not followed", advice="check that the host is the right one"
            )
        )
    if source.scheme == "https" and destination.scheme == "http":
        raise ServerError(
            origin.message(
                f"a redirect from https:// to {shown}, which is not followed",
                advice="check that the host is the right one; if you trust that URL, give it as the handle",
            )
        )


def _refuse_errors(response: httpx.Response, origin: Origin) -> None:
    status = response.status_code
    if 200 <= status < 300:
        return
    came = f"status {reason(status)}"
    if status in (404, 410):
        error, advice = ModelNotFoundError, "check the spelling and the version of the handle"
    elif status in (401, 403):
        error, advice = AccessDeniedError, "ask the publisher for access, or accept the model's terms on its page"
    else:
        error, advice = ServerError, "try again later, or check the URL in a browser"
    raise error(origin.message(came, advice=advice))


def _save(response: httpx.Response, target: Path, origin: Origin) -> None:
    if response.headers.get("content-type", "").partition(";")[0].strip().lower() in (
        "text/html",
        "application/xhtml+xml",
    ):
        raise _html_error(_start(response), origin)
    announced = response.headers.get("content-length", "")
    total = int(announced) if announced.isascii() and announced.isdigit() else None
    received = 0
    with target.open("wb") as file, _progress_bar(total, origin) as bar:
        try:
            for chunk in response.iter_raw(_CHUNK):
                if received == 0 and chunk.removeprefix(b"\xef\xbb\xbf").lstrip()[:9].lower().startswith(
                    (b"<!doctype", b"<html")
                ):
                    raise _html_error(chunk, origin)
                file.write(chunk)
                received += len(chunk)
                bar.update(len(chunk))
        except httpx.RemoteProtocolError as error:
            raise _truncated(received, total, origin) from error
    if total is not None and received != total:
        raise _truncated(received, total, origin)


def _start(response: httpx.Response) -> bytes:
    try:
        return next(response.iter_bytes(_TITLE_SEARCHED), b"")
    except httpx.RequestError:
        return b""  # that it is HTML is the news, not how it ends


def _truncated(received: int, total: int | None, origin: Origin) -> CorruptArchiveError:
    of = f" of {total:,}" if total is not None else ""
    return CorruptArchiveError(
        origin.message(f"at least {received:,}{of} bytes, then the connection ended", advice="try again")
    )


def _html_error(start: bytes, origin: Origin) -> NotAnArchiveError:
    match = re.search(rb"<title[^>]*>(.*?)</title", start, re.IGNORECASE | re.DOTALL)
    words = unescape(match[1].decode("utf-8", "replace")).split() if match else []
    title = "".join(c if c.isprintable() else "?" for c in " ".join(words[:12]))[:100]
    return NotAnArchiveError(
        origin.message(
            "an HTML page" + (f" titled {title!r}" if title else " without a title"),
            advice="open the URL in a browser: it may be a login page, the page of a proxy or firewall, or a wrong URL",
        )
    )


def _transport_error(error: httpx.TransportError, timeout: httpx.Timeout, origin: Origin) -> ResolveError:
    if isinstance(error, httpx.TimeoutException):
        connecting = isinstance(error, httpx.ConnectTimeout)
        seconds = timeout.connect if connecting else timeout.read
        variable = "HUBLAYER_CONNECT_TIMEOUT" if connecting else "HUBLAYER_READ_TIMEOUT"
        came = f"no {'connection' if connecting else 'data'} for {seconds:g} seconds"
        advice = f"try again, check the network and proxy, or raise {variable} (seconds)"
        return DownloadTimeoutError(origin.message(came, advice=advice))
    advice = "check the host name, the network, and the proxy (HTTPS_PROXY, HTTP_PROXY, NO_PROXY)"
    if "CERTIFICATE" in str(error).upper():
        advice = "if a company proxy signs your traffic, set SSL_CERT_FILE to its certificates; TLS is always verified"
    return HostUnreachableError(origin.message(f"no answer: {error or type(error).__name__}", advice=advice))


def _timeout() -> httpx.Timeout:
    connect = _seconds("HUBLAYER_CONNECT_TIMEOUT", CONNECT_TIMEOUT)
    read = _seconds("HUBLAYER_READ_TIMEOUT", READ_TIMEOUT)
    return httpx.Timeout(read, connect=connect)


def _seconds(variable: str, default: float) -> float:
    text = os.environ.get(variable)
    if not text:
        return default
    try:
        seconds = float(text)
    except ValueError:
        seconds = 0.0
    if not 0 < seconds < 1e9:  # also refuses nan
        raise ConfigError(f"{variable} is {text!r}; expected a number of seconds above 0, as {default:g}.")
    return seconds


def _progress_bar(total: int | None, origin: Origin) -> tqdm:
    return tqdm(
        total=total, unit="B", unit_scale=True, unit_divisor=1024, desc=origin.handle, disable=not _progress_is_shown()
    )


def _progress_is_shown() -> bool:
    wish = os.environ.get("TFHUB_DOWNLOAD_PROGRESS", "").strip().lower()
    if wish:
        return wish not in ("0", "false", "no", "off")
    return sys.stderr is not None and sys.stderr.isatty()
