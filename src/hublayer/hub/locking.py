"""Handles become entries of the lock file, and entries are compared with what their handles give now."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from hublayer.errors import ContentMismatchError, HandleError
from hublayer.hub.handle import Kind, parse
from hublayer.hub.lock_file import Locked
from hublayer.hub.manifest import measure
from hublayer.hub.resolver import Resolved, resolve_fully


def lock(known: Mapping[str, Locked], handles: Iterable[str], update: bool = False) -> dict[str, Locked]:
    """Fetch ``handles`` and return the entries of a lock file that has them besides those it has already.

    Arguments:
        known: the entries there are.
        handles: handles to add, or to write down anew.
        update: ask the sources of all entries again.
    Raises:
        HandleError: a handle that holds a secret cannot be fetched again from what the file may keep.
        What ``resolve`` raises.
    """
    models = dict(known)
    for handle in dict.fromkeys([*(known if update else ()), *handles]):
        parsed = parse(handle)
        if handle in known and parsed.public_key != handle:
            raise HandleError(f"{handle} stands for a handle with a secret; name it in full: hublayer lock HANDLE")
        resolved = resolve_fully(handle, refresh=update, use_lock_file=False)
        models[parsed.public_key] = Locked(resolved.digest or measure(resolved.folder).digest, _source(resolved))
    return models


def checked(known: Mapping[str, Locked]) -> list[ContentMismatchError]:
    """Resolve every entry, as far as the file tells how, and return the errors of those with another content."""
    wrong = []
    for key, entry in known.items():
        handle = entry.source or key
        if parse(handle).public_key != handle:
            continue  # it had a secret, which the file does not keep
        try:
            resolve_fully(f"{handle}@{entry.digest}", use_lock_file=False)
        except ContentMismatchError as error:
            wrong.append(error)
    return wrong


def _source(resolved: Resolved) -> str | None:
    """The handle with its version or commit, where it has one that the handle that was asked for had not."""
    source = parse(resolved.source)
    fixed = source.kind in (Kind.KAGGLE, Kind.HUGGING_FACE) and resolved.source != resolved.handle
    return resolved.source if fixed else None
