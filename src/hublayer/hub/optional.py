"""Packages that only some handles need."""

from __future__ import annotations

import importlib
from types import ModuleType

from hublayer.errors import MissingPackageError


def import_optional(name: str, extra: str, handle: str) -> ModuleType:
    """Import a package.

    Arguments:
        name: the module.
        extra: the extra of hublayer that installs it.
        handle: the handle that needs it, for the message.
    Raises:
        MissingPackageError: it is not installed; the message has the pip command.
    """
    try:
        return importlib.import_module(name)
    except ImportError as error:
        raise MissingPackageError(
            f"{handle}\n  expected: the package {name}, which fetches such handles\n  came:     {error}\n"
            f'  to do:    pip install "hublayer[{extra}]"'
        ) from error
