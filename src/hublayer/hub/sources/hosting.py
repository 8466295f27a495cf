"""The TF Hub hosting protocol: ``?tf-hub-format=compressed`` gives a tar.gz, ``uncompressed`` a 303 with a location."""

from __future__ import annotations

import os
import re
from collections.abc import Callable

from hublayer.errors import ConfigError, HandleError, ServerError
from hublayer.hub.download import Reply
from hublayer.hub.handle import Handle, Kind, parse, redacted, with_format
from hublayer.hub.mirrors import mirrored
from hublayer.hub.origin import Origin
from hublayer.hub.sources import Elsewhere, Fetched, RemoteSource, Workspace
from hublayer.hub.sources.archive_url import ask_for_archive, fetch_archive
from hublayer.hub.web import reason

FORMAT_VARIABLE = "TFHUB_MODEL_LOAD_FORMAT"

_SEE_OTHER, _NOT_ACCEPTABLE = 303, 406
_UNCOMPRESSED_EXPECTED = "status 303 with the location of the model's folder as its body"
_STORES = ("gs", "gcs", "s3", "s3a")


class HostingSource(RemoteSource):
    """``https://host/publisher/model/version``."""

    def fetch(self, handle: Handle, workspace: Workspace) -> Fetched | Elsewhere:
        return fetch_hosted(handle, workspace)


def fetch_hosted(
    handle: Handle, workspace: Workspace, leaves: Callable[[str], bool] = lambda url: False
) -> Fetched | Elsewhere:
    """Fetch by the hosting protocol; a redirect to a URL that ``leaves`` ends at the handle of that URL. Raises as
    ``Source.fetch`` does."""
    chosen = _load_format()
    url = mirrored(handle.location)
    if chosen != "UNCOMPRESSED":
        fetched = _ask(url, "compressed", handle, workspace, leaves)
        if not isinstance(fetched, Reply):
            return fetched
        if chosen == "COMPRESSED":
            raise ServerError(
                Origin(handle.shown, redacted(with_format(url, "compressed"))).message(
                    f"status {reason(fetched.status)}: this host does not offer the model compressed",
                    advice=f"unset {FORMAT_VARIABLE}, which asks for COMPRESSED only",
                )
            )
    fetched = _ask(url, "uncompressed", handle, workspace, leaves)
    return _follow(url, fetched, handle, workspace) if isinstance(fetched, Reply) else fetched


def _ask(
    url: str, form: str, handle: Handle, workspace: Workspace, leaves: Callable[[str], bool]
) -> Fetched | Elsewhere | Reply:
    asked = with_format(url, form)
    answer = ask_for_archive(
        asked, handle.shown, workspace, hand_back=frozenset({_SEE_OTHER, _NOT_ACCEPTABLE}), leaves=leaves
    )
    if isinstance(answer, Reply) and answer.leads_to is not None:
        return Elsewhere(parse(answer.leads_to), redacted(asked))
    return answer


def _follow(url: str, reply: Reply, handle: Handle, workspace: Workspace) -> Fetched | Elsewhere:
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
        return fetch_archive(mirrored(location), handle.shown, workspace)
    if name in _STORES:
        store = parse(location)
        # What came is a host's word: neither another protocol nor a pin of its own.
        if store.kind is Kind.OBJECT_STORE and "::" not in location and store.pin is None:
            return Elsewhere(store, origin.url)
    if name in (None, "file"):
        came = f"the location {shown}, which is a local path; a remote host may never direct to one"
    else:
        came = f"the location {shown}; a host may direct to http(s)://, gs:// and s3:// only"
    advice = "download the folder by other means and give its local path"
    if _load_format() == "UNCOMPRESSED":
        advice = f"set {FORMAT_VARIABLE}=COMPRESSED, or {advice}"
    raise HandleError(origin.message(came, expected="the location of a folder or an archive", advice=advice))


def _load_format() -> str:
    text = os.environ.get(FORMAT_VARIABLE) or "AUTO"
    if text.upper() not in ("AUTO", "COMPRESSED", "UNCOMPRESSED"):
        raise ConfigError(f"{FORMAT_VARIABLE} is {text!r}; expected AUTO, COMPRESSED or UNCOMPRESSED.")
    return text.upper()
