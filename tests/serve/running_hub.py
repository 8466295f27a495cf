"""A private hub on loopback, run by uvicorn in a thread of the test."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from hublayer.serve import server
from hublayer.serve.app import application
from hublayer.serve.catalogue import Catalogue, ModelsInFolder

COMPRESSED = "?tf-hub-format=compressed"
HOST = "127.0.0.1"


@contextmanager
def running(models: Path | Catalogue, **options: object) -> Iterator[str]:
    """Serve a folder or a catalogue; yield the URL. options: those of ``application``."""
    catalogue = ModelsInFolder(models) if isinstance(models, Path) else models
    options.setdefault("hosts", server.answered_hosts(HOST, None))
    hub = server.uvicorn_server(application(catalogue, **options))  # type: ignore[arg-type]
    with server.listen(HOST, 0) as listening:
        thread = threading.Thread(target=hub.run, kwargs={"sockets": [listening]})
        thread.start()
        try:
            while not hub.started and thread.is_alive():
                time.sleep(0.01)
            yield server.url_of(listening, HOST)
        finally:
            hub.should_exit = True
            thread.join()


def make_model(folder: Path, files: dict[str, bytes] | None = None) -> Path:
    """Write what counts as a model, though no graph is in it, and other files of it."""
    for name, content in ({"saved_model.pb": b""} | (files or {})).items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    return folder
