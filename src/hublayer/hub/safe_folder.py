"""A folder that untrusted archive members are written to, and never beside."""

from __future__ import annotations

import errno
import os
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from hublayer.errors import UnsafeArchiveError
from hublayer.hub.manifest import File
from hublayer.hub.origin import Origin
from hublayer.hub.running_sum import RunningSums

_CHUNK = 1 << 18
# Those that move a terminal's cursor, and those that turn the direction of writing, which hides what a name ends with.
_CONTROLS = re.compile("[\x00-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")
_BAD_NAME = (errno.ENAMETOOLONG, errno.EINVAL, errno.EILSEQ, errno.ENOTDIR, errno.EISDIR)


@dataclass(frozen=True)
class Limits:
    """What an archive may unpack to: so many files and folders, and so many bytes, counted while they are written.

    ``free_bytes`` are always allowed; beyond them, ``ratio`` times the bytes of the archive that came so far. Trained
    weights hardly compress at all; deflate reaches 1,000.
    """

    members: int = 10_000
    free_bytes: int = 1 << 30
    ratio: int = 100


class Readable(Protocol):
    """Where a member's bytes come from."""

    def read(self, size: int, /) -> bytes: ...


class SafeFolder:
    """Writes members below ``root``, an empty folder; raises UnsafeArchiveError, naming the member, instead of
    writing elsewhere, over something else, or beyond the limits."""

    def __init__(self, root: Path, archive_size: Callable[[], int], limits: Limits, origin: Origin):
        self.root = root
        self._archive_size = archive_size
        self._limits = limits
        self._origin = origin
        self._sums = RunningSums()
        self._written_bytes = 0
        self._members = 0
        self._files: set[tuple[str, ...]] = set()
        self._folders: set[tuple[str, ...]] = {()}

    def __enter__(self) -> SafeFolder:
        return self

    def __exit__(self, *_: object) -> None:
        self._sums.close()

    @property
    def allowed_bytes(self) -> int:
        """How many bytes may be unpacked by now."""
        return max(self._limits.free_bytes, self._limits.ratio * self._archive_size())

    def finish(self) -> dict[str, File]:
        """Return size and SHA-256 of every file, by its name below the root."""
        return {name: File(size, value) for name, (size, value) in self._sums.results().items()}

    def add_folder(self, name: str) -> None:
        """Make the folder of a member; it may be there already."""
        parts = self.parts(name)
        self._members += 1
        self._count(name)
        self._make_folders(parts, name)

    def add_file(self, name: str, content: Readable) -> None:
        """Write the file of a member, mode 0644. A member that comes again has to have the same content."""
        parts = self.parts(name)
        if not parts:
            raise self.unsafe(name, "it names the folder itself but is a file")
        self._members += 1
        self._count(name)
        if parts in self._files:
            self._compare(parts, name, content)
            return
        self._make_folders(parts[:-1], name)
        path = self.root.joinpath(*parts)
        # "x" neither overwrites nor follows a link, whatever a file system makes of upper and lower case.
        try:
            file = path.open("xb")
        except FileExistsError:
            raise self.unsafe(name, "another member has this name") from None
        except OSError as error:
            raise self._named(error, name) from error
        self._files.add(parts)
        with file, self._sums.of("/".join(parts)) as running_sum:
            for chunk in self._chunks(name, content):
                running_sum.update(chunk)
                file.write(chunk)
        path.chmod(0o644)

    def _compare(self, parts: tuple[str, ...], name: str, content: Readable) -> None:
        with self.root.joinpath(*parts).open("rb") as file:
            same = all(file.read(len(chunk)) == chunk for chunk in self._chunks(name, content)) and not file.read(1)
        if not same:
            raise self.unsafe(name, "another member has this name, and another content")

    def _chunks(self, name: str, content: Readable) -> Iterator[bytes]:
        while chunk := content.read(_CHUNK):
            self._written_bytes += len(chunk)
            if self._written_bytes > self._limits.free_bytes and self._written_bytes > self.allowed_bytes:
                raise self.too_large(name)
            yield chunk

    def unsafe(self, name: str, why: str) -> UnsafeArchiveError:
        """Return the error that refuses a member."""
        return _unsafe(name, why, self._origin)

    def too_large(self, name: str) -> UnsafeArchiveError:
        """Return the error that refuses a bomb."""
        return self.unsafe(
            name, f"the archive unpacks to more than {self.allowed_bytes:,} bytes, far more than its size"
        )

    def parts(self, name: str) -> tuple[str, ...]:
        """Return the folders and the file that a member names; raise UnsafeArchiveError if it could lead outside."""
        return member_parts(name, self._origin)

    def _make_folders(self, parts: tuple[str, ...], name: str) -> None:
        for depth in range(1, len(parts) + 1):
            folder = parts[:depth]
            if folder in self._folders:
                continue
            path = self.root.joinpath(*folder)
            try:
                path.mkdir()
            except FileExistsError:
                raise self.unsafe(name, "another member has this name") from None
            except OSError as error:
                raise self._named(error, name) from error
            path.chmod(0o755)
            self._folders.add(folder)
            self._count(name)

    def _count(self, name: str) -> None:
        if max(self._members, len(self._files) + len(self._folders) - self._limits.members) > self._limits.members:
            raise self.unsafe(name, f"the archive has more than {self._limits.members:,} members")

    def _named(self, error: OSError, name: str) -> Exception:
        if error.errno in _BAD_NAME:
            return self.unsafe(name, f"a name that cannot be written: {error.strerror}")
        return error  # a full disk and the like: an error of the cache, not of the archive


def member_parts(name: str, origin: Origin) -> tuple[str, ...]:
    """Return the folders and the file that a member of a model names, relative to the model's folder.

    Raises:
        UnsafeArchiveError: on some system the name could lead outside, or mean something else.
    """
    if "\0" in name:
        raise _unsafe(name, "a NUL character in the name", origin)
    if "\\" in name:
        raise _unsafe(name, "a backslash in the name", origin)
    if name.startswith("/") or re.match("[A-Za-z]:", name):
        raise _unsafe(name, "an absolute name", origin)
    parts = tuple(part for part in name.split("/") if part not in ("", "."))
    # Windows drops dots and spaces at the end, so that ".. " is ".." there.
    if any(not part.strip(". ") for part in parts):
        raise _unsafe(name, "a name that leads upwards", origin)
    try:
        name.encode("utf-8")
        os.fsencode(name)
    except UnicodeEncodeError:
        raise _unsafe(name, "a name that is not valid text in UTF-8", origin) from None
    if _CONTROLS.search(name):
        raise _unsafe(name, "a control character in the name", origin)
    return parts


def _unsafe(name: str, why: str, origin: Origin) -> UnsafeArchiveError:
    return UnsafeArchiveError(
        origin.message(
            f"the member {name[:200]!r}: {why}",
            advice="nothing was unpacked; do not use this archive unless you trust its publisher, and tell them",
        )
    )
