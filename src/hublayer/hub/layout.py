"""Does a folder hold a SavedModel, and what is there if it does not."""

from __future__ import annotations

import os
from pathlib import Path

from hublayer.errors import NotASavedModelError

GRAPH_FILES = ("saved_model.pb", "saved_model.pbtxt")
_SHOWN_NAMES = 12
_SEARCHED_FOLDERS = 1000


def holds_saved_model(folder: Path) -> bool:
    """Tell whether ``folder`` has a saved_model.pb or saved_model.pbtxt."""
    return any((folder / name).is_file() for name in GRAPH_FILES)


def require_saved_model(folder: Path, subject: str, *, in_archive: bool = False) -> None:
    """Check that ``folder`` holds a SavedModel.

    Arguments:
        folder: a folder that exists.
        subject: how the message calls it.
        in_archive: the folder is what an archive was unpacked to, and about to be deleted.
    Raises:
        NotASavedModelError: it does not; the message names what is there, and a sub-folder that does.
    """
    if holds_saved_model(folder):
        return
    message = f"{subject}\n  expected: {' or '.join(GRAPH_FILES)}\n  found:    {listing(folder)}"
    nested = nested_saved_models(folder)
    if nested and in_archive:
        inside = ", ".join(child.relative_to(folder).as_posix() for child in nested)
        message += f"\n  to do:    unpack it and give the folder in it that holds a SavedModel: {inside}"
    elif nested:
        message += f"\n  to do:    give the sub-folder that holds a SavedModel: {', '.join(map(str, nested))}"
    elif (folder / "tfhub_module.pb").is_file():
        message += "\n  to do:    saved_model.pb is missing beside tfhub_module.pb; copy or download the model again"
    elif any(folder.glob("*.keras")) or any(folder.glob("*.h5")):
        message += "\n  to do:    this is a Keras file, not a SavedModel; load it with keras.models.load_model"
    else:
        message += "\n  to do:    give the folder that tf.saved_model.save or model.export wrote"
    raise NotASavedModelError(message)


def listing(folder: Path) -> str:
    """Return the names in ``folder`` in one line, folders with a slash; long lists are cut."""
    entries = sorted(os.scandir(folder), key=lambda entry: entry.name)
    if not entries:
        return "an empty folder"
    names = [repr(entry.name)[1:-1] + ("/" if entry.is_dir() else "") for entry in entries[:_SHOWN_NAMES]]
    more = len(entries) - len(names)
    return ", ".join(names) + (f" and {more} more" if more else "")


def nested_saved_models(folder: Path) -> list[Path]:
    """Return the sub-folders, one or two levels down, that hold a SavedModel: the nearest level only."""
    level = [folder]
    for _ in range(2):
        level = [child for parent in level for child in _subfolders(parent)][:_SEARCHED_FOLDERS]
        found = [child for child in level if holds_saved_model(child)]
        if found:
            return found[:_SHOWN_NAMES]
    return []


def _subfolders(folder: Path) -> list[Path]:
    try:
        return sorted(child for child in folder.iterdir() if child.is_dir())
    except PermissionError:
        return []
