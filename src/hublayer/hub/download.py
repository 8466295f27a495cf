"""One file over HTTP, fetched in a thread of its own while its first bytes are already read.

What was fetched stays in the target file if the connection breaks, the process is killed or the host goes away. The
next attempt, in this process or another, asks for the rest only, and takes it only if the host says that the file is
still the same (Range and If-Range, RFC 9110, 13.1.5 and 14.2).
"""

from __future__ import annotations

import contextlib
import errno
import json
import re
import shutil
import threading
from collections.abc import Callable
from dataclasses import dataclass
from html import unescape
from pathlib import Path
from typing import Any

import httpx

from hublayer.errors import HostUnreachableError, HubLayerError, NotAnArchiveError, ServerError
from hublayer.hub import progress, web
from hublayer.hub.handle import redacted
from hublayer.hub.origin import Origin
from hublayer.hub.retries import with_retries

_BODY_SHOWN = 4096
_TITLE_SEARCHED = 1 << 16
_STRIDE = 4 << 20
_PARTIAL, _NOT_SATISFIABLE = 206, 416


class RestartedError(Exception):
    """The host sent the file anew from its beginning, so what was read of it does not count."""


@dataclass(frozen=True)
class Reply:
    """How a request was answered: the status; the start of the body if the status was one to hand back; the URL of a
    redirect that the caller takes elsewhere."""

    status: int
    body: bytes = b""
    leads_to: str | None = None


