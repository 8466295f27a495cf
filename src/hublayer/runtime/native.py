"""The native runtime: TensorFlow's own loader, every op exact. Needs TensorFlow and Keras on its backend."""

from __future__ import annotations

import importlib
import importlib.util
from collections.abc import Callable, Iterable, Mapping
from functools import cached_property
from typing import Any

from hublayer.errors import BackendError, ModelLoadError, UnsupportedOpsError
from hublayer.graph.library import Library
from hublayer.runtime.op_packages import advice, needs_text
from hublayer.runtime.tensorflow_tensors import TensorFlowTensors
from hublayer.runtime.weights import in_layer_order
from hublayer.savedmodel.endpoints import Endpoint, Trace
from hublayer.savedmodel.reader import MetaGraph, SavedModel


def _tensorflow() -> Any:
    try:
        return importlib.import_module("tensorflow")
    except ImportError as error:
        raise BackendError(
            "runtime='native' needs TensorFlow, which is not installed. Install it: pip install 'hublayer[tensorflow]'."
        ) from error


def unregistered_ops(ops: Iterable[str]) -> list[str]:
    """Those of `ops` that this TensorFlow does not know."""
    registry = importlib.import_module("tensorflow.python.framework.op_def_registry")
    return sorted(op for op in ops if registry.get(op) is None)


def _register_ops(saved_model: SavedModel, meta_graph: MetaGraph) -> None:
    """Import tensorflow_text if the model needs it; raise UnsupportedOpsError for what is still unknown."""
    library = Library(meta_graph)
    unknown = unregistered_ops(library.op_counts)
    if any(needs_text(op) for op in unknown) and importlib.util.find_spec("tensorflow_text"):
        importlib.import_module("tensorflow_text")
        unknown = unregistered_ops(library.op_counts)
    if not unknown:
        return
    lines = []
    for op in unknown:
        places = [name or "the main graph" for name in library.op_places[op]]
        where = places[0] + (f" and {len(places) - 1} more" if len(places) > 1 else "")
        hint = f": {advice(op)}" if advice(op) else ""
        lines.append(f"    {op} ({library.op_counts[op]} times, in {where}){hint}")
    raise UnsupportedOpsError(
        f"{saved_model.folder} was not loaded: this TensorFlow does not know {len(unknown)} of its ops.\n"
        + "\n".join(lines)
        + "\nInstall and import the package that registers them, or use a model without them."
    )


def load(saved_model: SavedModel, meta_graph: MetaGraph, options: Any = None) -> NativeProgram:
    """Load `meta_graph` with tf.saved_model.load.

    options: a tf.saved_model.LoadOptions or None.

    Raises UnsupportedOpsError with all ops that this TensorFlow lacks, ModelLoadError with TensorFlow's own
    reason for anything else.
    """
    tf = _tensorflow()
    _register_ops(saved_model, meta_graph)
    try:
        loaded = tf.saved_model.load(str(saved_model.folder), tags=sorted(meta_graph.tags), options=options)
    except Exception as error:
        raise ModelLoadError(
            f"{saved_model.folder} (tags {sorted(meta_graph.tags)}, written by TensorFlow "
            f"{meta_graph.tensorflow_version or 'unknown'}) could not be loaded by TensorFlow {tf.__version__}: "
            f"{type(error).__name__}: {_reason(error)}"
        ) from error
    return NativeProgram(loaded, meta_graph)


def _reason(error: Exception) -> str:
    """TensorFlow's message without the Python traces that it carries along."""
    paragraphs = [paragraph.strip() for paragraph in str(error).split("\n\n")]
    traces = ("Graph execution error", "Detected at node", 'File "')
    telling = [p for p in paragraphs if p and not p.startswith(traces)]
    return telling[0] if telling else str(error).strip()


