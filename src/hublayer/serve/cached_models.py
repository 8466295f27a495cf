"""The models that hublayer's cache holds, under the names of the handles that they were fetched by.

``https://tfhub.dev/google/nnlm-en-dim128/2`` is ``tfhub.dev/google/nnlm-en-dim128/2`` here, ``hf://owner/model`` is
``hf/owner/model``. So a server of a cache is a mirror of what it holds:
``HUBLAYER_MIRRORS=https://tfhub.dev=http://HOST:PORT/tfhub.dev``.
"""

from __future__ import annotations

import os
import re
from dataclasses import replace
from pathlib import Path

from hublayer.hub.cache import HANDLES, MODELS, Cache
from hublayer.hub.handle import ARCHIVE_SUFFIXES
from hublayer.hub.inventory import Inventory, KeptHandle
from hublayer.serve.catalogue import Model, is_version, latest_first, safe_parts

_STORES = ("gs://", "s3://")


def is_cache(folder: Path) -> bool:
    """Tell whether a folder is a cache of hublayer's."""
    return (folder / HANDLES).is_dir() and (folder / MODELS).is_dir()


class CachedModels:
    """What a cache holds. A model with several handles has several names; incomplete ones are left out."""

    def __init__(self, cache: Cache):
        self._cache = cache
        self._read_at: tuple[int, int] | None = None
        self._models: dict[str, Model] = {}

    @property
    def title(self) -> str:
        return "the cache"

    def models(self) -> list[Model]:
        return [model for model in self._current().values() if self._is_whole(model)]

    def find(self, name: str) -> Model | None:
        model = self._current().get(name)
        return model if model is not None and self._is_whole(model) else None

    def versions(self, name: str) -> list[Model]:
        numbered = (m for m in self.models() if m.name.rpartition("/")[0] == name)
        return latest_first(model for model in numbered if is_version(model.name.rpartition("/")[2]))

    def _is_whole(self, model: Model) -> bool:
        return model.digest is not None and self._cache.find_content(model.digest) is not None

    def _current(self) -> dict[str, Model]:
        # Every record and every content is put in place and taken away by a rename, which these times tell.
        changed = (_changed(self._cache.root / HANDLES), _changed(self._cache.root / MODELS))
        if changed != self._read_at:
            self._models, self._read_at = _named(Inventory(self._cache)), changed
        return self._models


def _changed(folder: Path) -> int:
    try:
        return os.stat(folder).st_mtime_ns  # noqa: PTH116
    except OSError:
        return 0


def _named(inventory: Inventory) -> dict[str, Model]:
    found: dict[str, Model] = {}
    for content in inventory.models:
        for kept in content.handles:
            location = kept.handle if kept.handle.startswith(_STORES) else None
            model = Model(_name(kept), content.folder, location, content.digest)
            other = found.get(model.name)
            if other is not None and other.digest != model.digest:
                # Two handles that differ in what the name leaves out, the query for example.
                model = replace(model, name=f"{model.name}~{content.digest[7:15]}")
            found.setdefault(model.name, model)
    return found


def _name(kept: KeptHandle) -> str:
    scheme, mark, rest = kept.asked.partition("://")
    if not mark:  # the path of an archive on this machine, of which clients need not know more than its last part
        scheme, rest = "local", re.split(r"[/\\]", kept.asked.rstrip("/\\"))[-1]
    path = rest.partition("?")[0].partition("#")[0].strip("/")
    for suffix in ARCHIVE_SUFFIXES:
        path = path.removesuffix(suffix)
    parts = [] if scheme.lower() in ("http", "https") else [scheme.lower()]
    parts += [part.lstrip(".") for part in re.split(r"[/\\]", path)]
    name = "/".join(part for part in parts if part and safe_parts(part))
    return name or kept.name
