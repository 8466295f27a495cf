"""One HTTP request as all downloads here make it: timeouts, certificates, redirects, and every failure a named error.

A login goes to its own host only, TLS is always verified, and no URL with its query reaches a log.
"""

from __future__ import annotations

import email.utils
import http
import logging
import os
import ssl
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import httpx

from hublayer.errors import (
    AccessDeniedError,
    ConfigError,
    DownloadTimeoutError,
    HandleError,
    HostUnreachableError,
    ModelNotFoundError,
    ResolveError,
    ServerError,
)
from hublayer.hub import credentials
from hublayer.hub.handle import redacted
from hublayer.hub.mirrors import mirrored
from hublayer.hub.origin import Origin

MAX_REDIRECTS = 10
CONNECT_TIMEOUT = 10.0
READ_TIMEOUT = 30.0

_TEMPORARY_STATUS = frozenset({408, 425, 429, 500, 502, 503, 504})
# Without identity some hosts compress the archive once more, and Content-Length then counts other bytes than ours.
_HEADERS = {"User-Agent": "hublayer", "Accept": "*/*", "Accept-Encoding": "identity"}
_log = logging.getLogger("hublayer.hub")


class TemporaryError(Exception):
    """A failure that may be gone at the next attempt: the ``error`` to raise if it is not, and for how many seconds the
    host asked to be left alone."""

    def __init__(self, error: ResolveError, retry_after: float | None = None):
        super().__init__(str(error))
        self.error = error
        self.retry_after = retry_after


@dataclass(frozen=True)
class Answer:
    """A response whose body has not been read, what messages say about it, and where it redirects to if that URL is one
    that the caller takes elsewhere."""

    response: httpx.Response
    origin: Origin
    leads_to: str | None = None


def client(origin: Origin) -> httpx.Client:
    """Return a client with the proxies, certificates and timeouts of the environment.

    Raises:
        ConfigError: a timeout variable is no positive number.
        HostUnreachableError: the settings of the environment cannot be used.
    """
    timeout = _timeout()
    try:
        return httpx.Client(timeout=timeout, headers=_HEADERS, verify=_certificates())
    except (OSError, ValueError, ImportError) as error:
        raise HostUnreachableError(
            origin.message(
                f"nothing yet: the proxy or certificate settings of the environment cannot be used: {error}",
                advice="correct HTTPS_PROXY, HTTP_PROXY, ALL_PROXY, SSL_CERT_FILE, SSL_CERT_DIR or REQUESTS_CA_BUNDLE",
            )
        ) from error


@contextmanager
def opened(
    web: httpx.Client,
    url: str,
    origin: Origin,
    *,
    headers: Mapping[str, str] | None = None,
    accepted: frozenset[int] = frozenset(),
    leaves: Callable[[str], bool] = lambda url: False,
) -> Iterator[Answer]:
    """Send a GET and yield the first answer that is no redirect to follow; errors while its body is read count too.

    Arguments:
        web: from ``client``.
        url: an http or https URL. It is not mirrored; what it redirects to is.
        origin: what messages say about the handle and URL.
        headers: headers besides those that all requests have.
        accepted: statuses outside 200 to 299 that are no errors.
        leaves: told the URL of each redirect; True ends here, with ``Answer.leads_to``.
    Raises:
        ModelNotFoundError: 404 or 410.
        AccessDeniedError: 401 or 403.
        ServerError: any other status, or a redirect that is not followed.
        HostUnreachableError: a certificate that nobody trusts.
        HandleError: httpx refuses the URL.
        TemporaryError: the failures that are worth another attempt.
    """
    try:
        with _own_log(), _followed(web, url, origin, headers or {}, accepted, leaves) as answer:
            if answer.leads_to is None and answer.response.status_code not in accepted:
                _refuse_errors(answer.response, answer.origin)
            yield answer
    except httpx.TransportError as error:
        raise _transport_error(error, web.timeout, origin) from error
    except httpx.InvalidURL as error:
        raise HandleError(origin.message(f"a URL that httpx refuses: {error}", advice="correct the URL")) from None


def reason(status: int) -> str:
    """Return a status with its standard phrase, as ``404 Not Found``."""
    try:
        return f"{status} {http.HTTPStatus(status).phrase}"
    except ValueError:
        return str(status)


