"""Hugging Face, by huggingface_hub: its token, its endpoint, its cache, its resumed downloads."""

from __future__ import annotations

from pathlib import Path
from types import ModuleType
from typing import Any, NoReturn

from hublayer.errors import (
    AccessDeniedError,
    DownloadTimeoutError,
    HostUnreachableError,
    ModelNotFoundError,
    OfflineError,
    ServerError,
)
from hublayer.hub import hugging_face_model, progress
from hublayer.hub.adopted import adopt
from hublayer.hub.handle import Handle, parse, redacted_text
from hublayer.hub.hugging_face_model import HuggingFaceModel
from hublayer.hub.layout import require_saved_model
from hublayer.hub.optional import import_optional
from hublayer.hub.origin import Origin
from hublayer.hub.sources import Elsewhere, Fetched, RemoteSource, Workspace

_EXPECTED = "the files of a repository on Hugging Face"
# What repositories hold beside the model; a SavedModel has no such files at its root.
_LEFT_OUT = (".git*", "**/.git*")


class HuggingFaceSource(RemoteSource):
    """``hf://owner/repository@revision/folder``."""

    def works_offline(self, handle: Handle) -> bool:
        return True  # what huggingface_hub has in its own cache

    def fetch(self, handle: Handle, workspace: Workspace) -> Fetched | Elsewhere:
        model = hugging_face_model.from_handle(handle.key.partition("://")[2], handle.shown)
        origin = Origin(handle.shown, model.handle)
        snapshot = _snapshot(model, origin, workspace.offline)
        if not model.is_fixed:
            fixed = HuggingFaceModel(model.repository, snapshot.name, model.folder)
            if fixed.is_fixed:
                return Elsewhere(parse(fixed.handle), model.handle)
        folder = snapshot / model.folder
        if not folder.is_dir():
            raise ModelNotFoundError(
                origin.message(
                    f"the repository has no folder {model.folder!r} at this revision",
                    expected=_EXPECTED,
                    advice="check the spelling of the folder",
                )
            )
        require_saved_model(folder, f"{handle.shown} holds no SavedModel.")
        # The files of a snapshot are links into the folder of blobs beside it.
        adopted = adopt(folder, workspace.scratch / "model", origin, within=snapshot.parents[1])
        return Fetched(adopted, model.handle)


def _snapshot(model: HuggingFaceModel, origin: Origin, offline: bool) -> Path:
    client = import_optional("huggingface_hub", "hf", origin.handle)
    with progress.of_other_libraries():
        try:
            return Path(
                client.snapshot_download(
                    model.repository,
                    revision=model.revision,
                    allow_patterns=f"{model.folder}/*" if model.folder else None,
                    ignore_patterns=list(_LEFT_OUT),
                    local_files_only=offline,
                    library_name="hublayer",
                )
            )
        except Exception as error:  # noqa: BLE001  # its errors have no common base; all are named below
            _raise_ours(error, client, origin, offline)


def _raise_ours(error: Exception, client: ModuleType, origin: Origin, offline: bool) -> NoReturn:
    names = client.errors
    cause: BaseException = error
    # What broke a download off is the cause of an error that says "not in the cache".
    while isinstance(cause, names.LocalEntryNotFoundError) and cause.__cause__ is not None:
        cause = cause.__cause__
    # From None: its errors quote URLs with their signatures.
    came = redacted_text(" ".join(str(cause).split()))[:500] or type(cause).__name__
    status = getattr(getattr(cause, "response", None), "status_code", None)
    if offline:
        advice = "unset HUBLAYER_OFFLINE once, or copy a cache that has it"
        raise _error(OfflineError, f"not in the cache: {came}", advice, origin) from None
    if isinstance(cause, names.GatedRepoError) or status == 403:
        advice = "accept the model's terms on its page, and log in: hf auth login, or HF_TOKEN"
        raise _error(AccessDeniedError, came, advice, origin) from None
    if isinstance(cause, (names.RepositoryNotFoundError, names.RevisionNotFoundError, names.EntryNotFoundError)):
        advice = "check owner, repository and revision; if it is private, log in: hf auth login, or HF_TOKEN"
        raise _error(ModelNotFoundError, came, advice, origin) from None
    if status == 401:
        raise _error(AccessDeniedError, came, "log in: hf auth login, or HF_TOKEN", origin) from None
    if status is not None:
        raise _error(ServerError, came, "try again later", origin) from None
    if isinstance(cause, names.HFValidationError):
        raise _error(ModelNotFoundError, came, "check owner and repository", origin) from None
    if "Timeout" in type(cause).__name__:
        advice = "try again, or raise HF_HUB_DOWNLOAD_TIMEOUT (seconds)"
        raise _error(DownloadTimeoutError, came, advice, origin) from None
    if isinstance(error, OSError) and error.errno is not None:
        raise error  # of the disk
    advice = "check the network, the proxy (HTTPS_PROXY) and HF_ENDPOINT"
    raise _error(HostUnreachableError, f"{type(cause).__name__}: {came}", advice, origin) from None


def _error(kind: type, came: str, advice: str, origin: Origin) -> Any:
    return kind(origin.message(came, expected=_EXPECTED, advice=advice))
