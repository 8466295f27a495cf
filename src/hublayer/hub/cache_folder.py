"""Folders that environment variables name: paths, or the ``file://`` URLs that the predecessor took as well."""

from __future__ import annotations

import os
from pathlib import Path

from hublayer.errors import CacheError, HandleError
from hublayer.hub.handle import Kind, parse


def folder_of(variable: str) -> Path | None:
    """Return the absolute folder that an environment variable names, or None if it is not set.

    Raises:
        CacheError: it is a URL of something other than a folder of this machine.
    """
    text = os.environ.get(variable)
    return as_folder(text, variable) if text else None


def as_folder(text: str, variable: str) -> Path:
    """Return the absolute folder that ``text``, a part of the environment variable, names.

    Raises:
        CacheError: as ``folder_of`` does.
    """
    if "://" not in text:
        return Path(text).expanduser().absolute()
    try:
        handle = parse(text)
    except HandleError as error:
        raise _no_folder(variable, str(error)) from None
    if handle.kind is not Kind.LOCAL:
        raise _no_folder(variable, f"{handle.shown} is no folder of this machine")
    return Path(handle.location).absolute()


def _no_folder(variable: str, why: str) -> CacheError:
    return CacheError(
        f"{variable} names no folder for the cache: {why}\n  expected: a path, or file:///path\n"
        f"  to do:    set {variable} to a folder of this machine, or unset it"
    )
