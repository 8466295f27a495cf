"""The models that are served, by name. A name is a path as it stands in a URL: ``team/model/3``."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from hublayer.hub.layout import holds_saved_model
from hublayer.serve.model_files import OWN_FOLDERS

_VERSION = re.compile(r"0|[1-9][0-9]{0,17}", re.ASCII)
_LONGEST_NAME = 1024


@dataclass(frozen=True)
class Model:
    """A model. ``location``: the URL of the same files in an object store, if they are in one. ``digest``: of its
    content, as pins name it, if that is known without reading everything."""

    name: str
    folder: Path
    location: str | None = None
    digest: str | None = None


@dataclass(frozen=True)
class Listed:
    """A row of the list: the model that the name gives, and its numbered versions, the latest first."""

    name: str
    model: Model
    versions: tuple[Model, ...] = ()


class Catalogue(Protocol):
    """Where models are. ``title`` says so to people."""

    @property
    def title(self) -> str: ...

    def models(self) -> list[Model]:
        """Return all models."""
        ...

    def find(self, name: str) -> Model | None:
        """Return the model of exactly this name; any text may be asked for."""
        ...

    def versions(self, name: str) -> list[Model]:
        """Return the models ``name/NUMBER``, the latest first."""
        ...


def lookup(catalogue: Catalogue, name: str) -> Model | None:
    """Return the model of this name, or else its latest version."""
    return catalogue.find(name) or next(iter(catalogue.versions(name)), None)


def listed(models: Iterable[Model]) -> list[Listed]:
    """Group models by name, in alphabetical order; numbered versions become one row."""
    single: dict[str, Model] = {}
    numbered: dict[str, list[Model]] = {}
    for model in models:
        base, _, last = model.name.rpartition("/")
        if base and _VERSION.fullmatch(last):
            numbered.setdefault(base, []).append(model)
        else:
            single[model.name] = model
    rows = []
    for name in single.keys() | numbered.keys():
        versions = latest_first(numbered.get(name, []))
        rows.append(Listed(name, single.get(name) or versions[0], tuple(versions)))
    return sorted(rows, key=lambda row: (row.name.casefold(), row.name))


def latest_first(versions: Iterable[Model]) -> list[Model]:
    """Sort models whose names end with a number."""
    return sorted(versions, key=lambda model: int(model.name.rpartition("/")[2]), reverse=True)


def is_version(name: str) -> bool:
    """Tell whether a folder of this name is a version of what contains it."""
    return _VERSION.fullmatch(name) is not None


def safe_parts(name: str) -> list[str] | None:
    """Split a name that came from outside, or return None if no model may have it.

    Refused are empty parts, parts that begin with a dot (``..`` among them), backslashes, control characters, text that
    is no UTF-8, and colons where they name drives.
    """
    if not 0 < len(name) <= _LONGEST_NAME:
        return None
    forbidden = "\\:" if os.name == "nt" else "\\"
    if any(c in forbidden or ord(c) < 0x20 or 0x7F <= ord(c) < 0xA0 or 0xD800 <= ord(c) < 0xE000 for c in name):
        return None
    parts = name.split("/")
    return None if any(not part or part.startswith(".") for part in parts) else parts


class ModelsInFolder:
    """The models below a folder, at any depth, as they are at the time.

    A model is a folder with saved_model.pb or saved_model.pbtxt. Names are relative to the folder; if that is a model
    itself, or holds nothing but versions of one, they begin with its own name. A link to a folder is followed if it
    leads to a place within. Raises OSError, when it is made, for a folder that cannot be read.
    """

    def __init__(self, root: Path, location: str | None = None):
        """
        Arguments:
            root: the folder.
            location: the URL of the same folder in an object store, as ``gs://bucket/models``.
        """
        self.root = root.resolve(strict=True)
        self._location = None if location is None else location.rstrip("/")
        names = [entry.name for entry in _subfolders(self.root, strict=True)]
        alone = _is_model(self.root) or (bool(names) and all(map(is_version, names)))
        self._prefix = (self.root.name,) if alone and safe_parts(self.root.name) else ()

    @property
    def title(self) -> str:
        return self.root.name or str(self.root)

    def models(self) -> list[Model]:
        return [self._model(parts, folder) for parts, folder in self._walk(self._prefix, self.root, frozenset(), False)]

    def find(self, name: str) -> Model | None:
        found = self._descend(name)
        return self._model(*found) if found is not None and _is_model(found[1]) else None

    def versions(self, name: str) -> list[Model]:
        found = self._descend(name)
        if found is None:
            return []
        parts, folder = found
        numbered = [entry.name for entry in _subfolders(folder) if is_version(entry.name)]
        return latest_first(model for n in numbered if (model := self.find("/".join([*parts, n]))))

    def _model(self, parts: tuple[str, ...], folder: Path) -> Model:
        below = "/".join(parts[len(self._prefix) :])
        location = None if self._location is None else f"{self._location}/{below}".rstrip("/")
        return Model("/".join(parts), folder, location)

    def _descend(self, name: str) -> tuple[tuple[str, ...], Path] | None:
        """The folder of a name, without links and below the root; None if there is none that may be looked into."""
        parts = safe_parts(name)
        if parts is None or tuple(parts[: len(self._prefix)]) != self._prefix:
            return None
        folder = self.root
        for part in parts[len(self._prefix) :]:
            if part in OWN_FOLDERS and _is_model(folder):
                return None
            try:
                folder = (folder / part).resolve(strict=True)
            except (OSError, RuntimeError, ValueError):  # not there, too long, or links in a circle
                return None
            if not self._is_inside(folder):
                return None
        return (tuple(parts), folder) if folder.is_dir() else None

    def _is_inside(self, folder: Path) -> bool:
        if not folder.is_relative_to(self.root):
            return False
        return not any(part.startswith(".") for part in folder.relative_to(self.root).parts)

    def _walk(
        self, parts: tuple[str, ...], folder: Path, above: frozenset[Path], in_model: bool
    ) -> Iterator[tuple[tuple[str, ...], Path]]:
        is_model = _is_model(folder)
        if is_model and parts:
            yield parts, folder
        for entry in _subfolders(folder):
            if is_model and entry.name in OWN_FOLDERS:
                continue
            inner = Path(entry.path)
            if entry.is_symlink():
                try:
                    inner = inner.resolve(strict=True)
                except (OSError, RuntimeError):
                    continue
                if not self._is_inside(inner) or inner in above or inner == folder:
                    continue
            if safe_parts(entry.name):
                yield from self._walk((*parts, entry.name), inner, above | {folder}, is_model)


def _is_model(folder: Path) -> bool:
    try:
        return holds_saved_model(folder)
    except OSError:  # a folder that may not be looked into
        return False


def _subfolders(folder: Path, strict: bool = False) -> list[os.DirEntry[str]]:
    try:
        with os.scandir(folder) as scan:
            return sorted(filter(_is_folder, scan), key=lambda entry: entry.name)
    except OSError:
        if strict:
            raise
        return []


def _is_folder(entry: os.DirEntry[str]) -> bool:
    try:
        return not entry.name.startswith(".") and entry.is_dir()
    except OSError:  # links in a circle
        return False