class NativeProgram:
    """A MetaGraph loaded by TensorFlow. `loaded` is what tf.saved_model.load returned."""

    name = "native"

    def __init__(self, loaded: Any, meta_graph: MetaGraph):
        self.loaded = loaded
        self.meta_graph = meta_graph
        self.tensors = TensorFlowTensors()
        # What TensorFlow marks as trainable, as it was loaded: a weight's mark follows its layer from then on.
        self._marks: dict[int, tuple[Any, bool]] = {}
        self._weights: dict[int, Any] = {}

    def run(self, endpoint: Endpoint, trace: Trace, arguments: Mapping[str, Any]) -> Any:
        """See Program.run."""
        if endpoint.kind == "signature":
            return dict(self.loaded.signatures[endpoint.name](**arguments))
        args, kwargs = [], dict(arguments)
        for name in endpoint.positional:
            if name not in kwargs:
                break
            args.append(kwargs.pop(name))
        return self._callable(endpoint.name)(*args, **kwargs)

    def _callable(self, name: str) -> Any:
        """The loaded function that an endpoint such as ``tokenize`` or ``tokenize.split`` is."""
        found = self.loaded
        for part in name.split("."):
            found = getattr(found, part)
        return found

    def prepare(self, endpoint: Endpoint) -> None:
        """Nothing is left to do: TensorFlow loaded everything."""

    def layer_endpoint(self, endpoint: Endpoint) -> Endpoint:
        """`endpoint` itself: TensorFlow's loader loads one MetaGraph."""
        return endpoint

    def trackable(self, endpoint: Endpoint) -> Any:
        """See Program.trackable."""
        return self.loaded

    def _concrete_functions(self, endpoint: Endpoint) -> list[Any]:
        if endpoint.kind == "signature":
            return [self.loaded.signatures[endpoint.name]]
        function = self._callable(endpoint.name)
        return list(getattr(function, "concrete_functions", None) or function.__call__.concrete_functions)

    def variables(self, endpoint: Endpoint | None = None) -> list[tuple[Any, bool]]:
        """(tf.Variable, trainable): the publisher's in their order, then those that `endpoint` reaches besides."""
        found = {id(variable): variable for variable in _real(getattr(self.loaded, "variables", None) or ())}
        found |= {id(variable): variable for variable in self._trainable_list or ()}
        for function in self._concrete_functions(endpoint) if endpoint else ():
            for variable in function.graph.variables:
                found.setdefault(id(variable), variable)
        return [(variable, self._is_trainable(variable)) for variable in found.values()]

    def _is_trainable(self, variable: Any) -> bool:
        marked = self._trainable_list
        if marked is not None:
            return any(variable is other for other in marked)
        return self._marks.setdefault(id(variable), (variable, bool(variable.trainable)))[1]

    @cached_property
    def _trainable_list(self) -> list[Any] | None:
        """The publisher's `trainable_variables`, or None if there is no such list."""
        if self.meta_graph.objects:
            listed = getattr(self.loaded, "trainable_variables", None)
            return None if listed is None else _real(listed)
        names = {variable.name for variable in self.meta_graph.variables if variable.trainable}
        return [v for v in self.loaded.variables if v.name.removesuffix(":0") in names]

    def weights(self, endpoint: Endpoint | None) -> list[Any]:
        """See Program.weights."""
        variables = [variable for variable, _ in self.variables(endpoint)]
        if self.meta_graph.objects is not None:
            variables = in_layer_order(self.variables(endpoint), self._trainable_list)
        return [
            self.weight(variable)
            for variable in variables
            if variable.dtype.is_numpy_compatible
            and variable.dtype.as_numpy_dtype is not object
            and variable.shape.is_fully_defined()
        ]

    def weight(self, variable: Any) -> Any:
        """The one keras.Variable that stands for a loaded tf.Variable, whoever asks for it."""
        from hublayer.runtime.tensorflow_variables import LoadedVariable

        if id(variable) not in self._weights:
            self._weights[id(variable)] = LoadedVariable(variable, self._is_trainable(variable))
        return self._weights[id(variable)]

    def values(self) -> dict[str, Any]:
        """See Program.values."""
        return {key: variable.numpy() for key, variable in loaded_variables(self).items()}

    def set_values(self, values: Mapping[str, Any]) -> None:
        """See Program.set_values."""
        variables = loaded_variables(self)
        for key, value in values.items():
            variables[key].assign(value)

    def regularization_losses(self) -> list[Callable[[], Any]]:
        """See Program.regularization_losses."""
        losses = getattr(self.loaded, "regularization_losses", None) if self.meta_graph.objects else None
        return list(losses or ())

    def attribute(self, name: str) -> Any:
        """An attribute that the publisher saved on the root object. Raises AttributeError if there is none."""
        return getattr(self.loaded, name)


def _real(listed: Iterable[Any]) -> list[Any]:
    """The variables of a publisher's list: Keras 2 lists tables too, for which the loader has None."""
    tf = _tensorflow()
    return [variable for variable in listed if isinstance(variable, tf.Variable)]


def loaded_variables(program: NativeProgram) -> dict[str, Any]:
    """The tf.Variables by the key that the translated runtime has for them."""
    objects = program.meta_graph.objects
    if objects is None:
        found = {variable.name.removesuffix(":0"): variable for variable in program.loaded.variables}
    else:
        found, waiting, seen = {}, [(0, program.loaded)], {0}
        while waiting:
            node_id, value = waiting.pop()
            if objects.variable(node_id) is not None:
                found[str(node_id)] = value
                continue
            children = value._trackable_children() if hasattr(value, "_trackable_children") else {}
            for name, child in objects.children(node_id).items():
                if child not in seen and name in children:
                    seen.add(child)
                    waiting.append((child, children[name]))
    return found
