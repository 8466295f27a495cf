"""The TF Hub hosting protocol: ``?tf-hub-format=compressed`` gives a tar.gz, ``uncompressed`` a 303 with a location."""

from __future__ import annotations

import os
import re
from pathlib import Path

from hublayer.errors import ConfigError, HandleError, ServerError
from hublayer.hub.archive import unpack_model
from hublayer.hub.download import Reply, download, reason
from hublayer.hub.handle import Handle, redacted, with_format
from hublayer.hub.mirrors import mirrored
from hublayer.hub.origin import Origin
from hublayer.hub.sources import Fetched
from hublayer.hub.sources.archive_url import fetch_archive

FORMAT_VARIABLE = "TFHUB_MODEL_LOAD_FORMAT"

_SEE_OTHER, _NOT_ACCEPTABLE = 303, 406
_UNCOMPRESSED_EXPECTED = "status 303 with the location of the model's folder as its body"


class HostingSource:
    """``https://host/publisher/model/version``."""

    def in_place(self, handle: Handle) -> Path | None:
        return None

    def key(self, handle: Handle) -> str:
        return handle.key

    def fetch(self, handle: Handle, scratch: Path) -> Fetched:
        chosen = _load_format()
        url = mirrored(handle.location)
        if chosen != "UNCOMPRESSED":
            fetched, reply = _ask(url, "compressed", handle, scratch)
            if fetched:
                return fetched
            if chosen == "COMPRESSED":
                raise ServerError(
                    Origin(handle.shown, redacted(with_format(url, "compressed"))).message(
                        f"status {reason(reply.status)}: this host does not offer the model compressed",
                        advice=f"unset {FORMAT_VARIABLE}, which asks for COMPRESSED only",
                    )
                )
        fetched, reply = _ask(url, "uncompressed", handle, scratch)
        return fetched or _follow(url, reply, handle, scratch)


def _ask(url: str, form: str, handle: Handle, scratch: Path) -> tuple[Fetched | None, Reply]:
    asked = with_format(url, form)
    origin = Origin(handle.shown, redacted(asked))
    archive = scratch / "download"
    reply = download(asked, archive, origin, hand_back=frozenset({_SEE_OTHER, _NOT_ACCEPTABLE}))
    if reply.status in (_SEE_OTHER, _NOT_ACCEPTABLE):
        return None, reply
    return Fetched(unpack_model(archive, scratch, origin), origin.url), reply


def _follow(url: str, reply: Reply, handle: Handle, scratch: Path) -> Fetched:
    origin = Origin(handle.shown, redacted(with_format(url, "uncompressed")))
    location = reply.body.decode("utf-8", "replace").strip()
    if reply.status != _SEE_OTHER or not location:
        raise ServerError(
            origin.message(
                f"status {reason(reply.status)}" + ("" if location else " with an empty body"),
                expected=_UNCOMPRESSED_EXPECTED,
                advice=f"ask the host's owner, or set {FORMAT_VARIABLE}=COMPRESSED",
            )
        )
    scheme = re.match(r"([a-z][a-z0-9+.-]+)://", location, re.IGNORECASE)
    name = scheme[1].lower() if scheme else None
    shown = repr(redacted(location)[:200])
    if name in ("http", "https"):
        if name == "http" and url.startswith("https://"):
            raise ServerError(
                origin.message(
                    f"a location without TLS: {shown}",
                    expected="a location that is https:// as the handle is",
                    advice="ask the host's owner; hublayer follows no https:// host to http://",
                )
            )
        return fetch_archive(location, handle.shown, scratch)
    if name in (None, "file"):
        came = f"the location {shown}, which is a local path; a remote host may never direct to one"
    else:
        came = f"the location {shown}, and there is no source for the scheme {name}:// yet"
    advice = "download the folder by other means and give its local path"
    if _load_format() == "UNCOMPRESSED":
        advice = f"set {FORMAT_VARIABLE}=COMPRESSED, or {advice}"
    raise HandleError(
        origin.message(
            came,
            expected="the location of an archive, http:// or https://",
            advice=advice,
        )
    )


def _load_format() -> str:
    text = os.environ.get(FORMAT_VARIABLE) or "AUTO"
    if text.upper() not in ("AUTO", "COMPRESSED", "UNCOMPRESSED"):
        raise ConfigError(f"{FORMAT_VARIABLE} is {text!r}; expected AUTO, COMPRESSED or UNCOMPRESSED.")
    return text.upper()
