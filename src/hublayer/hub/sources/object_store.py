"""Object stores and every other file system of fsspec: ``gs://``, ``s3://``, ``az://``, ``memory://`` and so on."""

from __future__ import annotations

import hashlib
import secrets
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, NoReturn

from hublayer.errors import (
    AccessDeniedError,
    DownloadTimeoutError,
    HandleError,
    HostUnreachableError,
    HubLayerError,
    MissingPackageError,
    ModelNotFoundError,
    ServerError,
)
from hublayer.hub import progress
from hublayer.hub.archive import ArchiveFile, unpack_model
from hublayer.hub.handle import KNOWN, Handle, redacted, redacted_text
from hublayer.hub.layout import require_saved_model
from hublayer.hub.optional import import_optional
from hublayer.hub.origin import Origin
from hublayer.hub.safe_folder import member_parts
from hublayer.hub.sources import Fetched, RemoteSource, Workspace

_EXPECTED = "the files of a SavedModel, or an archive of one"
_PACKAGES = {"gs": ("gcsfs", "gcs"), "s3": ("s3fs", "s3")}
_OFFLINE_PROTOCOLS = ("memory", "local")
# What tells one content of an object from another, as the clients for S3, GCS, Azure, SFTP and so on call it.
_VERSION_FACTS = ("ETag", "etag", "md5Hash", "generation", "content_settings", "VersionId", "LastModified", "mtime")
_BLOCK = 8 << 20
_CHUNK = 1 << 20
_AT_ONCE = 4
_OBJECT = "object"


class ObjectStoreSource(RemoteSource):
    """Any URL of fsspec, with the credentials that its own client finds."""

    def works_offline(self, handle: Handle) -> bool:
        return handle.location.partition("://")[0] in _OFFLINE_PROTOCOLS

    def fetch(self, handle: Handle, workspace: Workspace) -> Fetched:
        origin = Origin(handle.shown, redacted(handle.location))
        try:
            store, files = _found(handle, origin)
            if not files:
                raise _error(
                    ModelNotFoundError,
                    "nothing: there is no such folder or object, or it may not be seen",
                    "check the spelling, and the credentials that the store's own tools use",
                    origin,
                )
            folder = workspace.partial / f"files-{_identity(files)}"
            _download(store, files, folder, origin)
        except _DiskError as error:
            raise error.cause from None
        except HubLayerError:
            raise
        except Exception as error:  # noqa: BLE001  # each file system raises its own client's errors; named below
            _raise_ours(error, origin)
        if list(files) == [""]:
            model, manifest = unpack_model(ArchiveFile(folder / _OBJECT), workspace.scratch, origin)
            return Fetched(model, origin.url, manifest)
        require_saved_model(folder, f"{handle.shown} holds no SavedModel.")
        return Fetched(folder.replace(workspace.scratch / "model"), origin.url)


class _DiskError(Exception):
    """An error of this machine's disk, among the errors of the store, which are OSErrors too."""

    def __init__(self, cause: OSError):
        super().__init__(str(cause))
        self.cause = cause


def _found(handle: Handle, origin: Origin) -> tuple[Any, dict[str, dict[str, Any]]]:
    """The store, and what is there of what the handle names."""
    store, root = _open_store(handle, {})
    try:
        return store, _listing(store, root)
    except Exception as error:
        if type(error).__name__ != "NoCredentialsError" or "::" in handle.location:
            raise
        # Who has no credentials at all may still read what is public.
        store, root = _open_store(handle, {"anon": True})
        return store, _listing(store, root)


def _open_store(handle: Handle, options: dict[str, Any]) -> tuple[Any, str]:
    import fsspec

    protocol = handle.location.partition("://")[0].rpartition("::")[2]
    if protocol not in fsspec.available_protocols() and protocol not in fsspec.registry:
        raise HandleError(f"No source for the scheme {protocol}:// of the handle {handle.shown!r}; {KNOWN}.")
    try:
        return fsspec.core.url_to_fs(handle.location, **options)
    except ImportError as error:
        if protocol in _PACKAGES:
            import_optional(*_PACKAGES[protocol], handle.shown)
        raise MissingPackageError(
            f"{handle.shown}\n  expected: the package that fsspec needs for {protocol}://\n  came:     {error}\n"
            "  to do:    install it with pip"
        ) from error


