"""One file per kind of source, each with one class that has the three methods of ``Source``."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from hublayer.hub.handle import Handle, Kind


@dataclass(frozen=True)
class Fetched:
    """What a source put on disk: the model's folder, and the URL or path it came from, without secrets."""

    folder: Path
    url: str


class Source(Protocol):
    """How one kind of handle becomes a folder."""

    def in_place(self, handle: Handle) -> Path | None:
        """Return the folder if it is already there and used where it is, or None if it has to be fetched."""
        ...

    def key(self, handle: Handle) -> str:
        """Return what the cache entry is keyed by."""
        ...

    def fetch(self, handle: Handle, scratch: Path) -> Fetched:
        """Put the model into a folder at or below ``scratch``, an empty folder that is deleted afterwards.

        Raises:
            ResolveError: one of its subclasses tells why it could not be had.
            NotASavedModelError: what was had is no SavedModel.
        """
        ...


def source_of(kind: Kind) -> Source:
    """Return the source for a kind of handle; only the module of that source is imported."""
    if kind is Kind.LOCAL:
        from hublayer.hub.sources.local import LocalSource

        return LocalSource()
    if kind is Kind.ARCHIVE_URL:
        from hublayer.hub.sources.archive_url import ArchiveUrlSource

        return ArchiveUrlSource()
    from hublayer.hub.sources.hosting import HostingSource

    return HostingSource()
