"""The one sentence that every damaged file of a SavedModel ends in."""

from __future__ import annotations

from pathlib import Path

from hublayer.errors import CorruptSavedModelError


def damaged(where: str | Path, what: str) -> CorruptSavedModelError:
    """The error for the file `where`, of which `what` is wrong; the caller raises it."""
    return CorruptSavedModelError(f"{where}: {what}. The file is damaged; fetch or export the model again.")
