"""hub.load: a handle becomes a Model whose endpoints can be called."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from os import PathLike
from pathlib import Path
from typing import Any

from hublayer import hub
from hublayer.errors import ConfigError, EndpointError, SignatureNameError
from hublayer.graph.side_effects import refuse_side_effects
from hublayer.keras_backend import check_backend
from hublayer.load_options import load_options_from_config, load_options_to_config
from hublayer.runtime.call import call_endpoint
from hublayer.runtime.choice import load_program
from hublayer.runtime.unavailable import available
from hublayer.savedmodel import SavedModel, read
from hublayer.savedmodel.checkpoint_keys import changing_tables
from hublayer.savedmodel.endpoints import Endpoint
from hublayer.savedmodel.reader import MetaGraph


def load(
    handle: str | PathLike[str],
    tags: Iterable[str] | str | None = None,
    options: Any = None,
    runtime: str = "auto",
    allow_side_effects: bool = False,
) -> Model:
    """Resolve `handle` and load the SavedModel.

    handle: a folder, an archive, or the URL of one or of a model on a host that speaks the hosting protocol.
    tags: the MetaGraph's tag set; by default the only one there is, ``{}`` in the TF1 Hub format, or ``{"serve"}``.
    options: a tf.saved_model.LoadOptions.
    runtime: "native" is TensorFlow's own loader, "translated" runs the graph on Keras's backend. "auto" takes the
        second on JAX and PyTorch, and on TensorFlow for models that TensorFlow cannot load and for TF1 models that it
        cannot train as they were meant to be; otherwise the first.
    allow_side_effects: load a model that touches files, processes, sockets or Python beyond its own assets too.

    Raises HandleError or ResolveError if the handle gives no folder, SavedModelError if the folder gives no model,
    BackendError for a runtime that the Keras backend cannot offer, or a backend that hublayer does not run on,
    MissingPackageError if no backend is installed.
    """
    check_backend()
    saved_model = read(hub.resolve(handle))
    meta_graph = saved_model.meta_graph(tags)
    if not allow_side_effects:
        refuse_side_effects(saved_model, meta_graph)
    program = load_program(runtime, saved_model, meta_graph, options)
    loaded_with = {"tags": tags, "options": options, "runtime": runtime, "allow_side_effects": allow_side_effects}
    return Model(program, saved_model, meta_graph, str(handle), loaded_with)


class BoundEndpoint:
    """One endpoint of a loaded model, to be called like the publisher's function."""

    def __init__(self, model: Model, endpoint: Endpoint):
        self.model = model
        self.endpoint = endpoint

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Call it. Tensors go by position or by name, hyperparameters such as ``seq_length=128`` by name.

        A signature returns a dict of tensors, a callable the structure it was saved with.

        Raises an InputError or ArgumentsError, which print what was expected beside what came.
        """
        endpoint = self.endpoint
        order = endpoint.positional
        if endpoint.kind == "signature" and len(endpoint.inputs) == 1:
            order = endpoint.inputs
        if len(args) > len(order):
            raise EndpointError(
                f"The {endpoint.kind} {endpoint.name!r} takes {len(order)} arguments by position, but {len(args)} came."
                " Pass the others by name, as keywords or as **dict.\n"
                f"Expected:\n{endpoint.describe_inputs()}"
            )
        given = dict(zip(order, args, strict=False))
        given.update(kwargs)
        inputs = {name: given.pop(name) for name in endpoint.inputs if name in given}
        if endpoint.kind == "signature":
            inputs.update(given)  # an unknown name is reported beside the known ones
            given = {}
        training = given.pop("training", None) if endpoint.takes_training else None
        single = endpoint.kind == "callable" and len(endpoint.inputs) == 1 and list(inputs) == list(endpoint.inputs)
        value = next(iter(inputs.values())) if single else inputs
        return available(call_endpoint(self.model.program, endpoint, value, training, given))

    def __getattr__(self, name: str) -> Any:
        callables = self.__dict__["model"].meta_graph.callables if "model" in self.__dict__ else {}
        nested = f"{self.__dict__['endpoint'].name}.{name}" if callables else name
        if nested in callables:
            return BoundEndpoint(self.model, callables[nested])
        raise AttributeError(f"{self.endpoint.name!r} has no callable {name!r}.")

    def __reduce__(self) -> tuple[Any, ...]:
        return BoundEndpoint._of, (self.model, self.endpoint.kind, self.endpoint.name)

    @classmethod
    def _of(cls, model: Model, kind: str, name: str) -> BoundEndpoint:
        endpoints = model.meta_graph.signatures if kind == "signature" else model.meta_graph.callables
        return cls(model, endpoints[name])

    def __repr__(self) -> str:
        return f"<{self.endpoint.kind} {self.endpoint.name!r} of {self.model.shown}>\n{self.endpoint.describe_inputs()}"


class Signatures(Mapping[str, BoundEndpoint]):
    """The signatures of a model by name."""

    def __init__(self, model: Model):
        self._model = model

    def __getitem__(self, name: str) -> BoundEndpoint:
        endpoint = self._model.meta_graph.signatures.get(name)
        if endpoint is None:
            raise SignatureNameError(f"{self._model.shown} has no signature {name!r}. Its signatures: {list(self)}.")
        return BoundEndpoint(self._model, endpoint)

    def __iter__(self) -> Iterator[str]:
        return iter(self._model.meta_graph.signatures)

    def __len__(self) -> int:
        return len(self._model.meta_graph.signatures)

    def __repr__(self) -> str:
        return f"<signatures {list(self)}>"


class Model:
    """A loaded SavedModel.

    Call it (``model(x, training=False)``), its signatures (``model.signatures["serving_default"](x=x)``) or its named
    callables (``model.tokenize(text)``). Other names are the attributes that the publisher saved.

    A copy, and a pickle, loads the model again by its handle and then has the same values of its variables.

    handle: what it was loaded from. shown: the same without secrets, for messages.
    saved_model, meta_graph: the facts of its files. program: the runtime's side.
    """

    def __init__(
        self,
        program: Any,
        saved_model: SavedModel,
        meta_graph: MetaGraph,
        handle: str,
        loaded_with: Mapping[str, Any] | None = None,
    ):
        self._loaded_with = dict(loaded_with or {})
        self.program = program
        self.saved_model = saved_model
        self.meta_graph = meta_graph
        self.handle = handle
        self.shown = hub.parse(handle).shown

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Call the root's ``__call__``. Raises EndpointError if the model has none."""
        if "__call__" not in self.meta_graph.callables:
            raise EndpointError(
                f"{self.shown} has no __call__. Call one of its endpoints instead: "
                f"signatures {list(self.meta_graph.signatures)}, callables {list(self.meta_graph.callables)}."
            )
        return BoundEndpoint(self, self.meta_graph.callables["__call__"])(*args, **kwargs)

    @property
    def signatures(self) -> Signatures:
        """The signatures by name."""
        return Signatures(self)

    @property
    def variables(self) -> list[Any]:
        """The backend's variables, in the publisher's order."""
        return [variable for variable, _ in self._all_variables()]

    @property
    def trainable_variables(self) -> list[Any]:
        """Those that the publisher meant to be trained."""
        return [variable for variable, trainable in self._all_variables() if trainable]

    def _all_variables(self) -> list[tuple[Any, bool]]:
        found: dict[int, tuple[Any, bool]] = {}
        for endpoint in [None, *self.meta_graph.endpoints.values()]:
            for variable, trainable in self.program.variables(endpoint):
                found.setdefault(id(variable), (variable, trainable))
        return list(found.values())

    @property
    def regularization_losses(self) -> list[Any]:
        """Functions of no arguments, each giving a scalar."""
        return self.program.regularization_losses()

    @property
    def assets(self) -> list[str]:
        """Absolute paths of the asset files."""
        folder = self.saved_model.folder / "assets"
        return [str(folder / name) for name in self.meta_graph.assets]

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__") or "meta_graph" not in self.__dict__:
            raise AttributeError(name)
        if name in self.meta_graph.callables:
            return BoundEndpoint(self, self.meta_graph.callables[name])
        try:
            return self.program.attribute(name)
        except AttributeError:
            raise AttributeError(
                f"{self.shown} has no attribute {name!r}; its callables are {list(self.meta_graph.callables)}."
            ) from None

    def __reduce__(self) -> tuple[Any, ...]:
        if changing_tables(self.saved_model, self.meta_graph):
            raise ConfigError(
                f"{self.shown} has tables whose contents can change, which a copy or a pickle would not have. Keep its "
                "handle instead, and pass that to hub.load or hub.KerasLayer where the model is needed."
            )
        options = load_options_to_config(self._loaded_with.get("options"))
        # A relative path would mean another folder in a process that was started elsewhere.
        handle = str(Path(self.handle).absolute()) if Path(self.handle).exists() else self.handle
        return _load_again, (handle, {**self._loaded_with, "options": options}, self.program.values())

    def __repr__(self) -> str:
        callables, signatures = list(self.meta_graph.callables), list(self.meta_graph.signatures)
        return f"<Model {self.shown} ({self.saved_model.format}): callables {callables}, signatures {signatures}>"


def _load_again(handle: str, loaded_with: Mapping[str, Any], values: Mapping[str, Any]) -> Model:
    """The copy of a model: loaded as it was, with the values that its variables had."""
    import keras

    options = loaded_with["options"]
    if options is not None and keras.config.backend() == "tensorflow":
        options = load_options_from_config(options)
    model = load(handle, **{**loaded_with, "options": options})
    model.program.set_values(values)
    return model
