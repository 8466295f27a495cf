"""What a cache holds: how large, whether whole, and what of it can go."""

from __future__ import annotations

import json
import os
import shutil
import tempfile
import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from hublayer.errors import CacheError, ModelNotFoundError
from hublayer.hub import manifest as manifests
from hublayer.hub.cache import FORMAT, HANDLES, MANIFEST, MODELS, PARTIAL, SCRATCH, Cache
from hublayer.hub.handle import parse
from hublayer.hub.manifest import Manifest
from hublayer.hub.sources import entry_key

_DAY = 86400.0


@dataclass(frozen=True)
class KeptHandle:
    """A handle that was resolved: as it was asked for, the one that the content was fetched by, and when."""

    name: str
    asked: str
    handle: str
    url: str
    time: str
    digest: str


@dataclass(frozen=True)
class KeptModel:
    """A content. ``size`` in bytes as on disk; ``last_used`` in seconds since 1970, as far as the file system tells;
    ``is_complete`` if every file is there with its size."""

    digest: str
    folder: Path
    size: int
    last_used: float
    is_complete: bool
    handles: tuple[KeptHandle, ...]
    manifest: Manifest | None


@dataclass(frozen=True)
class Removable:
    """Something in the cache that can go, why, and how many bytes that frees."""

    path: Path
    why: str
    size: int


class Inventory:
    """The contents and handles of a cache at the time it is made."""

    def __init__(self, cache: Cache):
        self.cache = cache
        self.handles = sorted(_handles(cache), key=lambda handle: (handle.asked, handle.name))
        self.models = sorted(_models(cache, self.handles), key=lambda model: (-model.size, model.digest))

    @property
    def unfinished_size(self) -> int:
        """Bytes of downloads that broke off or are under way."""
        return sum(_size(self.cache.root / name) for name in (PARTIAL, SCRATCH))

    def find(self, handle: str) -> KeptModel:
        """Return the content of a handle, or of a digest or its beginning.

        Raises:
            ModelNotFoundError: the cache does not hold it, or several digests begin so.
            HandleError: it is no handle.
        """
        digits = handle.removeprefix("sha256:")
        fitting = [model for model in self.models if len(digits) >= 6 and model.digest[7:].startswith(digits)]
        if not fitting:
            parsed = parse(handle)
            name = self.cache.entry_name(entry_key(parsed))
            fitting = [model for model in self.models if any(kept.name == name for kept in model.handles)]
        if len(fitting) != 1:
            raise ModelNotFoundError(
                f"{handle}\n  expected: a handle or digest in the cache {self.cache.root}\n"
                f"  came:     {'several that begin so' if fitting else 'none'}\n  to do:    see hublayer cache list"
            )
        return fitting[0]


def damages(model: KeptModel) -> list[str]:
    """Read every file of a content and return what is wrong with it, one sentence each."""
    if model.manifest is None:
        return [f"{MANIFEST} is missing or damaged"]
    wrong = model.manifest.differences(model.folder)
    if model.manifest.digest != model.digest:
        wrong.append(f"{MANIFEST} is that of another content")
    return wrong


def prunable(inventory: Inventory, unused_days: float | None = None, max_size: int | None = None) -> list[Removable]:
    """Return what can go: broken-off downloads, contents that are damaged or that no handle names, handles without
    content; with ``unused_days`` also what nobody has read for so long, with ``max_size`` what was read longest ago
    until the rest fits into so many bytes."""
    cache = inventory.cache
    gone = [
        Removable(path, "a download that broke off", _size(path))
        for part in (PARTIAL, SCRATCH)
        for path in _children(cache.root / part)
        if _is_idle(cache, path.name.rpartition(".")[0] if part == SCRATCH else path.name)
    ]
    kept = []
    for model in inventory.models:
        age = (time.time() - model.last_used) / _DAY
        if not model.is_complete:
            gone.append(Removable(model.folder.parent, "files are missing", model.size))
        elif not model.handles:
            gone.append(Removable(model.folder.parent, "no handle leads to it", model.size))
        elif unused_days is not None and age > unused_days:
            gone.append(Removable(model.folder.parent, f"not used for {age:.0f} days", model.size))
        else:
            kept.append(model)
    if max_size is not None:
        total = sum(model.size for model in kept)
        for model in sorted(kept, key=lambda model: model.last_used):
            if total <= max_size:
                break
            total -= model.size
            gone.append(Removable(model.folder.parent, "used longest ago", model.size))
    contents = {removable.path for removable in gone}
    alive = {model.digest for model in inventory.models if model.folder.parent not in contents}
    for handle in inventory.handles:
        if handle.digest not in alive:
            gone.append(Removable(cache.root / HANDLES / f"{handle.name}.json", "its content goes or is gone", 0))
    return gone


