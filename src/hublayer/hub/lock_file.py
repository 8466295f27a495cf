"""hublayer.lock: which content each handle has to have, as ``hublayer lock`` wrote it.

It is JSON, sorted, and holds no secrets, so that it can be kept beside the code::

    {"format": 1, "models": {"kaggle://google/nnlm/tensorFlow2/en-dim128":
        {"digest": "sha256:…", "source": "kaggle://google/nnlm/tensorFlow2/en-dim128/1"}}}

``source`` is the handle that the content is fetched by, with the version or commit that was the latest then.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from hublayer.errors import ConfigError

NAME = "hublayer.lock"
VARIABLE = "HUBLAYER_LOCK"
FORMAT = 1

_read: dict[str, tuple[tuple[int, int, int], Mapping[str, Locked]]] = {}


@dataclass(frozen=True)
class Locked:
    """The digest that a handle's content has to have, and the handle it is fetched by, or None for the same one."""

    digest: str
    source: str | None = None


def path() -> Path:
    """Return the file in ``HUBLAYER_LOCK``, else ``hublayer.lock`` in the working folder; it need not exist."""
    return Path(os.environ.get(VARIABLE) or NAME).expanduser()


def locked() -> Mapping[str, Locked]:
    """Return what the lock file says by ``Handle.public_key``; empty if there is no such file.

    Raises:
        ConfigError: the file is malformed, or HUBLAYER_LOCK names one that does not exist.
    """
    file = os.environ.get(VARIABLE)
    try:
        status = path().stat()
    except FileNotFoundError:
        if not file:
            return {}
        raise ConfigError(
            f"{VARIABLE} names {file}, which does not exist; write it with: hublayer lock HANDLE…"
        ) from None
    except OSError as error:
        raise ConfigError(f"The lock file {path().absolute()} cannot be read: {error}") from error
    name = str(path().absolute())
    version = (status.st_mtime_ns, status.st_size, status.st_ino)
    if name not in _read or _read[name][0] != version:
        _read[name] = (version, read(Path(name)))
    return _read[name][1]


def read(file: Path) -> dict[str, Locked]:
    """Read a lock file.

    Raises:
        ConfigError: it is malformed or cannot be read.
    """
    try:
        content = json.loads(file.read_bytes())
        if content["format"] != FORMAT:
            raise ValueError(f"format {content['format']!r}, expected {FORMAT}")
        models = {str(key): Locked(facts["digest"], facts.get("source")) for key, facts in content["models"].items()}
        for key, entry in models.items():
            if not re.fullmatch("sha256:[0-9a-f]{64}", entry.digest):
                raise ValueError(f"no digest: {entry.digest!r} of {key}")
    except (OSError, ValueError, TypeError, KeyError, AttributeError) as error:
        raise ConfigError(
            f"The lock file {file} cannot be used: {type(error).__name__}: {error}. "
            "Expected what `hublayer lock` writes."
        ) from error
    return models


def write(file: Path, models: Mapping[str, Locked]) -> None:
    """Write a lock file, as a whole or not at all.

    Raises:
        OSError: it cannot be written.
    """
    content = {
        "format": FORMAT,
        "models": {
            key: {"digest": entry.digest} | ({"source": entry.source} if entry.source not in (None, key) else {})
            for key, entry in sorted(models.items())
        },
    }
    unfinished = file.with_name(f"{file.name}.{os.getpid()}.tmp")
    unfinished.write_text(json.dumps(content, indent=2) + "\n", "utf-8")
    unfinished.replace(file)
