"""tfhub.dev: where it redirects decides what a handle means.

Since November 2023 the host keeps no models. It redirects to Kaggle Models: either to the archive itself, or to the
page of the model, whose owner, name, framework and version are Kaggle's own and cannot be computed from the handle.
"""

from __future__ import annotations

from urllib.parse import urlsplit

from hublayer.errors import AccessDeniedError, ModelNotFoundError, NotAnArchiveError, ResolveError, ServerError
from hublayer.hub import kaggle_model
from hublayer.hub.download import Download
from hublayer.hub.handle import Handle, parse, redacted
from hublayer.hub.mirrors import mirrored
from hublayer.hub.origin import Origin
from hublayer.hub.sources import Elsewhere, Fetched, RemoteSource, Workspace
from hublayer.hub.sources.hosting import fetch_hosted


class TfHubSource(RemoteSource):
    """``https://tfhub.dev/publisher/model/version``."""

    def fetch(self, handle: Handle, workspace: Workspace) -> Fetched | Elsewhere:
        try:
            return fetch_hosted(handle, workspace, leaves=_is_kaggle_page)
        except (AccessDeniedError, NotAnArchiveError, ModelNotFoundError, ServerError):
            # Signed URLs of the storage behind the redirect fail at times; the page, which a browser would be sent to,
            # still tells which model it is.
            page = _page(handle, workspace)
            if page is None:
                raise
            return page


def _page(handle: Handle, workspace: Workspace) -> Elsewhere | None:
    url = mirrored(handle.location)
    origin = Origin(handle.shown, redacted(url))
    try:
        with Download(url, workspace.partial / "page", origin, leaves=_is_kaggle_page) as download:
            leads_to = download.reply().leads_to
    except ResolveError:
        return None  # the first failure says more
    return Elsewhere(parse(leads_to), origin.url) if leads_to else None


def _is_kaggle_page(url: str) -> bool:
    parts = urlsplit(url)
    return kaggle_model.is_page(parts.hostname, parts.path)