class Download:
    """A download into the file ``target``, running from the start of its ``with`` block to its end.

    Attributes:
        origin: what messages say about the handle and URL, redirects included once they are known.
        continued: whether it goes on from bytes that were there before.
    """

    def __init__(
        self,
        url: str,
        target: Path,
        origin: Origin,
        *,
        hand_back: frozenset[int] = frozenset(),
        leaves: Callable[[str], bool] = lambda url: False,
    ):
        """
        Arguments:
            url: an http or https URL.
            target: the file to write or to go on with; beside it stands a small file that tells what it is part of.
            origin: what messages say about the handle and URL.
            hand_back: statuses that are no errors but answers, returned with the start of their body and no file.
            leaves: told the URL of each redirect; True ends the download there.
        """
        self.origin = origin
        self.continued = False
        self._url = url
        self._target = target
        self._note = target.with_name(target.name + ".json")
        self._hand_back = hand_back
        self._leaves = leaves
        self._state = threading.Condition()
        self._received = 0
        self._awaited = 0
        self._generation = 0
        self._reply: Reply | None = None
        self._error: BaseException | None = None
        self._ended = False
        self._cancelled = threading.Event()
        self._thread = threading.Thread(target=self._run, name="hublayer-download", daemon=True)

    def __enter__(self) -> Download:
        self._target.parent.mkdir(parents=True, exist_ok=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        with self._state:
            self._cancelled.set()
        # It writes nothing more. If it waits for a silent host, it ends with the read timeout.
        self._thread.join(timeout=2)

    @property
    def received(self) -> int:
        """How many bytes there are by now."""
        return self._received

    def reply(self) -> Reply:
        """Wait for the answer and return it; the body may still be on its way.

        Raises:
            ModelNotFoundError: 404 or 410.
            AccessDeniedError: 401 or 403.
            ServerError: any other status >= 400, or a redirect that is not followed.
            HostUnreachableError: no such host, refused, broken off, TLS, proxy settings.
            DownloadTimeoutError: no answer within HUBLAYER_CONNECT_TIMEOUT or HUBLAYER_READ_TIMEOUT seconds.
            NotAnArchiveError: an HTML page came.
            HandleError: httpx refuses the URL.
            ConfigError: a variable of the environment has no such value.
        """
        with self._state:
            self._state.wait_for(lambda: self._reply or self._ended)
            if self._error:
                raise self._error
            assert self._reply is not None
            return self._reply

    def open(self) -> DownloadReader:
        """Return a reader of the bytes from the beginning, which waits for those that have not come yet."""
        return DownloadReader(self)

    def path(self) -> Path:
        """Wait for the whole file and return its path. Raises what ``reply`` raises."""
        with self._state:
            self._state.wait_for(lambda: self._ended)
            if self._error:
                raise self._error
        return self._target

    def discard(self) -> None:
        """Delete what was fetched; to be called after the ``with`` block."""
        self._target.unlink(missing_ok=True)
        self._note.unlink(missing_ok=True)

    def _available(self, position: int, generation: int) -> int:
        with self._state:
            # Woken for each chunk, the two threads would do little but hand over to each other.
            self._awaited = position + (1 if self._received > position else _STRIDE)
            self._state.wait_for(
                lambda: self._received >= self._awaited or self._ended or self._generation != generation,
            )
            if self._generation != generation:
                raise RestartedError
            if self._received <= position and self._error:
                raise self._error
            return self._received

    def _run(self) -> None:
        try:
            with web.client(self.origin) as client:
                with_retries(lambda: self._attempt(client), lambda: self._received, self._wait)
        except BaseException as error:  # noqa: BLE001  # raised again where the download is waited for
            self._error = error
        finally:
            with self._state:
                self._ended = True
                self._state.notify_all()

    def _wait(self, seconds: float) -> None:
        if self._cancelled.wait(seconds):
            raise _CancelledError

    def _attempt(self, client: httpx.Client) -> None:
        offset, note = self._kept()
        from_before = offset > 0 and self._received == 0
        headers = {"Range": f"bytes={offset}-", "If-Range": note["validator"]} if offset else {}
        accepted = self._hand_back | ({_NOT_SATISFIABLE} if offset else frozenset())
        with web.opened(
            client, self._url, self.origin, headers=headers, accepted=accepted, leaves=self._leaves
        ) as answer:
            response, status = answer.response, answer.response.status_code
            self.origin = answer.origin
            if answer.leads_to is not None:
                self._answered(Reply(status, leads_to=answer.leads_to))
            elif status in self._hand_back:
                self._answered(Reply(status, next(response.iter_raw(_BODY_SHOWN), b"")))
            elif status == _PARTIAL and offset and _continues(response, offset, note):
                self.continued = self.continued or from_before
                self._go_on(response, offset, note["total"])
            elif status == _NOT_SATISFIABLE and offset == note["total"]:
                self.continued = self.continued or from_before
                self._set_received(offset)
                self._answered(Reply(200))
            elif status in (_PARTIAL, _NOT_SATISFIABLE):
                self._start_over()
                raise web.TemporaryError(
                    ServerError(
                        answer.origin.message("another part of the file than was asked for", advice="try again")
                    ),
                    retry_after=0.0,
                )
            else:
                _refuse_pages(response, answer.origin)
                self._start_over()
                total = _announced(response)
                self._write_note(response, answer.origin, total)
                self._go_on(response, 0, total)

    def _kept(self) -> tuple[int, dict[str, Any]]:
        """How many bytes of the file are here from before, and what is known of them; 0 if they cannot be used."""
        try:
            note = json.loads(self._note.read_text("utf-8"))
            size = self._target.stat().st_size
            usable = note["url"] == redacted(self._url) and note["validator"] and (note["total"] or size) >= size
            return (size, note) if usable else (0, {})
        except (OSError, ValueError, TypeError, KeyError):
            return 0, {}

    def _start_over(self) -> None:
        self._note.unlink(missing_ok=True)
        self._target.unlink(missing_ok=True)
        with self._state:
            if self._received:
                self._generation += 1
            self._received = 0
            self._state.notify_all()

    def _write_note(self, response: httpx.Response, origin: Origin, total: int | None) -> None:
        etag = response.headers.get("etag", "")
        # A weak tag promises the same meaning, not the same bytes.
        validator = etag if etag.startswith('"') else response.headers.get("last-modified", "")
        if validator and "bytes" in response.headers.get("accept-ranges", "bytes"):
            note = {"url": redacted(self._url), "validator": validator, "total": total}
            self._note.write_text(json.dumps(note), "utf-8")

    def _go_on(self, response: httpx.Response, offset: int, total: int | None) -> None:
        free = shutil.disk_usage(self._target.parent).free
        if total is not None and total - offset > free:
            raise OSError(errno.ENOSPC, f"{total - offset:,} bytes are still to come, and {free:,} are free")
        mode = "ab" if offset else "wb"
        with (
            self._target.open(mode, buffering=0) as file,
            progress.byte_bar(self.origin.handle, total, offset) as bar,
        ):
            self._set_received(offset)
            first = offset == 0
            try:
                for chunk in response.iter_raw():
                    if first:
                        _refuse_page_start(chunk, self.origin)
                        self._answered(Reply(200))
                        first = False
                    if self._cancelled.is_set():
                        raise _CancelledError
                    rest = memoryview(chunk)
                    while rest:  # a disk that is nearly full takes a part
                        rest = rest[file.write(rest) :]
                    self._set_received(self._received + len(chunk))
                    bar.update(len(chunk))
            except httpx.RemoteProtocolError as error:
                raise self._truncated(total) from error
        if total is not None and self._received != total:
            raise self._truncated(total)
        self._answered(Reply(200))

    def _truncated(self, total: int | None) -> web.TemporaryError:
        of = f" of {total:,}" if total is not None else ""
        came = f"at least {self._received:,}{of} bytes, then the connection ended"
        advice = "try again: what has come is kept, and gone on with if the host allows it"
        return web.TemporaryError(HostUnreachableError(self.origin.message(came, advice=advice)))

    def _set_received(self, received: int) -> None:
        with self._state:
            self._received = received
            if received >= self._awaited:
                self._state.notify_all()

    def _answered(self, reply: Reply) -> None:
        with self._state:
            self._reply = self._reply or reply
            self._state.notify_all()


class DownloadReader:
    """The bytes of a ``Download``, from the first to the last; ``read`` waits for those that have not come yet."""

    def __init__(self, download: Download):
        self._download = download
        self._generation = download._generation
        self._position = 0
        self._file = None

    def __enter__(self) -> DownloadReader:
        return self

    def __exit__(self, *_: object) -> None:
        if self._file:
            self._file.close()

    def read(self, size: int = -1) -> bytes:
        """Return at least one byte and at most ``size``, or none at the end.

        Raises:
            RestartedError: what was read does not count any more.
            HubLayerError, OSError: the download failed.
        """
        available = self._download._available(self._position, self._generation)
        if available <= self._position:
            return b""
        if self._file is None:
            self._file = self._download._target.open("rb", buffering=0)
        wanted = available - self._position
        data = self._file.read(wanted if size < 0 else min(size, wanted))
        self._position += len(data)
        return data


class _CancelledError(Exception):
    """The ``with`` block ended before the download did."""


def fetch_file(url: str, target: Path, origin: Origin) -> None:
    """Download ``url`` to ``target`` and wait for it. Raises as ``Download.reply`` and ``Download.path`` do."""
    with Download(url, target, origin) as download:
        download.path()


def _continues(response: httpx.Response, offset: int, note: dict[str, Any]) -> bool:
    match = re.fullmatch(r"bytes (\d+)-\d+/(\d+|\*)", response.headers.get("content-range", ""))
    etag = response.headers.get("etag", "")
    return (
        match is not None
        and int(match[1]) == offset
        and (match[2] == "*" or note["total"] is None or int(match[2]) == note["total"])
        and (not etag.startswith('"') or not note["validator"].startswith('"') or etag == note["validator"])
    )


def _announced(response: httpx.Response) -> int | None:
    text = response.headers.get("content-length", "")
    return int(text) if text.isascii() and text.isdigit() else None


def _refuse_pages(response: httpx.Response, origin: Origin) -> None:
    kind = response.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind in ("text/html", "application/xhtml+xml"):
        start = b""
        with contextlib.suppress(httpx.RequestError):  # that it is HTML is the news, not how it ends
            start = next(response.iter_bytes(_TITLE_SEARCHED), b"")
        raise _html_error(start, origin)


def _refuse_page_start(chunk: bytes, origin: Origin) -> None:
    if chunk.removeprefix(b"\xef\xbb\xbf").lstrip()[:9].lower().startswith((b"<!doctype", b"<html")):
        raise _html_error(chunk, origin)


def _html_error(start: bytes, origin: Origin) -> HubLayerError:
    match = re.search(rb"<title[^>]*>(.*?)</title", start, re.IGNORECASE | re.DOTALL)
    words = unescape(match[1].decode("utf-8", "replace")).split() if match else []
    title = "".join(c if c.isprintable() else "?" for c in " ".join(words[:12]))[:100]
    return NotAnArchiveError(
        origin.message(
            "an HTML page" + (f" titled {title!r}" if title else " without a title"),
            advice="open the URL in a browser: it may be a login page, the page of a proxy or firewall, or a wrong URL",
        )
    )
