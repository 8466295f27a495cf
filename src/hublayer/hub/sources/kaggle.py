"""Kaggle Models, by kagglehub: its tokens, its endpoints, its cache."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NoReturn

from hublayer.errors import (
    AccessDeniedError,
    CorruptArchiveError,
    DownloadTimeoutError,
    HostUnreachableError,
    ModelNotFoundError,
    ServerError,
)
from hublayer.hub import kaggle_model, progress
from hublayer.hub.adopted import adopt
from hublayer.hub.handle import Handle, parse, redacted_text
from hublayer.hub.kaggle_model import KaggleModel
from hublayer.hub.layout import require_saved_model
from hublayer.hub.optional import import_optional
from hublayer.hub.origin import Origin
from hublayer.hub.sources import Elsewhere, Fetched, RemoteSource, Workspace

_EXPECTED = "the files of a model on Kaggle"


class KaggleSource(RemoteSource):
    """``kaggle://owner/model/framework/variation/version`` and the pages of such a model."""

    def works_offline(self, handle: Handle) -> bool:
        return _cached(_model(handle)) is not None

    def fetch(self, handle: Handle, workspace: Workspace) -> Fetched | Elsewhere:
        model = _model(handle)
        origin = Origin(handle.shown, model.handle)
        folder = _cached(model) or _download(model, origin)
        if model.version is None:
            version = folder.name
            if version.isdigit():
                return Elsewhere(parse(f"{model.handle}/{version}"), model.handle)
        require_saved_model(folder, f"{handle.shown} holds no SavedModel.")
        return Fetched(adopt(folder, workspace.scratch / "model", origin, within=folder), model.handle)


def _model(handle: Handle) -> KaggleModel:
    return kaggle_model.from_handle(handle.key.partition("://")[2], handle.shown)


def _cached(model: KaggleModel) -> Path | None:
    """What kagglehub has fetched before: a folder with a marker beside it, written when the folder was complete."""
    if model.version is None:
        return None
    root = os.environ.get("KAGGLEHUB_CACHE") or Path.home() / ".cache" / "kagglehub"
    folder = Path(root, "models", str(model)).absolute()
    return folder if folder.with_name(f"{folder.name}.complete").exists() and folder.is_dir() else None


def _download(model: KaggleModel, origin: Origin) -> Path:
    kagglehub = import_optional("kagglehub", "kaggle", origin.handle)
    with progress.of_other_libraries(), _quiet():
        try:
            return Path(kagglehub.model_download(str(model)))
        except Exception as error:  # noqa: BLE001  # kagglehub's errors have no common base; all are named below
            _raise_ours(error, origin)


def _raise_ours(error: Exception, origin: Origin) -> NoReturn:
    import requests

    # From None: the errors of requests quote URLs with their signatures.
    came = redacted_text(" ".join(str(error).split()))[:500] or type(error).__name__
    status = getattr(getattr(error, "response", None), "status_code", None)
    if status in (404, 410):
        raise _error(ModelNotFoundError, came, "check the spelling and the version of the handle", origin) from None
    if status in (401, 403) or type(error).__name__ in ("UnauthenticatedError", "CredentialError"):
        advice = (
            "accept the model's terms on its page, and log in as kagglehub does: KAGGLE_API_TOKEN, KAGGLE_USERNAME and "
            "KAGGLE_KEY, or ~/.kaggle/"
        )
        raise _error(AccessDeniedError, came, advice, origin) from None
    if status is not None:
        raise _error(ServerError, came, "try again later", origin) from None
    if isinstance(error, requests.exceptions.Timeout):
        raise _error(DownloadTimeoutError, came, "try again, and check the network and proxy", origin) from None
    if type(error).__name__ == "DataCorruptionError":
        raise _error(CorruptArchiveError, came, "try again", origin) from None
    if isinstance(error, requests.exceptions.RequestException):
        advice = "check the network and the proxy (HTTPS_PROXY); kagglehub reads REQUESTS_CA_BUNDLE for certificates"
        raise _error(HostUnreachableError, came, advice, origin) from None
    if isinstance(error, OSError):
        raise error
    raise _error(ServerError, f"{type(error).__name__}: {came}", "check the handle and try again", origin) from None


def _error(kind: type, came: str, advice: str, origin: Origin) -> Exception:
    return kind(origin.message(came, expected=_EXPECTED, advice=advice))


@contextmanager
def _quiet() -> Iterator[None]:
    """Without kagglehub's notes on stdout, unless KAGGLEHUB_VERBOSITY asks for them."""
    log = logging.getLogger("kagglehub")
    before = log.level
    if not os.environ.get("KAGGLEHUB_VERBOSITY"):
        log.setLevel(logging.ERROR)
    try:
        yield
    finally:
        log.setLevel(before)
