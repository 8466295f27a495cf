"""A model host on 127.0.0.1 that speaks the TF Hub hosting protocol, for one model and for as long as it is needed."""

from __future__ import annotations

import io
import tarfile
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import TracebackType
from urllib.parse import parse_qs, urlsplit


class LoopbackHub:
    """Serve one model folder while the context lasts.

    folder: a SavedModel. path: where it is found, as ``/publisher/model/1``.
    handle: the URL to resolve. requests: path and query of each request that came, in order.
    """

    def __init__(self, folder: Path, path: str):
        self.requests: list[str] = []
        self._path = path
        self._archive = _packed(folder)
        # Joined when the server closes, so that nothing is left open.
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._request_class(), bind_and_activate=True)
        self._server.daemon_threads = False
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)

    @property
    def handle(self) -> str:
        """The model's URL."""
        return f"http://127.0.0.1:{self._server.server_port}{self._path}"

    def __enter__(self) -> LoopbackHub:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def _request_class(self) -> type[BaseHTTPRequestHandler]:
        hub = self

        class Request(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                hub.requests.append(self.path)
                url = urlsplit(self.path)
                found = url.path == hub._path and parse_qs(url.query).get("tf-hub-format") == ["compressed"]
                body = hub._archive if found else b"This host has one model, and only as an archive.\n"
                self.send_response(200 if found else 404)
                self.send_header("Content-Type", "application/gzip" if found else "text/plain")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, format: str, *args: object) -> None:
                pass  # the demo tells what is requested in its own words

        return Request


def _packed(folder: Path) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as archive:
        archive.add(folder, arcname=".")
    return buffer.getvalue()
