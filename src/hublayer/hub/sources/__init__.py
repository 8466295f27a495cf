"""One file per kind of source, each with one class that has the methods of ``Source``."""

from __future__ import annotations

import importlib
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from hublayer.hub.handle import Handle, Kind
from hublayer.hub.manifest import Manifest


@dataclass(frozen=True)
class Workspace:
    """Where a source works: ``scratch`` is an empty folder that is deleted afterwards; ``partial`` stays if a fetch
    breaks off, so that the next one can go on from there (it may not exist yet). ``offline`` forbids the network."""

    scratch: Path
    partial: Path
    offline: bool = False


@dataclass(frozen=True)
class Fetched:
    """What a source put on disk: the model's folder, the URL or path it came from, without secrets, and the manifest
    if it was made on the way."""

    folder: Path
    url: str
    manifest: Manifest | None = None


@dataclass(frozen=True)
class Elsewhere:
    """The model is that of another handle, to which a host redirected; ``url`` is what said so."""

    handle: Handle
    url: str


class Source(Protocol):
    """How one kind of handle becomes a folder."""

    def works_offline(self, handle: Handle) -> bool:
        """Tell whether ``fetch`` may find the model without network."""
        ...

    def fetch(self, handle: Handle, workspace: Workspace) -> Fetched | Elsewhere:
        """Put the model into a folder at or below ``workspace.scratch``.

        Raises:
            ResolveError: one of its subclasses tells why it could not be had.
            NotASavedModelError: what was had is no SavedModel.
            MissingPackageError: an optional package is needed for it.
        """
        ...


class RemoteSource:
    """What the sources that need the network have in common."""

    def works_offline(self, handle: Handle) -> bool:
        return False


_CLASSES = {
    Kind.LOCAL: ("local", "LocalSource"),
    Kind.ARCHIVE_URL: ("archive_url", "ArchiveUrlSource"),
    Kind.HOSTING: ("hosting", "HostingSource"),
    Kind.TFHUB: ("tfhub", "TfHubSource"),
    Kind.KAGGLE: ("kaggle", "KaggleSource"),
    Kind.HUGGING_FACE: ("hugging_face", "HuggingFaceSource"),
    Kind.OBJECT_STORE: ("object_store", "ObjectStoreSource"),
}


def entry_key(handle: Handle) -> str:
    """Return what the cache entry of a handle is keyed by. No source is imported for what is not local, so that a warm
    resolve imports no network library.

    Raises:
        ModelNotFoundError, AccessDeniedError, HandleError: a local archive that is not there or may not be looked at.
    """
    if handle.kind is not Kind.LOCAL:
        return handle.key
    from hublayer.hub.sources.local import archive_key

    return archive_key(handle)


def folder_in_place(handle: Handle) -> Path | None:
    """Return the folder of a handle that is used where it is, or None for what belongs into the cache.

    Raises:
        NotASavedModelError: there is a folder, but no SavedModel in it.
        ResolveError, HandleError: as ``Source.fetch``.
    """
    if handle.kind is not Kind.LOCAL:
        return None
    from hublayer.hub.sources.local import local_folder

    return local_folder(handle)


def source_of(kind: Kind) -> Source:
    """Return the source for a kind of handle; only the module of that source is imported."""
    module, name = _CLASSES[kind]
    return getattr(importlib.import_module(f"hublayer.hub.sources.{module}"), name)()
