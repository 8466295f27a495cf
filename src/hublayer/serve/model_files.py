"""The files that belong to a model's folder: which are served, and that no others are."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from hublayer.errors import ModelNotFoundError, UnsafeArchiveError
from hublayer.hub.layout import holds_saved_model

# Folders that the SavedModel format gives a meaning; what lies in them belongs to the model, even another SavedModel.
OWN_FOLDERS = frozenset({"assets", "assets.extra", "debug", "variables"})
# A file that was swapped for a link since it was listed is not followed.
_FLAGS = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_BINARY", 0)


class ChangedFileError(OSError):
    """A file is no longer the one that was listed, so an archive of it that is under way cannot be finished."""


@dataclass(frozen=True)
class ModelFile:
    """A file as it was listed. ``name`` is relative to the model's folder, with slashes; ``path`` has no links in it.

    ``identity`` tells it from what may be there later: device, inode, size in bytes, times of change in nanoseconds.
    """

    name: str
    path: str
    size: int
    identity: tuple[int, ...]

    def read(self, offset: int, size: int) -> bytes:
        """Return ``size`` bytes from ``offset`` on, which both lie within the file.

        Raises:
            ChangedFileError: it is not the file that was listed any more.
            OSError: it cannot be read.
        """
        with open(self.path, "rb", buffering=0, opener=lambda path, _: os.open(path, _FLAGS)) as file:
            if _identity(os.fstat(file.fileno())) != self.identity:
                raise ChangedFileError(f"{self.name} was changed since it was listed")
            file.seek(offset)
            parts = []
            while size > 0 and (part := file.read(size)):
                parts.append(part)
                size -= len(part)
        if size:
            raise ChangedFileError(f"{self.name} became shorter while it was read")
        return b"".join(parts)


@dataclass(frozen=True)
class ModelFiles:
    """The folders and files of a model, relative to its folder, each in the order of the bytes of their names."""

    folders: tuple[str, ...]
    files: tuple[ModelFile, ...]

    @property
    def size(self) -> int:
        """Bytes in all files together."""
        return sum(file.size for file in self.files)


def list_model_files(folder: Path) -> ModelFiles:
    """List what belongs to the model in ``folder``; no file is opened.

    Left out are names that begin with a dot, and sub-folders that are models of their own. A link counts as the file
    that it leads to, if that lies in the folder.

    Raises:
        UnsafeArchiveError: a link out of the folder or to a folder, a device, a name that is no UTF-8.
        ModelNotFoundError: the folder is gone.
    """
    try:
        root = folder.resolve(strict=True)
        folders: list[str] = []
        files: list[ModelFile] = []
        for entry, name in _entries(str(root), ""):
            _check_name(folder, name)
            if entry.is_symlink():
                files.append(_linked_file(root, entry, name))
            elif entry.is_dir(follow_symlinks=False):
                folders.append(name)
            else:
                facts = entry.stat(follow_symlinks=False)
                if not stat.S_ISREG(facts.st_mode):
                    raise _refused(folder, name, "neither a file nor a folder", "remove it")
                files.append(_file(name, entry.path, os.stat(entry.path)))  # noqa: PTH116  # Windows' entries lack inodes
    except (FileNotFoundError, NotADirectoryError) as error:
        raise ModelNotFoundError(f"{folder.name}: files are gone, or go while they are listed: {error}") from error
    return ModelFiles(tuple(sorted(folders, key=os.fsencode)), tuple(sorted(files, key=lambda f: os.fsencode(f.name))))


def _entries(folder: str, prefix: str) -> Iterator[tuple[os.DirEntry[str], str]]:
    with os.scandir(folder) as scan:
        entries = [entry for entry in scan if not entry.name.startswith(".")]
    for entry in entries:
        name = prefix + entry.name
        if entry.is_dir(follow_symlinks=False):
            if (prefix or entry.name not in OWN_FOLDERS) and _is_other_model(name, entry.path):
                continue
            yield entry, name
            yield from _entries(entry.path, f"{name}/")
        else:
            yield entry, name


def _is_other_model(name: str, path: str) -> bool:
    return name.split("/")[0] not in OWN_FOLDERS and holds_saved_model(Path(path))


def _linked_file(root: Path, entry: os.DirEntry[str], name: str) -> ModelFile:
    try:
        target = Path(entry.path).resolve(strict=True)
    except (OSError, RuntimeError):  # a loop
        raise _refused(root, name, "a link that leads nowhere", "remove it") from None
    if not target.is_relative_to(root) or any(part.startswith(".") for part in target.relative_to(root).parts):
        raise _refused(root, name, "a link to a file outside the model", "put a copy there: cp -RL FOLDER COPY")
    facts = target.stat()
    if not stat.S_ISREG(facts.st_mode):
        raise _refused(root, name, "a link to something that is no file", "put a copy there: cp -RL FOLDER COPY")
    return _file(name, str(target), facts)


def _file(name: str, path: str, facts: os.stat_result) -> ModelFile:
    return ModelFile(name, path, facts.st_size, _identity(facts))


def _identity(facts: os.stat_result) -> tuple[int, ...]:
    return facts.st_dev, facts.st_ino, facts.st_size, facts.st_mtime_ns, facts.st_ctime_ns


def _check_name(folder: Path, name: str) -> None:
    try:
        name.encode()
    except UnicodeEncodeError:
        raise _refused(folder, name, "a name that is no UTF-8", "rename it") from None


def _refused(folder: Path, name: str, came: str, advice: str) -> UnsafeArchiveError:
    return UnsafeArchiveError(
        f"{folder.name} is not served as it is.\n  expected: files and folders within the model's folder\n"
        f"  came:     {name.encode('utf-8', 'backslashreplace').decode()!r}, {came}\n  to do:    {advice}"
    )
