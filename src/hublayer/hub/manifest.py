"""The files of a model with their sizes and SHA-256 sums, and the one digest that stands for all of them.

The digest of a folder is the SHA-256 of the text that ``sha256sum`` prints for its files, sorted by the bytes of their
names in UTF-8: one line ``SUM  NAME`` for each, NAME relative to the folder and with slashes. So

    cd FOLDER && find . -type f -printf '%P\\0' | LC_ALL=C sort -z | xargs -0 sha256sum | sha256sum

prints it too. As there, a line whose name holds a backslash, a line feed or a carriage return begins with a backslash,
and the name is escaped.
"""

from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

FORMAT = 2


@dataclass(frozen=True)
class File:
    """Size in bytes and SHA-256 in hexadecimal digits."""

    size: int
    sha256: str


@dataclass(frozen=True)
class Manifest:
    """The files of a model by their names, relative to its folder and with slashes."""

    files: Mapping[str, File]

    @cached_property
    def digest(self) -> str:
        """The digest of the folder, as ``sha256:…``."""
        text = hashlib.sha256()
        for name in sorted(self.files, key=_name_bytes):
            text.update(_line(name, self.files[name].sha256))
        return f"sha256:{text.hexdigest()}"

    @property
    def size(self) -> int:
        """Bytes in all files together."""
        return sum(file.size for file in self.files.values())

    def is_complete(self, folder: str) -> bool:
        """Tell whether every file is there with its size; contents are not read."""
        try:
            for name, file in self.files.items():
                if os.stat(f"{folder}/{name}").st_size != file.size:  # noqa: PTH116  # pathlib's is slower
                    return False
        except (OSError, ValueError):
            return False
        return True

    def differences(self, folder: Path) -> list[str]:
        """Read every file and return what is wrong with it, one sentence each; an empty list if all is as it was."""
        found = {path.relative_to(folder).as_posix(): path for path in _files(folder)} if folder.is_dir() else {}
        wrong = [f"{name} is missing" for name in self.files if name not in found]
        wrong += [f"{name} was added" for name in found if name not in self.files]
        sizes = {name: found[name].stat().st_size for name in self.files if name in found}
        wrong += [
            f"{name} has {sizes[name]:,} bytes in place of {self.files[name].size:,}"
            for name in sizes
            if sizes[name] != self.files[name].size
        ]
        same_size = [name for name in sizes if sizes[name] == self.files[name].size]
        sums = _sums([found[name] for name in same_size])
        wrong += [
            f"{name} has another content"
            for name, value in zip(same_size, sums, strict=True)
            if value != self.files[name].sha256
        ]
        return sorted(wrong)

    def to_json(self) -> dict[str, Any]:
        """The manifest as it stands in the cache."""
        files = {name: [file.size, file.sha256] for name, file in self.files.items()}
        return {"format": FORMAT, "digest": self.digest, "files": files}


def from_json(content: Any) -> Manifest:
    """Read what ``to_json`` gave.

    Raises:
        ValueError, TypeError, KeyError: it is something else.
    """
    if content["format"] != FORMAT:
        raise ValueError(f"a manifest of format {content['format']!r}")
    return Manifest({name: File(int(size), str(sha256)) for name, (size, sha256) in content["files"].items()})


def measure(folder: Path) -> Manifest:
    """Read every file of ``folder`` and return its manifest. Links to files count as the files.

    Raises:
        OSError: a file cannot be read.
    """
    paths = sorted(_files(folder))
    sums = _sums(paths)
    return Manifest(
        {
            path.relative_to(folder).as_posix(): File(path.stat().st_size, value)
            for path, value in zip(paths, sums, strict=True)
        }
    )


def _files(folder: Path) -> Iterator[Path]:
    for parent, _, names in os.walk(folder):
        for name in names:
            path = Path(parent, name)
            if stat.S_ISREG(path.stat().st_mode):
                yield path


def _sums(paths: list[Path]) -> list[str]:
    # hashlib lets other threads run while it computes.
    with ThreadPoolExecutor(min(4, os.cpu_count() or 1)) as pool:
        return list(pool.map(_sum, paths))


def _sum(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _name_bytes(name: str) -> bytes:
    return name.encode("utf-8", "surrogateescape")


def _line(name: str, sha256: str) -> bytes:
    data = _name_bytes(name)
    mark = b""
    if any(c in data for c in b"\\\n\r"):
        mark = b"\\"
        data = data.replace(b"\\", b"\\\\").replace(b"\n", b"\\n").replace(b"\r", b"\\r")
    return mark + sha256.encode("ascii") + b"  " + data + b"\n"
