"""Who may ask: the token, the host names that the server answers to, and what browsers are told."""

from __future__ import annotations

import base64
import binascii
import hmac
import ipaddress
from collections.abc import Collection
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

# Everything comes from this server, nothing runs, nothing is framed.
_POLICY = (
    "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
_HEADERS = {
    "content-security-policy": _POLICY,
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
}
# A browser can only answer Basic; programs that read ~/.netrc, hublayer among them, send it too.
_CHALLENGE = 'Bearer realm="hublayer", Basic realm="hublayer", charset="UTF-8"'


class BrowserPolicy:
    """Adds to every response the headers that keep browsers from doing more than showing it."""

    def __init__(self, app: ASGIApp):
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).update(_HEADERS)
            await send(message)

        await self._app(scope, receive, send_with_headers)


class KnownHosts:
    """Refuses requests for other host names.

    A page from anywhere can make its own name point to 127.0.0.1 and then read what a server there answers (DNS
    rebinding); the Host header still holds that name.
    """

    def __init__(self, app: ASGIApp, hosts: Collection[str]):
        self._app = app
        self._hosts = frozenset(hosts)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and host_name(Headers(scope=scope).get("host", "")) not in self._hosts:
            refusal = PlainTextResponse(f"This server answers to {', '.join(sorted(self._hosts))} only.\n", 421)
            await refusal(scope, receive, send)
        else:
            await self._app(scope, receive, send)


class TokenRequired:
    """Answers 401 to requests without the token, as ``Authorization: Bearer TOKEN`` or as the password of Basic."""

    def __init__(self, app: ASGIApp, token: str):
        self._app = app
        self._token = token.encode()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and not self._fits(Headers(scope=scope).get("authorization", "")):
            refusal = PlainTextResponse(
                "This server needs its token: Authorization: Bearer TOKEN, or TOKEN as the password of any user.\n",
                401,
                {"www-authenticate": _CHALLENGE},
            )
            await refusal(scope, receive, send)
        else:
            await self._app(scope, receive, send)

    def _fits(self, authorization: str) -> bool:
        return hmac.compare_digest(_credential(authorization), self._token)


def _credential(authorization: str) -> bytes:
    scheme, _, given = authorization.strip().partition(" ")
    if scheme.lower() == "bearer":
        return given.strip().encode()
    if scheme.lower() == "basic":
        try:
            return base64.b64decode(given.strip(), validate=True).partition(b":")[2]
        except (binascii.Error, ValueError):
            return b""
    return b""


def host_name(host: str) -> str:
    """Return the name in a Host header, without the port; empty if it is malformed."""
    try:
        return urlsplit(f"//{host}").hostname or ""
    except ValueError:
        return ""


def is_loopback(host: str) -> bool:
    """Tell whether only this machine reaches a server that listens there."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
