"""An archive at a URL."""

from __future__ import annotations

import shutil
from typing import Any

from hublayer.errors import CorruptArchiveError, NotAnArchiveError, NotASavedModelError, UnsafeArchiveError
from hublayer.hub.archive import unpack_model
from hublayer.hub.download import Download, Reply, RestartedError
from hublayer.hub.handle import Handle, redacted
from hublayer.hub.mirrors import mirrored
from hublayer.hub.origin import Origin
from hublayer.hub.sources import Fetched, RemoteSource, Workspace


class ArchiveUrlSource(RemoteSource):
    """``https://host/model.tar.gz`` and the like."""

    def fetch(self, handle: Handle, workspace: Workspace) -> Fetched:
        return fetch_archive(mirrored(handle.location), handle.shown, workspace)


def fetch_archive(url: str, shown_handle: str, workspace: Workspace) -> Fetched:
    """Download the archive at ``url`` and unpack it. Raises as ``Source.fetch`` does."""
    fetched = ask_for_archive(url, shown_handle, workspace)
    assert isinstance(fetched, Fetched)
    return fetched


def ask_for_archive(url: str, shown_handle: str, workspace: Workspace, **options: Any) -> Fetched | Reply:
    """Download the archive at ``url`` and unpack it, or return the answer if it is one that ``options``, those of
    ``Download``, ask to hand back. Raises as ``Source.fetch`` does."""
    origin = Origin(shown_handle, redacted(url))
    while True:
        download = Download(url, workspace.partial / "download", origin, **options)
        with download:
            reply = download.reply()
            if reply.leads_to is not None or reply.status != 200:
                return reply
            try:
                folder, manifest = unpack_model(download, workspace.scratch, download.origin)
                download.path()
                return Fetched(folder, download.origin.url, manifest)
            except RestartedError:
                pass  # what has come since then is kept, so the next round goes on from there
            except (CorruptArchiveError, NotAnArchiveError, UnsafeArchiveError, NotASavedModelError):
                if not download.continued:
                    raise
        if download.continued:
            # The part that was here from before may be what is damaged.
            download.discard()
        for child in workspace.scratch.iterdir():
            shutil.rmtree(child)
