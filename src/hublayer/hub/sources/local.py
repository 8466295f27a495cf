"""Local folders, used in place, and local archives, unpacked into the cache."""

from __future__ import annotations

import os
import re
import stat
from pathlib import Path

from hublayer.errors import AccessDeniedError, HandleError, ModelNotFoundError, NotAnArchiveError, NotASavedModelError
from hublayer.hub.handle import Handle
from hublayer.hub.layout import GRAPH_FILES, require_saved_model
from hublayer.hub.origin import Origin
from hublayer.hub.sources import Fetched, Workspace

_HOST_WITHOUT_SCHEME = re.compile(r"(www\.)?[a-z0-9-]+(\.[a-z0-9-]+)*\.(dev|com|org|net|io|co|edu)/", re.IGNORECASE)


class LocalSource:
    """An archive on this machine."""

    def works_offline(self, handle: Handle) -> bool:
        return True

    def fetch(self, handle: Handle, workspace: Workspace) -> Fetched:
        from hublayer.hub.archive import ArchiveFile, unpack_model

        path = _absolute(handle)
        try:
            with path.open("rb"):
                pass  # told apart here from errors of the cache
        except OSError as error:
            raise _denied(path, error) from error
        folder, manifest = unpack_model(ArchiveFile(path), workspace.scratch, Origin(handle.shown, str(path)))
        return Fetched(folder, str(path), manifest)


def local_folder(handle: Handle) -> Path | None:
    """Return the folder of a model, or None for an archive. Raises as ``sources.folder_in_place``."""
    path = _absolute(handle)
    mode = _stat(path, handle).st_mode
    if stat.S_ISDIR(mode):
        try:
            require_saved_model(path, f"The folder {path} holds no SavedModel.")
        except PermissionError as error:
            raise _denied(path, error) from error
        return path
    if path.name in GRAPH_FILES:
        raise NotASavedModelError(
            f"{path} is a file of a SavedModel.\n  to do:    give the folder that holds it: {path.parent}"
        )
    if not stat.S_ISREG(mode):
        raise NotAnArchiveError(f"{path} is neither a folder nor a file, but a device, a pipe or a socket.")
    return None


def archive_key(handle: Handle) -> str:
    """Return what an archive's cache entry is keyed by; a changed archive is another model, so it has another key."""
    path = _absolute(handle)
    status = _stat(path, handle)
    return f"file://{path.as_posix()}?size={status.st_size}&mtime_ns={status.st_mtime_ns}"


def _absolute(handle: Handle) -> Path:
    try:
        return Path(handle.location).expanduser().absolute()
    except RuntimeError as error:  # ~nobody
        raise HandleError(f"The handle {handle.shown!r} cannot be expanded: {error}") from error


def _stat(path: Path, handle: Handle) -> os.stat_result:
    try:
        return path.stat()
    except PermissionError as error:
        raise _denied(path, error) from error
    except (OSError, ValueError) as error:
        message = f"No such folder or archive: {path}\n  handle:   {handle.shown!r}\n  cwd:      {Path.cwd()}"
        if _HOST_WITHOUT_SCHEME.match(handle.location):
            message += f"\n  to do:    if it is a URL, write https://{handle.location}"
        else:
            message += "\n  to do:    check the spelling, or give an absolute path"
        raise ModelNotFoundError(message) from error


def _denied(path: Path, error: OSError) -> AccessDeniedError:
    return AccessDeniedError(
        f"{path} may not be read: {error.strerror}\n  to do:    give this user the right to read it"
    )
