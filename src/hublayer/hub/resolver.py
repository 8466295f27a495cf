"""A handle becomes a folder."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from hublayer.errors import ContentMismatchError, OfflineError
from hublayer.hub import lock_file, manifest, predecessor
from hublayer.hub.cache import Cache, Entry, check_digest
from hublayer.hub.handle import Handle, parse
from hublayer.hub.offline import VARIABLE as OFFLINE_VARIABLE
from hublayer.hub.offline import is_offline
from hublayer.hub.sources import Elsewhere, Fetched, Workspace, entry_key, folder_in_place, source_of


@dataclass(frozen=True)
class Resolved:
    """A handle's folder.

    ``folder`` is absolute. ``handle`` is what was asked for; ``source`` the handle that the content was fetched by,
    with its version or commit if that is known; ``url`` where it came from; all three without secrets. ``digest`` is
    None for a folder that is used in place and was not pinned.
    """

    folder: Path
    handle: str
    source: str
    url: str
    digest: str | None


def resolve(handle: str | os.PathLike[str]) -> str:
    """Return the local folder that holds the SavedModel named by ``handle``, fetching it if need be.

    A local folder is used in place. Everything else is unpacked into the cache (``HUBLAYER_CACHE``, else
    ``TFHUB_CACHE_DIR``, else the user's cache folder), where a complete entry is used without network and without lock.

    Arguments:
        handle: a local folder or archive, the URL of an archive, a URL that speaks the TF Hub hosting protocol, a page
            of tfhub.dev or Kaggle, ``kaggle://``, ``hf://``, ``gs://``, ``s3://`` or another URL of fsspec;
            ``@sha256:…`` behind it pins the content.
    Returns:
        An absolute path; the folder has a saved_model.pb or saved_model.pbtxt. Do not write into it.
    Raises:
        HandleError: the handle names no known source.
        ResolveError: one of its subclasses tells why the handle did not become a folder.
        NotASavedModelError: there is a folder or archive, but no SavedModel in it.
        MissingPackageError: this kind of handle needs a package that is not installed.
        ConfigError: an environment variable or the lock file cannot be used.
    """
    return str(resolve_fully(handle).folder)


def resolve_fully(
    handle: str | os.PathLike[str], *, refresh: bool = False, use_lock_file: bool = True, offline: bool | None = None
) -> Resolved:
    """Return the folder of ``handle`` and what is known of it. Raises what ``resolve`` raises.

    Arguments:
        handle: as ``resolve`` takes it.
        refresh: ask the source again, whatever the cache holds.
        use_lock_file: honour hublayer.lock.
        offline: keep off the network; by default as HUBLAYER_OFFLINE says.
    """
    parsed = parse(handle)
    pin = parsed.pin
    fetched_by = parsed
    if use_lock_file and (entry := lock_file.locked().get(parsed.public_key)):
        if pin not in (None, entry.digest):
            raise ContentMismatchError(
                f"{parsed.shown}\n  expected: the digest of the handle, {pin}\n"
                f"  came:     the digest in {lock_file.path()}, {entry.digest}\n"
                "  to do:    correct one of the two; hublayer lock HANDLE writes the second"
            )
        pin = entry.digest
        if entry.source is not None:
            fetched_by = parse(entry.source)
    offline = is_offline() if offline is None else offline
    found = _in_place(parsed, pin) or _resolve(fetched_by, pin, refresh, offline)
    return Resolved(found.folder, parsed.shown, found.handle, found.url, found.digest or None)


def _in_place(handle: Handle, pin: str | None) -> Entry | None:
    """The entry of a local folder; with a pin, all of its files are read."""
    folder = folder_in_place(handle)
    if folder is None:
        return None
    digest = ""
    if pin is not None:
        digest = manifest.measure(folder).digest
        check_digest(digest, pin, handle.shown, str(folder))
    return Entry(folder, digest, handle.shown, str(folder))


def _resolve(handle: Handle, pin: str | None, refresh: bool, offline: bool) -> Entry:
    cache = Cache.from_environment()
    name = cache.entry_name(entry_key(handle))
    if not refresh:
        for place in [cache, *Cache.shared_from_environment()]:
            found = place.find(name)
            if found and pin in (None, found.digest):
                return found
            if pin is not None and (folder := place.find_content(pin)):
                return Entry(folder, pin, handle.canonical, str(folder))
        folder = predecessor.find(handle)
        if folder is not None and pin in (None, digest := manifest.measure(folder).digest if pin else None):
            return Entry(folder, digest or "", handle.shown, str(folder))
    source = source_of(handle.kind)
    if offline and not source.works_offline(handle):
        raise _offline(handle, cache, name)

    def fetch(workspace: Workspace) -> Fetched | Entry:
        fetched = source.fetch(handle, workspace)
        return _resolve(fetched.handle, pin, refresh, offline) if isinstance(fetched, Elsewhere) else fetched

    return cache.fill(name, handle, fetch, digest=pin, refresh=refresh, offline=offline)


def _offline(handle: Handle, cache: Cache, name: str) -> OfflineError:
    came = "it is not in the cache"
    if cache.knows(name):
        came = "it is in the cache, but files of it are missing or have another size; hublayer cache verify names them"
    return OfflineError(
        f"{handle.shown}\n  expected: a complete model in the cache {cache.root}\n  came:     {came}\n"
        f"  to do:    unset {OFFLINE_VARIABLE} once and resolve it, or copy a cache that has it"
    )
