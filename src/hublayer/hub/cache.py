"""The cache: one folder per model, complete or not there at all.

Layout::

    <root>/<slug>-<hash of the key>/model/           the SavedModel
                                    manifest.json    written last; lists the files of model/ with their sizes
    <root>/<slug>-<hash>.lock                        an OS lock, which dies with its process; the file stays
    <root>/<slug>-<hash>.tmp-*/                      a fill in progress; whoever holds the lock owns it
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import platformdirs
from filelock import FileLock

from hublayer.errors import CacheError, HubLayerError
from hublayer.hub.sources import Fetched

FORMAT = 1
MANIFEST = "manifest.json"
_SLUG_LENGTH = 60
_HASH_LENGTH = 24


@dataclass(frozen=True)
class Cache:
    """A folder of entries, each the model of one key."""

    root: Path

    @classmethod
    def from_environment(cls) -> Cache:
        """Return the cache in ``HUBLAYER_CACHE``, else ``TFHUB_CACHE_DIR``, else the user's cache folder."""
        chosen = os.environ.get("HUBLAYER_CACHE") or os.environ.get("TFHUB_CACHE_DIR")
        return cls(Path(chosen or platformdirs.user_cache_dir("hublayer")).expanduser().absolute())

    @staticmethod
    def entry_name(key: str) -> str:
        """Return the name of the entry for ``key``: a part to read, made without the query, and a hash of all of it."""
        path = key.partition("?")[0].partition("://")[2] or key.partition("?")[0]
        slug = re.sub(r"[^A-Za-z0-9._]+", "-", path)[-_SLUG_LENGTH:].strip("-.")
        digest = hashlib.sha256(key.encode("utf-8", "surrogatepass")).hexdigest()[:_HASH_LENGTH]
        return f"{slug}-{digest}"

    def find(self, name: str) -> Path | None:
        """Return the model folder of an entry if every file in its manifest is there with its size, else None.

        Nothing is written and no lock is taken, so a read-only cache serves what it holds.
        """
        folder = self.root / name / "model"
        try:
            manifest = json.loads((self.root / name / MANIFEST).read_text("utf-8"))
            if manifest["format"] == FORMAT and all(
                (folder / path).stat().st_size == size for path, size in manifest["files"].items()
            ):
                return folder
        except (OSError, ValueError, TypeError, KeyError, AttributeError):
            pass  # not there, half deleted or not ours: all the same to the caller, who fetches it again
        return None

    def fill(self, name: str, handle: str, fetch: Callable[[Path], Fetched]) -> Path:
        """Make an entry, once even if several threads or processes ask at the same time.

        Arguments:
            name: from ``entry_name``.
            handle: the handle as it is shown in the manifest.
            fetch: is given an empty folder, puts the model into it or below and tells where.
        Returns:
            The entry's model folder.
        Raises:
            CacheError: the cache cannot be written.
            HubLayerError: whatever ``fetch`` raises; nothing of the entry stays then.
        """
        try:
            self.root.mkdir(parents=True, exist_ok=True)
            with FileLock(self.root / f"{name}.lock"):
                # Another process may have made it while this one waited.
                return self.find(name) or self._fill_locked(name, handle, fetch)
        except HubLayerError:
            raise
        except (OSError, NotImplementedError) as error:
            raise CacheError(
                f"The cache folder {self.root} cannot be written: {error}\n  handle:   {handle}\n"
                "  to do:    free space or allow writing there, or set HUBLAYER_CACHE to a folder that can be written"
            ) from error

    def _fill_locked(self, name: str, handle: str, fetch: Callable[[Path], Fetched]) -> Path:
        for stale in self.root.glob(f"{name}.tmp-*"):
            shutil.rmtree(stale, ignore_errors=True)
        scratch = Path(tempfile.mkdtemp(prefix=f"{name}.tmp-", dir=self.root))
        try:
            work, prepared = scratch / "work", scratch / "entry"
            work.mkdir()
            prepared.mkdir()
            fetched = fetch(work)
            fetched.folder.replace(prepared / "model")
            _write_manifest(prepared, handle, fetched.url)
            entry = self.root / name
            if os.path.lexists(entry):
                entry.replace(scratch / "broken")
            prepared.replace(entry)
            _sync_folder(self.root)
            return entry / "model"
        finally:
            shutil.rmtree(scratch, ignore_errors=True)


def _write_manifest(entry: Path, handle: str, url: str) -> None:
    files = {}
    for folder, _, names in os.walk(entry / "model"):
        for path in (Path(folder, name) for name in names):
            files[path.relative_to(entry / "model").as_posix()] = path.stat().st_size
            _sync_file(path)
        _sync_folder(Path(folder))
    now = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    manifest: dict[str, Any] = {"format": FORMAT, "handle": handle, "url": url, "time": now, "files": files}
    (entry / MANIFEST).write_text(json.dumps(manifest, indent=1), "utf-8")
    _sync_file(entry / MANIFEST)
    _sync_folder(entry)


def _sync_file(path: Path) -> None:
    with path.open("rb+") as file:
        os.fsync(file.fileno())


def _sync_folder(path: Path) -> None:
    if os.name == "nt":  # folders cannot be opened there
        return
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
