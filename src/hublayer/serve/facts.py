"""What the pages say about a model: read from its files once, and again when these have changed."""

from __future__ import annotations

import threading
from collections import OrderedDict
from dataclasses import dataclass

from hublayer.choices import choose_endpoint
from hublayer.errors import EndpointError, HubLayerError
from hublayer.info import ModelInfo, describe_graph
from hublayer.savedmodel import read
from hublayer.savedmodel.endpoints import Endpoint
from hublayer.savedmodel.reader import MetaGraph
from hublayer.serve.archives import Archive, Checksums
from hublayer.serve.catalogue import Model
from hublayer.serve.model_files import ModelFiles, list_model_files

_REMEMBERED = 128


@dataclass(frozen=True)
class Facts:
    """A model as it was read, or the ``error`` that says why it could not be.

    files: None if they may not be served. example: the endpoint that code for this model calls; None if there is none.
    """

    files: ModelFiles | None = None
    info: ModelInfo | None = None
    example: Endpoint | None = None
    error: str | None = None

    @property
    def size(self) -> int | None:
        """Bytes in all files, if they are known."""
        return None if self.files is None else self.files.size


class FactsReader:
    """Reads models, one at a time, and remembers those that were asked for last."""

    def __init__(self, checksums: Checksums):
        self._checksums = checksums
        self._remembered: OrderedDict[tuple[str, str], Facts] = OrderedDict()
        self._lock = threading.Lock()
        self._reading = threading.Lock()

    def read(self, model: Model) -> Facts:
        """Return the facts; what is wrong with the model is in them."""
        files = self._listed(model)
        if isinstance(files, Facts):
            return files
        key = self._key(model, files)
        with self._reading:
            return self._known(key) or self._remember(key, _read(model, files))

    def known(self, model: Model) -> Facts:
        """Return the facts if they are remembered, else what can be told without opening a file."""
        files = self._listed(model)
        return files if isinstance(files, Facts) else self._known(self._key(model, files)) or Facts(files)

    def _listed(self, model: Model) -> ModelFiles | Facts:
        try:
            return list_model_files(model.folder)
        except (HubLayerError, OSError) as error:
            return Facts(error=_message(error, model))

    def _key(self, model: Model, files: ModelFiles) -> tuple[str, str]:
        return str(model.folder), Archive(files, self._checksums).etag

    def _known(self, key: tuple[str, str]) -> Facts | None:
        with self._lock:
            if key not in self._remembered:
                return None
            self._remembered.move_to_end(key)
            return self._remembered[key]

    def _remember(self, key: tuple[str, str], facts: Facts) -> Facts:
        with self._lock:
            self._remembered[key] = facts
            while len(self._remembered) > _REMEMBERED:
                self._remembered.popitem(last=False)
        return facts


def _read(model: Model, files: ModelFiles) -> Facts:
    try:
        saved_model = read(model.folder)
        meta_graph = saved_model.meta_graph(None)
        return Facts(files, describe_graph(saved_model, meta_graph, model.name), _example(meta_graph, model.name))
    except (HubLayerError, OSError) as error:
        return Facts(files, error=_message(error, model))
    except Exception as error:  # noqa: BLE001  # one model that nobody has foreseen must not take the list with it
        return Facts(files, error=f"{type(error).__name__}: {_message(error, model)}")


def _example(meta_graph: MetaGraph, name: str) -> Endpoint | None:
    try:
        return choose_endpoint(meta_graph, None, name)
    except EndpointError:
        return next(iter([*meta_graph.signatures.values(), *meta_graph.callables.values()]), None)


def _message(error: Exception, model: Model) -> str:
    # Where the models lie on the server is no business of its clients.
    return str(error).replace(str(model.folder), model.name).replace(str(model.folder.parent), "…")
