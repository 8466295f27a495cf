"""A handle becomes a folder."""

from __future__ import annotations

import os

from hublayer.hub import predecessor
from hublayer.hub.cache import Cache
from hublayer.hub.handle import parse
from hublayer.hub.sources import source_of


def resolve(handle: str | os.PathLike[str]) -> str:
    """Return the local folder that holds the SavedModel named by ``handle``, fetching it if need be.

    A local folder is used in place. Everything else is unpacked into the cache (``HUBLAYER_CACHE``, else
    ``TFHUB_CACHE_DIR``, else the user's cache folder), where a complete entry is used without network and without lock.

    Arguments:
        handle: a local folder or archive, the URL of an archive, or a URL that speaks the TF Hub hosting protocol.
    Returns:
        An absolute path; the folder has a saved_model.pb or saved_model.pbtxt. Do not write into it.
    Raises:
        HandleError: the handle names no known source.
        ResolveError: one of its subclasses tells why the handle did not become a folder.
        NotASavedModelError: there is a folder or archive, but no SavedModel in it.
        ConfigError: an environment variable that rules the download has no such value.
    """
    parsed = parse(handle)
    source = source_of(parsed.kind)
    folder = source.in_place(parsed)
    if folder is not None:
        return str(folder)
    cache = Cache.from_environment()
    name = cache.entry_name(source.key(parsed))
    folder = cache.find(name) or predecessor.find(parsed)
    if folder is None:
        folder = cache.fill(name, parsed.shown, lambda scratch: source.fetch(parsed, scratch))
    return str(folder)
