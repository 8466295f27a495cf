"""The ASGI application: the TF Hub hosting protocol for programs, the catalogue for people, at the same URLs."""

from __future__ import annotations

import logging
from collections.abc import Callable
from importlib.resources import files
from urllib.parse import quote, urlsplit

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, Response, StreamingResponse
from starlette.routing import Route

from hublayer.errors import HubLayerError
from hublayer.hub.handle import FORMAT_PARAMETER
from hublayer.serve.access import BrowserPolicy, KnownHosts, TokenRequired
from hublayer.serve.archives import Archive, Checksums
from hublayer.serve.catalogue import Catalogue, Model, lookup
from hublayer.serve.conditions import NOT_MODIFIED, NOT_SATISFIABLE, OK, PARTIAL, answer
from hublayer.serve.facts import FactsReader
from hublayer.serve.model_files import list_model_files
from hublayer.serve.pages import STATIC, Pages

_ARCHIVE_SUFFIXES = (".tar.gz", ".tgz")
_STATIC_FILES = {"style.css": "text/css", "icon.svg": "image/svg+xml"}
_SEE_OTHER, _NOT_ACCEPTABLE, _CONFLICT = 303, 406, 409
_log = logging.getLogger("hublayer.serve")


def application(
    catalogue: Catalogue,
    *,
    token: str | None = None,
    hosts: frozenset[str] | None = None,
    public_url: str | None = None,
) -> Starlette:
    """Make the application.

    Arguments:
        catalogue: the models.
        token: what every request has to bring; None for none.
        hosts: the host names that it answers to; None for any.
        public_url: where clients reach it, if not where they say in their Host header: behind a proxy.
    """
    server = _Hub(catalogue, public_url, has_token=token is not None)
    middleware = [Middleware(BrowserPolicy)]
    if hosts is not None:
        middleware.append(Middleware(KnownHosts, hosts=hosts))
    if token is not None:
        middleware.append(Middleware(TokenRequired, token=token))
    routes = [
        Route("/", server.models, name="models"),
        *(Route(f"/{STATIC}{name}", _static(name, kind)) for name, kind in _STATIC_FILES.items()),
        Route("/{name:path}", server.model),
    ]
    return Starlette(routes=routes, middleware=middleware, exception_handlers={HTTPException: server.problem})


class _Hub:
    def __init__(self, catalogue: Catalogue, public_url: str | None, has_token: bool):
        self._catalogue = catalogue
        self._checksums = Checksums()
        self._public_url = None if public_url is None else public_url.rstrip("/")
        base_path = urlsplit(public_url).path if public_url else ""
        self._pages = Pages(catalogue, FactsReader(self._checksums), base_path, has_token)

    # Functions that are not async run in a thread each: they read files.

    def models(self, request: Request) -> Response:
        page = request.query_params.get("page", "")
        number = int(page) if page.isascii() and page.isdigit() and len(page) < 9 else 1
        return _page(self._pages.models(request.query_params.get("q", ""), number))

    def model(self, request: Request) -> Response:
        name = request.scope["path"][1:].removesuffix("/")  # the router loses a line feed at the end
        formats = [part for text in request.query_params.getlist(FORMAT_PARAMETER) for part in text.split(",")]
        model = lookup(self._catalogue, name)
        if model is None and not formats:
            suffix = next((suffix for suffix in _ARCHIVE_SUFFIXES if name.endswith(suffix)), None)
            model = lookup(self._catalogue, name.removesuffix(suffix)) if suffix else None
            formats = ["compressed"]
        if model is None:
            raise HTTPException(404, "There is no model of this name here.")
        if "compressed" in formats:
            return self._archive(request, model)
        if "uncompressed" in formats:
            return _elsewhere(model)
        if formats:
            return PlainTextResponse(f"There are {FORMAT_PARAMETER}=compressed and uncompressed.\n", _NOT_ACCEPTABLE)
        try:
            archive = Archive(list_model_files(model.folder), self._checksums)
        except (HubLayerError, OSError):
            archive = None  # the page says why
        return _page(self._pages.model(name, model, archive, self._public_url or str(request.base_url).rstrip("/")))

    def _archive(self, request: Request, model: Model) -> Response:
        try:
            archive = Archive(list_model_files(model.folder), self._checksums)
        except (HubLayerError, OSError) as error:
            _log.warning("%s is not served: %s", model.name, error)
            raise HTTPException(_CONFLICT, "This model cannot be served as it is; its page says why.") from error
        conditions = request.headers if request.method == "GET" else _without_range(request)
        answered = answer(conditions, archive.etag, archive.size)
        headers = {"etag": archive.etag, "accept-ranges": "bytes", "cache-control": "no-cache"}
        if answered.status == NOT_SATISFIABLE:
            headers["content-range"] = f"bytes */{archive.size}"
        if answered.status not in (OK, PARTIAL):
            body = b"" if answered.status == NOT_MODIFIED else b"There is nothing that fits these conditions.\n"
            return Response(body, answered.status, headers, "text/plain")
        headers["content-length"] = str(answered.stop - answered.start)
        headers["content-disposition"] = f"attachment; filename*=UTF-8''{quote(model.name.replace('/', '-'))}.tar.gz"
        if answered.status == PARTIAL:
            headers["content-range"] = f"bytes {answered.start}-{answered.stop - 1}/{archive.size}"
        if request.method == "HEAD":
            return Response(b"", answered.status, headers, "application/gzip")
        stream = archive.stream(answered.start, answered.stop)
        return StreamingResponse(stream, answered.status, headers, "application/gzip")

    async def problem(self, request: Request, error: Exception) -> Response:
        """Errors as a page for browsers, and as a line for programs."""
        assert isinstance(error, HTTPException)
        if FORMAT_PARAMETER in request.query_params or "text/html" not in request.headers.get("accept", ""):
            return PlainTextResponse(f"{error.detail}\n", error.status_code, error.headers)
        text = await run_in_threadpool(self._pages.problem, str(error.status_code), error.detail)
        return HTMLResponse(text, error.status_code, error.headers)


def _static(name: str, media_type: str) -> Callable[[Request], Response]:
    content = files("hublayer.serve").joinpath("static", name).read_bytes()
    return lambda request: Response(content, media_type=media_type, headers={"cache-control": "max-age=3600"})


def _page(text: str) -> HTMLResponse:
    return HTMLResponse(text, headers={"cache-control": "no-cache"})


def _elsewhere(model: Model) -> Response:
    """What ``uncompressed`` asks for: where the files themselves can be read, which is an object store or nowhere."""
    if model.location is None:
        return PlainTextResponse(f"This model is to be had with {FORMAT_PARAMETER}=compressed only.\n", _NOT_ACCEPTABLE)
    return PlainTextResponse(model.location, _SEE_OTHER, {"cache-control": "no-cache"})


def _without_range(request: Request) -> dict[str, str]:
    """HEAD asks for what GET would answer without Range (RFC 9110, 14.2)."""
    return {name: value for name, value in request.headers.items() if name not in ("range", "if-range")}