def _listing(store: Any, root: str) -> dict[str, dict[str, Any]]:
    """The objects below ``root`` by their names there; a single object has the name "". Empty if there is nothing."""
    store.invalidate_cache()  # the listing of an earlier call in this process
    try:
        found = store.find(root, withdirs=False, detail=True)
    except FileNotFoundError:
        return {}
    files = {}
    for path, facts in found.items():
        if facts.get("type") == "directory" or path.endswith("/"):
            continue  # the empty objects that consoles make for a folder
        files[path[len(root) :].lstrip("/") if path != root else ""] = {**facts, "path": path}
    return files


def _identity(files: dict[str, dict[str, Any]]) -> str:
    """Equal for two listings only if every object has the same content, as far as the store tells."""
    text = hashlib.sha256()
    for name, facts in sorted(files.items()):
        versions = [(key, str(facts[key])) for key in _VERSION_FACTS if facts.get(key) is not None]
        if not versions:
            return secrets.token_hex(8)  # nothing to go by, so nothing can be resumed
        text.update(repr((name, facts.get("size"), versions)).encode("utf-8", "surrogatepass"))
    return text.hexdigest()[:16]


def _download(store: Any, files: dict[str, dict[str, Any]], folder: Path, origin: Origin) -> None:
    """Bring every file into ``folder``; one that is there in part is gone on with."""
    targets = {name: folder.joinpath(*(member_parts(name, origin) or (_OBJECT,))) for name in files}
    total = sum(int(facts.get("size") or 0) for facts in files.values())
    here = {name: _size(path) for name, path in targets.items()}
    stop = threading.Event()
    with progress.byte_bar(origin.handle, total, sum(here.values())) as bar, ThreadPoolExecutor(_AT_ONCE) as pool:
        lock = threading.Lock()

        def one(name: str) -> None:
            target, offset = targets[name], here[name]
            size = files[name].get("size")
            try:
                target.parent.mkdir(parents=True, exist_ok=True)
                file = target.open("ab")
            except OSError as error:
                raise _DiskError(error) from error
            with file:
                if size is not None and offset >= size:
                    return
                with store.open(files[name]["path"], "rb", block_size=_BLOCK, cache_type="readahead") as remote:
                    remote.seek(offset)
                    while not stop.is_set() and (chunk := remote.read(_CHUNK)):
                        try:
                            file.write(chunk)
                        except OSError as error:
                            raise _DiskError(error) from error
                        with lock:
                            bar.update(len(chunk))
            if size is not None and not stop.is_set() and _size(target) != size:
                raise _error(ServerError, f"{_size(target):,} of {size:,} bytes of {name or 'it'}", "try again", origin)

        try:
            for done in [pool.submit(one, name) for name in files]:
                done.result()
        except BaseException:
            stop.set()
            pool.shutdown(cancel_futures=True)
            raise


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return 0


def _raise_ours(error: Exception, origin: Origin) -> NoReturn:
    # From None: what the clients say may quote a signed URL.
    came = redacted_text(" ".join(str(error).split()))[:500] or type(error).__name__
    name = type(error).__name__
    status = getattr(error, "code", None) or getattr(error, "status", None)
    if isinstance(error, FileNotFoundError) or status == 404:
        raise _error(ModelNotFoundError, came, "check the spelling", origin) from None
    if isinstance(error, PermissionError) or status in (401, 403) or name == "NoCredentialsError":
        advice = "log in as the store's own tools do (AWS: profile or AWS_*; Google: application default credentials)"
        raise _error(AccessDeniedError, came, advice, origin) from None
    if isinstance(error, TimeoutError) or "Timeout" in name:
        raise _error(DownloadTimeoutError, came, "try again, and check the network and proxy", origin) from None
    if isinstance(error, ConnectionError) or "Connect" in name:
        raise _error(HostUnreachableError, came, "check the network, the proxy and the endpoint", origin) from None
    raise _error(ServerError, f"{name}: {came}", "try again later, or try the store's own tools", origin) from None


def _error(kind: type, came: str, advice: str, origin: Origin) -> Any:
    return kind(origin.message(came, expected=_EXPECTED, advice=advice))
