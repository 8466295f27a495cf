"""A host on loopback that speaks the TF Hub hosting protocol: a real server, so that nothing of ours is mocked.

def test_it(hub_server, model_folder):
    url = hub_server.add("/team/model/1", model_folder)     # hosting protocol; the address to resolve
    url = hub_server.add("/model.zip", model_folder)        # packed as the suffix says
    url = hub_server.add("/raw.tar.gz", b"...")             # these bytes, whatever the query
    url = hub_server.add("/gone", reply(404))               # any reply; or any function of the request
    assert hub_server.count("/team/model/1") == 1
"""

from __future__ import annotations

import io
import ssl
import tarfile
import threading
import zipfile
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import urlsplit

import pytest

Handler = Callable[[BaseHTTPRequestHandler], None]


def pack(folder: Path, suffix: str = ".tar.gz") -> bytes:
    """Return ``folder`` as an archive whose root is the folder itself."""
    buffer = io.BytesIO()
    if suffix == ".zip":
        with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
            for path in sorted(folder.rglob("*")):
                archive.write(path, path.relative_to(folder).as_posix())
    else:
        with tarfile.open(fileobj=buffer, mode="w" if suffix == ".tar" else "w:gz") as archive:
            archive.add(folder, arcname=".")
    return buffer.getvalue()


def reply(status: int = 200, body: bytes = b"", **headers: str) -> Handler:
    """Return a handler that always gives this reply; ``content_type=`` is the header Content-Type, and so on."""

    def handle(request: BaseHTTPRequestHandler) -> None:
        request.send_response(status)
        given = {name.replace("_", "-").title(): value for name, value in headers.items()}
        for name, value in ({"Content-Length": str(len(body))} | given).items():
            request.send_header(name, value)
        request.end_headers()
        if request.command != "HEAD":
            request.wfile.write(body)

    return handle


def ranged(body: bytes, etag: str = '"1"', **headers: str) -> Handler:
    """Return a handler that serves ``body`` whole or, if Range and If-Range ask for it, the rest of it."""

    def handle(request: BaseHTTPRequestHandler) -> None:
        wanted = request.headers.get("Range", "")
        facts = {"etag": etag, "accept_ranges": "bytes"} | headers
        if not wanted or request.headers.get("If-Range", etag) != etag:
            return reply(200, body, **facts)(request)
        start = int(wanted.removeprefix("bytes=").partition("-")[0])
        if start >= len(body):
            return reply(416, b"", content_range=f"bytes */{len(body)}", **facts)(request)
        facts["content_range"] = f"bytes {start}-{len(body) - 1}/{len(body)}"
        return reply(206, body[start:], **facts)(request)

    return handle


def hosted(folder: Path) -> Handler:
    """Return a handler that serves a model folder by the hosting protocol, a page to whoever asks without format."""
    compressed = reply(200, pack(folder), content_type="application/gzip")
    uncompressed = reply(303, b"gs://bucket/model")
    page = reply(200, b"<!doctype html><title>The page of a model</title>", content_type="text/html; charset=utf-8")

    def handle(request: BaseHTTPRequestHandler) -> None:
        parameters = urlsplit(request.path).query.split("&")
        if "tf-hub-format=compressed" in parameters:
            compressed(request)
        elif "tf-hub-format=uncompressed" in parameters:
            uncompressed(request)
        else:
            page(request)

    return handle


class HubServer:
    """The host: what it serves by path, and what it was asked."""

    def __init__(self, tls: ssl.SSLContext | None = None, port: int = 0) -> None:
        self.requests: list[str] = []  # path and query, in order
        self.headers: list[dict[str, str]] = []  # of each request, names in lower case
        self.stopping = threading.Event()  # for handlers that wait
        self.otherwise: Handler = reply(404)  # for paths that nothing was added for
        self._handlers: dict[str, Handler] = {}
        self._server = _Server(("127.0.0.1", port), self._request_class())
        if tls:
            self._server.socket = tls.wrap_socket(self._server.socket, server_side=True)
        self._scheme = "https" if tls else "http"
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02})
        self._thread.start()

    @property
    def address(self) -> str:
        return f"{self._scheme}://127.0.0.1:{self._server.server_port}"

    def add(self, path: str, content: Path | bytes | Handler) -> str:
        """Serve ``content`` at ``path`` and return its URL."""
        if isinstance(content, bytes):
            content = reply(200, content, content_type="application/octet-stream")
        elif isinstance(content, Path):
            suffixes = [suffix for suffix in (".tar.gz", ".tgz", ".tar", ".zip") if path.endswith(suffix)]
            content = reply(200, pack(content, suffixes[0])) if suffixes else hosted(content)
        self._handlers[path] = content
        return self.address + path

    def count(self, path: str) -> int:
        """Return how often ``path`` was asked for, with any query."""
        return sum(urlsplit(request).path == path for request in self.requests)

    def stop(self) -> None:
        self.stopping.set()
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()  # joins the threads of the requests

    def _request_class(self) -> type[BaseHTTPRequestHandler]:
        hub = self

        class Request(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                hub.requests.append(self.path)
                hub.headers.append({name.lower(): value for name, value in self.headers.items()})
                hub._handlers.get(urlsplit(self.path).path, hub.otherwise)(self)

            do_HEAD = do_POST = do_GET  # noqa: N815

            def log_message(self, *_: object) -> None:
                pass

        return Request


class _Server(ThreadingHTTPServer):
    daemon_threads = False

    def handle_error(self, request: object, client_address: object) -> None:
        pass  # clients that hang up are part of the tests


@pytest.fixture
def hub_server() -> Iterator[HubServer]:
    """A host on loopback, for one test."""
    server = HubServer()
    yield server
    server.stop()
