"""What a KerasLayer calls: an endpoint of a loaded model, or a plain callable."""

from __future__ import annotations

import importlib
import inspect
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Protocol

import keras

from hublayer.runtime.call import call_endpoint
from hublayer.runtime.traces import select_traces
from hublayer.savedmodel.endpoints import Endpoint
from hublayer.savedmodel.specs import CompositeSpec, Shape, TensorSpec, spec_leaves

if TYPE_CHECKING:
    from hublayer.model import Model


class Target(Protocol):
    """What the layer needs of the thing it wraps."""

    endpoint: Endpoint | None
    handle: str | None
    shown: str  # what messages call it
    tags: list[str] | None
    signature: str | None
    is_hub_module: bool
    serving_graph_only: bool
    resolved_object: Any
    trackable: Any
    seed_generator: Any

    @property
    def input_dtype(self) -> str | None:
        """The dtype of the first input, if it is known."""
        ...

    @property
    def input_shape(self) -> Shape:
        """The shape of the one dense input, if it is known."""
        ...

    @property
    def image_size(self) -> tuple[int, int] | None:
        """(height, width) in pixels of the images that it takes, if that is known."""
        ...

    def __call__(self, inputs: Any, training: bool) -> Any:
        """Outputs for `inputs`."""
        ...

    def weights(self) -> list[Any]:
        """keras.Variables to track."""
        ...

    def regularization_losses(self) -> list[Callable[[], Any]]:
        """Functions of no arguments, each giving a scalar."""
        ...

    def symbolic_inputs(self, shapes: Any, dtype: str) -> Any:
        """KerasTensors of these shapes, of the endpoint's dtypes or else of `dtype`."""
        ...

    def output_spec(self, function: Callable[[Any], Any], inputs: Any) -> Any:
        """KerasTensors for what `function` returns for symbolic `inputs`."""
        ...

    def with_shape(self, outputs: Any, shapes: Any) -> Any:
        """`outputs` with the static shapes (without batch) that the user gave; None leaves them."""
        ...


class _BackendTarget:
    """The parts of a target that only depend on the backend."""

    def output_spec(self, function: Callable[[Any], Any], inputs: Any) -> Any:
        """See Target.output_spec."""
        return symbolic().output_spec(function, inputs)

    def with_shape(self, outputs: Any, shapes: Any) -> Any:
        """See Target.with_shape."""
        return outputs if shapes is None else symbolic().with_shape(outputs, shapes)


def symbolic() -> Any:
    """The backend's module that works out shapes and dtypes of outputs."""
    backend = keras.config.backend()
    return importlib.import_module(f"hublayer.runtime.{'tensorflow' if backend == 'tensorflow' else 'eager'}_symbolic")


