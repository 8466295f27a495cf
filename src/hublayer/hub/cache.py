"""The cache of models: contents by their digest, handles that point to them, and downloads that are under way.

    ROOT/handles/NAME.json              what a handle's content is: its digest, and where it came from
    ROOT/models/DIGEST/manifest.json    the files of a content, with sizes and SHA-256
    ROOT/models/DIGEST/model/           the files
    ROOT/partial/NAME/                  what a broken-off download has brought so far
    ROOT/scratch/NAME.XXXX/             a fetch under way
    ROOT/locks/NAME.lock                held while it is

A content is put together in ``scratch`` and renamed to its place as a whole, so a reader sees all of it or nothing. The
locks are the operating system's: they end with the process that holds them, however it ends.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import logging
import os
import re
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import platformdirs
from filelock import FileLock, Timeout

from hublayer.errors import (
    CacheError,
    ContentMismatchError,
    DownloadTimeoutError,
    HostUnreachableError,
    HubLayerError,
    ServerError,
)
from hublayer.hub import manifest as manifests
from hublayer.hub.cache_folder import as_folder, folder_of
from hublayer.hub.handle import Handle
from hublayer.hub.manifest import Manifest
from hublayer.hub.sources import Fetched, Workspace

FORMAT = manifests.FORMAT
MANIFEST = "manifest.json"
HANDLES, MODELS, PARTIAL, SCRATCH, LOCKS = "handles", "models", "partial", "scratch", "locks"
SHARED_VARIABLE = "HUBLAYER_SHARED_CACHE"
_MODELS_LOCK = ".models"
_SLUG_LENGTH = 60
_HASH_LENGTH = 24
# After these the bytes that came are worth keeping; after any other error they may be what is wrong.
_BROKEN_OFF = (HostUnreachableError, DownloadTimeoutError, ServerError)
_log = logging.getLogger("hublayer.hub")


@dataclass(frozen=True)
class Entry:
    """A content in the cache. ``handle`` is the one it was fetched by, or one that says more, as a Kaggle handle with
    its version; ``url`` where it came from. Both are without secrets."""

    folder: Path
    digest: str
    handle: str
    url: str


@dataclass(frozen=True)
class Cache:
    """A folder of contents and of handles that point to them."""

    root: Path

    @classmethod
    def from_environment(cls) -> Cache:
        """Return the cache in ``HUBLAYER_CACHE``, else ``TFHUB_CACHE_DIR``, else the user's cache folder.

        Raises:
            CacheError: the variable names something other than a folder of this machine.
        """
        chosen = folder_of("HUBLAYER_CACHE") or folder_of("TFHUB_CACHE_DIR")
        return cls(chosen or Path(platformdirs.user_cache_dir("hublayer")).absolute())

    @classmethod
    def shared_from_environment(cls) -> list[Cache]:
        """Return the caches in ``HUBLAYER_SHARED_CACHE``, which are read and never written."""
        chosen = os.environ.get(SHARED_VARIABLE, "")
        if "://" in chosen:
            raise CacheError(f"{SHARED_VARIABLE} names folders, separated by {os.pathsep!r}, and takes no URLs.")
        return [cls(as_folder(part, SHARED_VARIABLE)) for part in chosen.split(os.pathsep) if part]

    @staticmethod
    def entry_name(key: str) -> str:
        """Return the name of the entry for ``key``: a part to read, made without the query, and a hash of all of it."""
        path = key.partition("?")[0].partition("://")[2] or key.partition("?")[0]
        slug = re.sub(r"[^A-Za-z0-9._]+", "-", path)[-_SLUG_LENGTH:].strip("-.")
        digest = hashlib.sha256(key.encode("utf-8", "surrogatepass")).hexdigest()[:_HASH_LENGTH]
        return f"{slug}-{digest}"

    def find(self, name: str) -> Entry | None:
        """Return the content of a handle if every file in its manifest is there with its size, else None.

        Nothing is written and no lock is taken, so a read-only cache serves what it holds.
        """
        try:
            record = _read_json(f"{self.root}/{HANDLES}/{name}.json")
            if record["format"] != FORMAT:
                return None
            digest, handle, url = str(record["digest"]), str(record["handle"]), str(record["url"])
        except (OSError, ValueError, TypeError, KeyError):
            return None  # not there, or not ours: all the same to the caller, who fetches it
        folder = self.find_content(digest)
        return Entry(folder, digest, handle, url) if folder else None

    def knows(self, name: str) -> bool:
        """Tell whether a handle was resolved before, whatever is left of its content."""
        return os.path.lexists(f"{self.root}/{HANDLES}/{name}.json")

    def find_content(self, digest: str) -> Path | None:
        """Return the folder of a content if every file in its manifest is there with its size, else None."""
        try:
            content = self.content(digest)
            manifest = manifests.from_json(_read_json(f"{content}/{MANIFEST}"))
        except (OSError, ValueError, TypeError, KeyError, AttributeError):
            return None
        return content / "model" if manifest.is_complete(f"{content}/model") else None

    def content(self, digest: str) -> Path:
        """Return where the content of a digest is, or would be. Raises ValueError for what is no digest."""
        if not re.fullmatch("sha256:[0-9a-f]{64}", digest):
            raise ValueError(f"no digest: {digest!r}")
        return self.root / MODELS / digest.partition(":")[2]

    def fill(
        self,
        name: str,
        handle: Handle,
        fetch: Callable[[Workspace], Fetched | Entry],
        *,
        digest: str | None = None,
        refresh: bool = False,
        offline: bool = False,
    ) -> Entry:
        """Make an entry, once even if several threads or processes ask at the same time.

        Arguments:
            name: from ``entry_name``.
            handle: what the cache and messages name; nothing is asked of it.
            fetch: is given a workspace, and puts the model into it or tells which entry has it.
            digest: what the content has to have, if that is known.
            refresh: fetch even if there is an entry.
            offline: passed on to ``fetch``.
        Raises:
            CacheError: the cache cannot be written.
            ContentMismatchError: what came has another digest; nothing of it stays.
            HubLayerError: whatever ``fetch`` raises; nothing of the entry stays then but, if a download broke off, what
                it had brought.
        """
        try:
            with self._lock(name):
                found = None if refresh else self.find(name)
                # Another process may have made it while this one waited.
                if found and digest in (None, found.digest):
                    return found
                return self._fill_locked(name, handle, fetch, digest, refresh, offline)
        except HubLayerError:
            raise
        except (OSError, NotImplementedError) as error:
            raise CacheError(
                f"The cache folder {self.root} cannot be written: {error}\n  handle:   {handle.shown}\n"
                "  to do:    free space or allow writing there, or set HUBLAYER_CACHE to a folder that can be written"
            ) from error

    def _fill_locked(
        self,
        name: str,
        handle: Handle,
        fetch: Callable[[Workspace], Fetched | Entry],
        digest: str | None,
        refresh: bool,
        offline: bool,
    ) -> Entry:
        (self.root / SCRATCH).mkdir(exist_ok=True)
        for stale in (self.root / SCRATCH).glob(f"{name}.*"):  # of a process that was killed: we hold its lock
            shutil.rmtree(stale, ignore_errors=True)
        scratch = Path(tempfile.mkdtemp(prefix=f"{name}.", dir=self.root / SCRATCH))
        partial = self.root / PARTIAL / name
        keep_partial = False
        try:
            work = scratch / "work"
            work.mkdir()
            fetched = fetch(Workspace(work, partial, offline))
            if isinstance(fetched, Fetched):
                entry = self._keep(fetched, handle, scratch, digest, refresh)
            else:
                entry = fetched
                check_digest(entry.digest, digest, handle.shown, entry.url)
            self._write_record(name, handle.shown, entry, scratch)
            return entry
        except (*_BROKEN_OFF, KeyboardInterrupt):
            keep_partial = True
            raise
        finally:
            shutil.rmtree(scratch, ignore_errors=True)
            if not keep_partial:
                shutil.rmtree(partial, ignore_errors=True)
            for folder in (partial, partial.parent, self.root / SCRATCH):
                with contextlib.suppress(OSError):
                    folder.rmdir()  # if it is empty

    def _keep(self, fetched: Fetched, handle: Handle, scratch: Path, digest: str | None, refresh: bool) -> Entry:
        manifest = fetched.manifest or manifests.measure(fetched.folder)
        check_digest(manifest.digest, digest, handle.shown, fetched.url)
        prepared = scratch / "entry"
        prepared.mkdir()
        fetched.folder.replace(prepared / "model")
        (prepared / "model").chmod(0o755)
        _write_durably(prepared / MANIFEST, json.dumps(manifest.to_json(), indent=1))
        _sync_model(prepared, manifest)
        place = self.content(manifest.digest)
        with self.models_lock():
            if refresh or self.find_content(manifest.digest) is None:
                place.parent.mkdir(exist_ok=True)
                if os.path.lexists(place):
                    place.replace(scratch / "broken")
                prepared.replace(place)
                _sync_folder(place.parent)
        return Entry(place / "model", manifest.digest, handle.canonical, fetched.url)

    def _write_record(self, name: str, handle: str, entry: Entry, scratch: Path) -> None:
        record = {
            "format": FORMAT,
            "digest": entry.digest,
            "asked": handle,
            "handle": entry.handle,
            "url": entry.url,
            "time": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        }
        (self.root / HANDLES).mkdir(exist_ok=True)
        _write_durably(scratch / "record.json", json.dumps(record, indent=1))
        (scratch / "record.json").replace(self.root / HANDLES / f"{name}.json")
        _sync_folder(self.root / HANDLES)

    @contextlib.contextmanager
    def models_lock(self) -> Iterator[None]:
        """Hold the lock under which contents are put in place and taken away; it is held for renames only."""
        with self._lock(_MODELS_LOCK):
            yield

    @contextlib.contextmanager
    def _lock(self, name: str) -> Iterator[None]:
        (self.root / LOCKS).mkdir(parents=True, exist_ok=True)
        lock = FileLock(self.root / LOCKS / f"{name}.lock")
        try:
            lock.acquire(timeout=1)
        except Timeout:
            _log.info("Waiting for another process that fetches the same model (%s)", lock.lock_file)
            lock.acquire()
        try:
            yield
        finally:
            lock.release()

    def try_lock(self, name: str) -> FileLock | None:
        """Return the lock of a name, held, or None if another process fetches under that name now."""
        (self.root / LOCKS).mkdir(parents=True, exist_ok=True)
        lock = FileLock(self.root / LOCKS / f"{name}.lock")
        try:
            lock.acquire(timeout=0)
        except Timeout:
            return None
        return lock


def check_digest(digest: str, expected: str | None, handle: str, url: str) -> None:
    """Compare what came with what was pinned.

    Raises:
        ContentMismatchError: they differ.
    """
    if expected not in (None, digest):
        raise ContentMismatchError(
            f"{handle}\n  fetched:  {url}\n  expected: a content with the digest {expected}, which the handle or the "
            f"lock file pins\n  came:     {digest}\n  to do:    do not use it before you know why it changed; if the "
            "change is wanted, correct the pin, or run: hublayer lock HANDLE"
        )


def _read_json(path: str) -> Any:
    with open(path, "rb") as file:  # noqa: PTH123  # pathlib is a tenth of the time of a warm resolve
        return json.loads(file.read())


def _write_durably(path: Path, text: str) -> None:
    path.write_text(text, "utf-8")
    _sync_file(path)


def _sync_model(prepared: Path, manifest: Manifest) -> None:
    for name in manifest.files:
        _sync_file(prepared / "model" / name)
    for folder, _, _ in os.walk(prepared):
        _sync_folder(Path(folder))


def _sync_file(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY if os.name != "nt" else os.O_RDWR)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _sync_folder(path: Path) -> None:
    if os.name == "nt":  # folders cannot be opened there
        return
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
