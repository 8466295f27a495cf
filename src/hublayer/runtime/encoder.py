"""The device's half of a text model as the target of a KerasLayer."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any

import keras
import numpy as np

from hublayer.choices import OutputChoice
from hublayer.errors import EndpointError, InputStructureError, NotSeparableError
from hublayer.host.stage import HostStage
from hublayer.lowering.dtypes import backend_dtype
from hublayer.runtime.preprocessor import Preprocessor, argument_names, input_names, learn
from hublayer.runtime.staged import StagedEndpoint
from hublayer.runtime.structures import pack
from hublayer.runtime.traces import select_traces
from hublayer.savedmodel.endpoints import Endpoint, Trace
from hublayer.savedmodel.specs import Shape

if TYPE_CHECKING:
    from hublayer.model import Model
    from hublayer.runtime.translated import TranslatedProgram


def translated_program(model: Model) -> TranslatedProgram:
    """The model's own program if it is a translated one, else one that shares the native one's variables."""
    from hublayer.runtime.translated import TranslatedProgram, share_variables

    if isinstance(model.program, TranslatedProgram):
        return model.program
    found = model.__dict__.get("_translated")
    if found is None:
        found = TranslatedProgram(model.saved_model, model.meta_graph)
        share_variables(found, model.program)
        model.__dict__["_translated"] = found
    return found


def staged_traces(
    model: Model, endpoint: Endpoint, training: bool, arguments: Mapping[str, Any]
) -> list[tuple[Trace, dict[str, Any], StagedEndpoint]]:
    """The traces for these arguments with their parts.

    Raises NotSeparableError if the endpoint works on no strings, so that there is nothing to separate.
    """
    program = translated_program(model)
    found = []
    for trace, values in select_traces(endpoint, training, arguments):
        staged = program.staged(endpoint, trace)
        if staged is None:
            raise NotSeparableError(
                f"The {endpoint.kind} {endpoint.name!r} of {model.shown} needs no strings and no tables: there is "
                "no preprocessor, and the layer is its own encoder."
            )
        learn(staged.stage, trace)
        found.append((trace, values, staged))
    return found


def preprocessor(model: Model, endpoint: Endpoint, arguments: Mapping[str, Any], choice: OutputChoice) -> Preprocessor:
    """The preprocessor of an endpoint; of one that only preprocesses, what `choice` leaves of its outputs.

    Raises NotSeparableError if it works on no strings.
    """
    found = staged_traces(model, endpoint, False, arguments)
    traces = [(trace, values) for trace, values, _ in found]
    whole = _on_host_alone(staged for _, _, staged in found)
    if whole is not None:
        return Preprocessor(endpoint, traces, whole, [() for _ in whole], choice)
    stages, passed = [staged.stage for _, _, staged in found], [staged.device_inputs for _, _, staged in found]
    return Preprocessor(endpoint, traces, stages, passed)


def _on_host_alone(traces: Iterable[StagedEndpoint]) -> list[HostStage] | None:
    """The stages of an endpoint that only preprocesses; None if one of its traces leaves something for an encoder."""
    stages = []
    for staged in traces:
        stage = staged.on_host_alone()
        if stage is None:
            return None
        stages.append(stage)
    return stages


class EncoderTarget:
    """See hublayer.runtime.targets.Target. Takes what the preprocessor returns."""

    def __init__(self, model: Model, endpoint: Endpoint, signature: str | None, arguments: Mapping[str, Any]):
        self._program = translated_program(model)
        endpoint = self._program.layer_endpoint(endpoint)
        self.model = model
        self.endpoint: Endpoint | None = endpoint
        self._endpoint = endpoint
        self._arguments = dict(arguments)
        self.handle: str | None = model.handle
        self.shown = model.shown
        self.tags: list[str] | None = sorted(model.meta_graph.tags) if len(model.saved_model.meta_graphs) > 1 else None
        self.signature = signature
        self.is_hub_module = model.saved_model.is_hub_module
        self.serving_graph_only = False
        self.resolved_object: Any = model
        self.seed_generator = self._program.seed_generator
        if _on_host_alone(staged for _, _, staged in staged_traces(model, endpoint, False, arguments)) is not None:
            raise NotSeparableError(
                f"The {endpoint.kind} {endpoint.name!r} of {model.shown} only preprocesses: its preprocessor gives all "
                "of its outputs, and nothing is left for an encoder."
            )
        self._dtypes = self._argument_dtypes()
        self.trackable = self._program.trackable(endpoint)

    def _staged(self, training: bool) -> tuple[Trace, StagedEndpoint]:
        trace, _, staged = staged_traces(self.model, self._endpoint, training, self._arguments)[0]
        return trace, staged

    def _argument_names(self, training: bool) -> list[str]:
        trace, staged = self._staged(training)
        names = input_names(trace)
        own = [names[i] for i in staged.device_inputs]
        return own + [name for name in argument_names(staged.stage.plan) if name is not None]

    def _argument_dtypes(self) -> dict[str, str]:
        """What it takes, by name, and the dtypes that the backend has for it."""
        _, staged = self._staged(False)
        own = [staged.graph.inputs[i].dtype or "float32" for i in staged.device_inputs]
        pairs = zip(argument_names(staged.stage.plan), staged.argument_dtypes, strict=True)
        crossing = [dtype for name, dtype in pairs if name is not None]
        names = self._argument_names(False)
        return {name: backend_dtype(dtype) for name, dtype in zip(names, own + crossing, strict=True)}

    @property
    def input_dtype(self) -> str | None:
        """The dtype of the one array that it takes; None for several, tokens and their weights for example."""
        return next(iter(self._dtypes.values())) if len(self._dtypes) == 1 else None

    @property
    def input_shape(self) -> Shape:
        """Not known: rows are as long as the longest."""
        return None

    @property
    def image_size(self) -> tuple[int, int] | None:
        """Not known: it takes no images."""
        return None

    def __call__(self, inputs: Any, training: bool) -> Any:
        """Outputs for what the preprocessor returned: an array, or a dict of arrays."""
        trace, staged = self._staged(training)
        names = self._argument_names(training)
        if not isinstance(inputs, Mapping):
            if len(names) != 1:
                raise InputStructureError(f"The encoder takes a dict with {names}, but one value came.")
            inputs = {names[0]: inputs}
        if set(inputs) != set(names):
            raise InputStructureError(f"The encoder takes a dict with {names}, but {sorted(inputs)} came.")
        own = [_tensor(inputs[name]) for name in names[: len(staged.device_inputs)]]
        remaining = iter(names[len(staged.device_inputs) :])
        arguments = [
            None if name is None else _tensor(inputs[next(remaining)]) for name in argument_names(staged.stage.plan)
        ]
        seed = self._program.seed(staged.draws)
        outputs = staged.encode(own, arguments, seed)
        return _without_strings(pack(trace.outputs, iter(outputs)))

    def weights(self) -> list[Any]:
        """See Program.weights."""
        return self._program.weights(self._endpoint)

    def regularization_losses(self) -> list[Callable[[], Any]]:
        """See Program.regularization_losses."""
        return self._program.regularization_losses()

    def symbolic_inputs(self, shapes: Any, dtype: str) -> Any:
        """KerasTensors of these shapes, of the dtypes that it takes."""
        if isinstance(shapes, Mapping):
            return {
                name: keras.KerasTensor(tuple(shape), dtype=self._dtypes.get(name, dtype))
                for name, shape in shapes.items()
            }
        return keras.KerasTensor(tuple(shapes), dtype=self.input_dtype or dtype)

    def output_spec(self, function: Callable[[Any], Any], inputs: Any) -> Any:
        """See Target.output_spec."""
        from hublayer.runtime.targets import symbolic

        return symbolic().output_spec(function, inputs)

    def with_shape(self, outputs: Any, shapes: Any) -> Any:
        """See Target.with_shape."""
        from hublayer.runtime.targets import symbolic

        return outputs if shapes is None else symbolic().with_shape(outputs, shapes)


def _tensor(value: Any) -> Any:
    return keras.ops.convert_to_tensor(value) if isinstance(value, np.ndarray) else value


def _without_strings(outputs: Any) -> Any:
    """A dict of outputs without those that only the host can give."""
    if isinstance(outputs, dict):
        return {key: value for key, value in outputs.items() if value is not None}
    if outputs is None:
        raise EndpointError("The output is a string or comes from the host alone; the encoder has nothing to compute.")
    return outputs
