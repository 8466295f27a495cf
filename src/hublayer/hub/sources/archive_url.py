"""An archive at a URL."""

from __future__ import annotations

from pathlib import Path

from hublayer.hub.archive import unpack_model
from hublayer.hub.download import download
from hublayer.hub.handle import Handle, redacted
from hublayer.hub.mirrors import mirrored
from hublayer.hub.origin import Origin
from hublayer.hub.sources import Fetched


class ArchiveUrlSource:
    """``https://host/model.tar.gz`` and the like."""

    def in_place(self, handle: Handle) -> Path | None:
        return None

    def key(self, handle: Handle) -> str:
        return handle.key

    def fetch(self, handle: Handle, scratch: Path) -> Fetched:
        return fetch_archive(mirrored(handle.location), handle.shown, scratch)


def fetch_archive(url: str, shown_handle: str, scratch: Path) -> Fetched:
    """Download the archive at ``url`` into ``scratch`` and unpack it there. Raises as ``Source.fetch`` does."""
    origin = Origin(shown_handle, redacted(url))
    archive = scratch / "download"
    download(url, archive, origin)
    return Fetched(unpack_model(archive, scratch, origin), origin.url)
