"""Kaggle's API on loopback, as kagglehub asks for it with KAGGLE_API_ENVIRONMENT=TEST."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from filelock import FileLock
from hub_folders import contents
from hub_server import HubServer, pack, reply

PORT = 7777  # kagglehub's own choice


class KaggleServer:
    """Models by ``owner/model/MODEL_FRAMEWORK/variation`` and version."""

    def __init__(self) -> None:
        self.server = HubServer(port=PORT)
        self.server.otherwise = self._answer
        self.models: dict[str, dict[int, Path]] = {}
        self.status: int | None = None  # given to every request, if set
        self.calls: list[str] = []
        self.logins: set[str | None] = set()

    def _answer(self, request) -> None:
        asked = json.loads(request.rfile.read(int(request.headers.get("Content-Length") or 0)) or b"{}")
        call = request.path.rpartition("/")[2]
        self.calls.append(call)
        self.logins.add(request.headers.get("Authorization"))
        versions = self.models.get(
            "/".join(asked[key] for key in ("ownerSlug", "modelSlug", "framework", "instanceSlug"))
        )
        version = asked.get("versionNumber") or max(versions or [0])
        if self.status or not versions or version not in versions:
            return reply(self.status or 404, b"{}", content_type="application/json")(request)
        folder = versions[version]
        if call == "GetModelInstance":
            return self._json(request, {"id": 1, "versionNumber": version})
        if call == "ListModelInstanceVersionFiles":
            names = list(contents(folder))
            more = {"nextPageToken": "more"} if len(names) > 25 else {}
            return self._json(request, {"files": [{"name": name, "size": 1} for name in names[:25]]} | more)
        assert call == "DownloadModelInstanceVersion"
        data = contents(folder)[asked["path"]] if asked.get("path") else pack(folder)
        reply(200, data, content_type="application/octet-stream")(request)

    @staticmethod
    def _json(request, content) -> None:
        reply(200, json.dumps(content).encode(), content_type="application/json")(request)


@pytest.fixture
def kaggle_server() -> Iterator[KaggleServer]:
    """Kaggle's API; one at a time on this machine, as its port is given."""
    with FileLock(Path(tempfile.gettempdir(), f"kaggle-server-{PORT}.lock")):
        server = KaggleServer()
        yield server
        server.server.stop()