@contextmanager
def _followed(
    web: httpx.Client,
    url: str,
    origin: Origin,
    headers: Mapping[str, str],
    accepted: frozenset[int],
    leaves: Callable[[str], bool],
) -> Iterator[Answer]:
    for _ in range(MAX_REDIRECTS + 1):
        request = web.build_request("GET", url, headers=headers)
        login = None if request.url.userinfo else credentials.for_host(request.url.host)
        response = web.send(request, auth=login, stream=True, follow_redirects=False)
        _log.debug("GET %s: %s", redacted(url), response.status_code)
        try:
            following = None if response.status_code in accepted else response.next_request
            if following is None:
                yield Answer(response, origin)
                return
            shown = redacted(str(following.url))
            origin = replace(origin, url=f"{origin.url.partition(' → ')[0]} → {shown}")
            if leaves(str(following.url)):
                yield Answer(response, origin, leads_to=str(following.url))
                return
            target = mirrored(str(following.url))
            _refuse_redirect(request.url, httpx.URL(target), origin)
            url = target
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
        error = AccessDeniedError
        advice = (
            "ask the publisher for access, or accept the model's terms on its page; a login for this host is read from "
            "~/.netrc"
        )
    else:
        error, advice = ServerError, "try again later, or check the URL in a browser"
    failure = error(origin.message(came, advice=advice))
    if status in _TEMPORARY_STATUS:
        raise TemporaryError(failure, _retry_after(response))
    raise failure


def _retry_after(response: httpx.Response) -> float | None:
    """The header's seconds, or its date as seconds from now (RFC 9110, 10.2.3)."""
    text = response.headers.get("retry-after", "").strip()
    if text.isascii() and text.isdigit():
        return float(text)
    try:
        return max(0.0, email.utils.parsedate_to_datetime(text).timestamp() - time.time())
    except (ValueError, TypeError, OverflowError):
        return None


def _transport_error(error: httpx.TransportError, timeout: httpx.Timeout, origin: Origin) -> Exception:
    if isinstance(error, httpx.TimeoutException):
        connecting = isinstance(error, httpx.ConnectTimeout)
        seconds = timeout.connect if connecting else timeout.read
        variable = "HUBLAYER_CONNECT_TIMEOUT" if connecting else "HUBLAYER_READ_TIMEOUT"
        came = f"no {'connection' if connecting else 'data'} for {seconds:g} seconds"
        advice = f"try again, check the network and proxy, or raise {variable} (seconds)"
        return TemporaryError(DownloadTimeoutError(origin.message(came, advice=advice)))
    came = f"no answer: {error or type(error).__name__}"
    if "CERTIFICATE" in str(error).upper():
        advice = "if a company proxy signs your traffic, set SSL_CERT_FILE to its certificates; TLS is always verified"
        return HostUnreachableError(origin.message(came, advice=advice))
    advice = "check the host name, the network, and the proxy (HTTPS_PROXY, HTTP_PROXY, NO_PROXY)"
    return TemporaryError(HostUnreachableError(origin.message(came, advice=advice)))


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


def _certificates() -> ssl.SSLContext | bool:
    # httpx reads SSL_CERT_FILE and SSL_CERT_DIR itself; these two are what users of requests and curl have set.
    bundle = os.environ.get("REQUESTS_CA_BUNDLE") or os.environ.get("CURL_CA_BUNDLE")
    if not bundle or os.environ.get("SSL_CERT_FILE") or os.environ.get("SSL_CERT_DIR"):
        return True
    if Path(bundle).is_dir():
        return ssl.create_default_context(capath=bundle)
    return ssl.create_default_context(cafile=bundle)


class _Own(threading.local):
    requests = 0


_own = _Own()


@contextmanager
def _own_log() -> Iterator[None]:
    _own.requests += 1
    try:
        yield
    finally:
        _own.requests -= 1


def _is_not_ours(record: logging.LogRecord) -> bool:
    return not _own.requests


# httpx logs whole URLs, httpcore whole headers; a signed URL in either is a password. We log ours above, without query.
for _name in ("httpx", *(f"httpcore.{part}" for part in ("connection", "http11", "http2", "proxy", "socks"))):
    logging.getLogger(_name).addFilter(_is_not_ours)