def removable(inventory: Inventory, handles: Iterable[str]) -> list[Removable]:
    """Return what removing these handles or digests takes away; a content goes with the last handle that names it.

    Raises:
        ModelNotFoundError, HandleError: as ``Inventory.find``.
    """
    names: set[str] = set()
    for text in handles:
        model = inventory.find(text)
        digits = text.removeprefix("sha256:")
        if model.digest[7:].startswith(digits):
            names |= {handle.name for handle in model.handles} or {model.digest}
        else:
            parsed = parse(text)
            names.add(inventory.cache.entry_name(entry_key(parsed)))
    gone = []
    for model in inventory.models:
        rest = {handle.name for handle in model.handles} - names
        if (model.handles or model.digest in names) and not rest:
            gone.append(Removable(model.folder.parent, "removed", model.size))
    gone += [
        Removable(inventory.cache.root / HANDLES / f"{handle.name}.json", "removed", 0)
        for handle in inventory.handles
        if handle.name in names
    ]
    return gone


def remove(cache: Cache, gone: Iterable[Removable]) -> None:
    """Take these away; what another process reads at the time stays readable where the system allows it.

    Raises:
        CacheError: the cache cannot be written.
    """
    try:
        (cache.root / SCRATCH).mkdir(parents=True, exist_ok=True)
        trash = Path(tempfile.mkdtemp(prefix="removed.", dir=cache.root / SCRATCH))
        try:
            with cache.models_lock():
                for number, item in enumerate(gone):
                    if os.path.lexists(item.path):
                        item.path.replace(trash / str(number))
        finally:
            shutil.rmtree(trash, ignore_errors=True)
            for folder in (PARTIAL, SCRATCH):
                if (cache.root / folder).is_dir() and not any((cache.root / folder).iterdir()):
                    (cache.root / folder).rmdir()
    except OSError as error:
        raise CacheError(f"The cache folder {cache.root} cannot be written: {error}") from error


def _handles(cache: Cache) -> list[KeptHandle]:
    found = []
    for path in _children(cache.root / HANDLES):
        try:
            record = json.loads(path.read_bytes())
            if record["format"] == FORMAT:
                facts = {key: str(record[key]) for key in ("asked", "handle", "url", "time", "digest")}
                found.append(KeptHandle(path.stem, **facts))
        except (OSError, ValueError, TypeError, KeyError):
            continue  # not ours
    return found


def _models(cache: Cache, handles: list[KeptHandle]) -> list[KeptModel]:
    found = []
    for content in _children(cache.root / MODELS):
        digest = f"sha256:{content.name}"
        try:
            cache.content(digest)
        except ValueError:
            continue  # not ours
        try:
            manifest = manifests.from_json(json.loads((content / MANIFEST).read_bytes()))
        except (OSError, ValueError, TypeError, KeyError, AttributeError):
            manifest = None
        own = tuple(handle for handle in handles if handle.digest == digest)
        is_complete = manifest is not None and manifest.is_complete(str(content / "model"))
        found.append(
            KeptModel(digest, content / "model", _size(content), _last_used(content), is_complete, own, manifest)
        )
    return found


def _last_used(content: Path) -> float:
    times = [content.stat().st_mtime]
    for name in ("saved_model.pb", "saved_model.pbtxt"):
        if (content / "model" / name).exists():
            times.append((content / "model" / name).stat().st_atime)
    return max(times)


def _is_idle(cache: Cache, name: str) -> bool:
    """Whether no process fetches under this name now."""
    lock = cache.try_lock(name)
    if lock is None:
        return False
    lock.release()
    return True


def _children(folder: Path) -> list[Path]:
    try:
        return sorted(folder.iterdir())
    except (FileNotFoundError, NotADirectoryError):
        return []


def _size(path: Path) -> int:
    if not path.is_dir():
        return path.stat().st_size if path.exists() else 0
    return sum(child.lstat().st_size for child in path.rglob("*") if not child.is_dir())
