"""The cache of tensorflow_hub, used as it is found and never written: ``<TFHUB_CACHE_DIR>/<sha1 of handle>/``."""

from __future__ import annotations

import hashlib
import os
import re
from pathlib import Path

from hublayer.hub.cache_folder import folder_of
from hublayer.hub.handle import Handle, Kind
from hublayer.hub.layout import holds_saved_model

VARIABLE = "TFHUB_CACHE_DIR"

_SHARD = re.compile(r"variables\.data-(\d{5})-of-(\d{5})")


def find(handle: Handle) -> Path | None:
    """Return the folder in which tensorflow_hub keeps the model of a URL handle, or None if not complete."""
    root = folder_of(VARIABLE)
    if root is None or handle.kind is Kind.LOCAL:
        return None
    # It hashed the handle as the user wrote it.
    for text in dict.fromkeys([handle.text, handle.location, handle.key]):
        name = hashlib.sha1(text.encode("utf-8", "surrogatepass"), usedforsecurity=False).hexdigest()
        folder = root / name
        if holds_saved_model(folder) and _has_its_variables(folder / "variables"):
            return folder
    return None


def _has_its_variables(folder: Path) -> bool:
    # Temporary-file cleaners leave halves of these caches behind, and there is no list of files to compare with.
    try:
        names = {entry.name for entry in os.scandir(folder)}
    except FileNotFoundError:
        return True
    except OSError:
        return False
    shards = [match for match in map(_SHARD.fullmatch, names) if match]
    if not names:
        return True
    return "variables.index" in names and bool(shards) and all(len(shards) == int(shard[2]) for shard in shards)