class EndpointTarget(_BackendTarget):
    """One endpoint of a loaded Model, with the hyperparameters it is always called with."""

    def __init__(self, model: Model, endpoint: Endpoint, signature: str | None, arguments: Mapping[str, Any]):
        endpoint = model.program.layer_endpoint(endpoint)
        self.model = model
        self.endpoint: Endpoint | None = endpoint
        self._endpoint = endpoint
        self._arguments = arguments
        self.handle: str | None = model.handle
        self.shown = model.shown
        self.tags: list[str] | None = sorted(model.meta_graph.tags) if len(model.saved_model.meta_graphs) > 1 else None
        self.signature = signature
        self.is_hub_module = model.saved_model.is_hub_module
        tf1 = model.meta_graph.objects is None
        self.serving_graph_only = tf1 and "train" not in model.meta_graph.tags and not endpoint.takes_training
        self.resolved_object: Any = model
        self.seed_generator = getattr(model.program, "seed_generator", None)
        model.program.prepare(endpoint)
        self.trackable = model.program.trackable(endpoint)

    @property
    def _first_inputs(self) -> list[TensorSpec | CompositeSpec]:
        own = self._endpoint.own_inputs
        structures = self._endpoint.input_structures() if own is None else [own]
        return [spec for _, spec in spec_leaves(structures[0])] if structures else []

    @property
    def input_dtype(self) -> str | None:
        """The dtype of the first input."""
        return next((spec.dtype for spec in self._first_inputs), None)

    @property
    def input_shape(self) -> Shape:
        """The shape of the one dense input; None if there are several or its rank is not known."""
        specs = self._first_inputs
        return specs[0].shape if len(specs) == 1 and isinstance(specs[0], TensorSpec) else None

    @property
    def image_size(self) -> tuple[int, int] | None:
        """What the module says it takes, else the fixed height and width of the one input (batch, height, width, …)."""
        if self.model.meta_graph.image_size is not None:
            return self.model.meta_graph.image_size
        match self.input_shape:
            case (_, int(height), int(width), 1 | 3 | 4):
                return height, width
        return None

    def __call__(self, inputs: Any, training: bool) -> Any:
        return call_endpoint(self.model.program, self._endpoint, inputs, training, self._arguments)

    def output_spec(self, function: Callable[[Any], Any], inputs: Any) -> Any:
        """See Target.output_spec."""
        from hublayer.runtime.symbolic_inputs import with_fixed_dimensions

        traces = [trace for trace, _ in select_traces(self._endpoint, False, self._arguments)]
        return super().output_spec(function, with_fixed_dimensions(self._endpoint, traces, inputs))

    def weights(self) -> list[Any]:
        """See Program.weights."""
        return self.model.program.weights(self._endpoint)

    def regularization_losses(self) -> list[Callable[[], Any]]:
        """See Program.regularization_losses."""
        return self.model.program.regularization_losses()

    def symbolic_inputs(self, shapes: Any, dtype: str) -> Any:
        """KerasTensors of these shapes; dtypes are those of the inputs in their order."""
        from hublayer.runtime.symbolic_inputs import symbolic_inputs

        return symbolic_inputs(shapes, [spec.dtype or dtype for spec in self._first_inputs], dtype)


class CallableTarget(_BackendTarget):
    """A callable on tensors: a tf.Module, a tf.function, a Python function."""

    def __init__(self, function: Callable[..., Any], arguments: Mapping[str, Any]):
        self._function = function
        self._arguments = dict(arguments)
        self.endpoint: Endpoint | None = None
        self.handle: str | None = None
        self.shown = repr(function)
        self.tags: list[str] | None = None
        self.signature: str | None = None
        self.is_hub_module = False
        self.serving_graph_only = False
        self.resolved_object: Any = function
        self.trackable = function
        self.seed_generator = None
        self._takes_training = "training" not in arguments and _has_parameter(function, "training")

    def __call__(self, inputs: Any, training: bool) -> Any:
        options = {**self._arguments, "training": training} if self._takes_training else self._arguments
        return self._function(inputs, **options)

    @property
    def input_dtype(self) -> str | None:
        """Not known."""
        return None

    @property
    def input_shape(self) -> Shape:
        """Not known."""
        return None

    @property
    def image_size(self) -> tuple[int, int] | None:
        """Not known."""
        return None

    def weights(self) -> list[Any]:
        """The callable's `variables`, trainable as its `trainable_variables` say."""
        from hublayer.runtime.tensorflow_variables import as_weight

        owner = self._function if hasattr(self._function, "variables") else getattr(self._function, "__self__", None)
        variables = list(getattr(owner, "variables", None) or ())
        listed = getattr(owner, "trainable_variables", None)
        trainable = {id(v) for v in (listed if listed is not None else [v for v in variables if v.trainable])}
        return [as_weight(variable, id(variable) in trainable) for variable in variables]

    def regularization_losses(self) -> list[Callable[[], Any]]:
        """The callable's `regularization_losses`."""
        return list(getattr(self._function, "regularization_losses", None) or ())

    def symbolic_inputs(self, shapes: Any, dtype: str) -> Any:
        """KerasTensors of these shapes and of `dtype`."""
        from hublayer.runtime.symbolic_inputs import symbolic_inputs

        return symbolic_inputs(shapes, [], dtype)


def _has_parameter(function: Callable[..., Any], name: str) -> bool:
    """Whether `function` has a parameter `name`; a loaded tf.function says so in its own way."""
    for candidate in (function, getattr(function, "__call__", None)):  # noqa: B004
        function_type = getattr(candidate, "function_type", None)
        if function_type is not None:
            return name in function_type.parameters
    try:
        parameters = inspect.signature(function).parameters.values()
    except (TypeError, ValueError):
        return False
    return any(p.name == name or p.kind is inspect.Parameter.VAR_KEYWORD for p in parameters)
