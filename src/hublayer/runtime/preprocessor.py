"""The host's half of a text model, to be mapped over data: strings in, plain arrays out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from hublayer.choices import OutputChoice, select_output
from hublayer.errors import EndpointError
from hublayer.host.resources import Resources
from hublayer.host.stage import HostStage, StagePlan
from hublayer.host.string_tensor import StringTensor
from hublayer.runtime.host_tensors import HostTensors, flat_components
from hublayer.runtime.inputs import match_inputs
from hublayer.runtime.structures import pack
from hublayer.savedmodel.endpoints import Endpoint, Trace
from hublayer.savedmodel.specs import is_spec, spec_leaves
from hublayer.savedmodel.tensors import constant_dtype

_KIND_NAMES = {"tokens": "tokens", "lengths": "lengths", "plain": "values"}
_WORDS = (b"", b"a b", b"the quick brown fox", b"x")


def argument_names(plan: StagePlan) -> list[str | None]:
    """A name for each of the device's arguments: tokens, lengths, values, numbered where there are several.

    None for those that follow from the shapes of the others.
    """
    kinds = [None if i in plan.statics else _KIND_NAMES[kind] for i, (kind, _) in enumerate(plan.arguments)]
    names: list[str | None] = []
    for i, kind in enumerate(kinds):
        several = kind is not None and kinds.count(kind) > 1
        names.append(f"{kind}_{kinds[:i].count(kind)}" if several else kind)
    return names


class Preprocessor:
    """Turns what a text model takes into what its encoder takes.

    Called with the layer's inputs: str, lists of str, NumPy arrays, or a dict of them. Returns a NumPy array if the
    encoder takes one, otherwise a dict of arrays: ``tokens`` (batch, longest row), integers, zeros at the ends;
    ``lengths`` (batch,), how many tokens of a row count; ``values``, other numbers by batch. Where the model also has
    number inputs they pass through under their own names. Of a model that only preprocesses it returns what the layer
    returns, as NumPy arrays.

    It needs no backend and can be pickled, so that it works in the workers of a data loader; the SavedModel's folder
    must be there while tables are read.

    Raises an InputError for inputs that do not fit, ExecutionError if an op of the model fails.
    """

    def __init__(
        self,
        endpoint: Endpoint,
        traces: Sequence[tuple[Trace, Mapping[str, Any]]],
        stages: Sequence[HostStage],
        passed: Sequence[Sequence[int]],
        choice: OutputChoice | None = None,
    ):
        """traces: with the values of their other parameters. passed: inputs that go to the encoder as they are.

        choice: given where there is no encoder: the stages give the endpoint's outputs, and this is what is returned.
        """
        self._endpoint = endpoint
        self._traces = [(trace, dict(values)) for trace, values in traces]
        self._stages = list(stages)
        self._passed = [tuple(numbers) for numbers in passed]
        self._choice = choice

    def __call__(self, inputs: Any) -> Any:
        """See the class."""
        tensors = HostTensors()
        trace, bound = match_inputs(self._endpoint, [trace for trace, _ in self._traces], inputs, tensors)
        number = next(i for i, (known, _) in enumerate(self._traces) if known is trace)
        for name, value in self._traces[number][1].items():
            spec = trace.arguments[name]
            bound[name] = tensors.convert(np.asarray(value), spec) if is_spec(spec) else value
        stage = self._stages[number]
        flat = [part for value in _values(trace, bound) for part in flat_components(value)]
        arguments = stage(flat)[1]
        if self._choice is not None:
            return select_output(pack(trace.outputs, map(_as_numpy, arguments)), self._choice)
        if not stage.watch(arguments):
            raise EndpointError(
                f"The {self._endpoint.kind} {self._endpoint.name!r} computes a shape from the strings that does not "
                "follow from the shapes of what the preprocessor returns. Call the layer on the strings instead."
            )
        names = input_names(trace)
        found = {names[i]: flat[i] for i in self._passed[number]}
        found |= {
            name: value for name, value in zip(argument_names(stage.plan), arguments, strict=True) if name is not None
        }
        return next(iter(found.values())) if len(found) == 1 else found

    def __getstate__(self) -> dict[str, Any]:
        stages = [(stage.plan, stage.learned) for stage in self._stages]
        return {**self.__dict__, "_stages": stages}

    def __setstate__(self, state: dict[str, Any]) -> None:
        made: list[HostStage] = []
        resources: Resources | None = None
        for plan, learned in state["_stages"]:
            resources = resources or Resources(plan.recipes)
            stage = HostStage(plan, resources)
            stage.learned = learned
            made.append(stage)
        self.__dict__.update(state, _stages=made)

    def __repr__(self) -> str:
        return f"<preprocessor of the {self._endpoint.kind} {self._endpoint.name!r}>"


def _as_numpy(value: Any) -> np.ndarray:
    return value.to_numpy() if isinstance(value, StringTensor) else value


def _values(trace: Trace, bound: Mapping[str, Any]) -> list[Any]:
    """The values at the specs of a trace, in the order of its function's parameters."""
    found: list[Any] = []

    def walk(structure: Any, value: Any) -> None:
        if is_spec(structure):
            found.append(value)
        elif isinstance(structure, dict):
            for key in sorted(structure):
                walk(structure[key], value[key])
        elif isinstance(structure, list | tuple):
            for inner, item in zip(structure, value, strict=True):
                walk(inner, item)

    for name, structure in trace.arguments.items():
        walk(structure, bound[name])
    return found


def input_names(trace: Trace) -> list[str]:
    """A name for each dense input of a trace: that of its spec, or its path."""
    names = []
    for argument, structure in trace.arguments.items():
        for path, spec in spec_leaves(structure):
            keys = [part.strip("'[]") for part in path.split("][")]
            names.append(keys[-1] if path and keys[-1] else getattr(spec, "name", None) or argument)
    return names


def learn(stage: HostStage, trace: Trace) -> None:
    """Let `stage` see two batches of its own, so that it learns which sizes are the batch's.

    A model that refuses them (a parser that lacks its features, say) learns from the first real batches instead.
    """
    if not stage.learned:
        return
    for batch in (2, 3):
        inputs = [probe(spec, batch) for _, spec in spec_leaves(list(trace.arguments.values()))]
        try:
            stage.watch(stage([part for value in inputs for part in flat_components(value)])[1])
        except Exception:  # noqa: BLE001 whatever a model has against these strings, its own data may suit it
            return


def probe(spec: Any, batch: int) -> Any:
    """Words, or zeros, of the shape of `spec`, its unknown dimensions `batch`."""
    shape = [batch if dim is None else dim for dim in spec.shape or (None,)]
    if spec.dtype == "string":
        size = int(np.prod(shape))
        return StringTensor.from_list([_WORDS[i % len(_WORDS)] for i in range(size)], shape)
    return np.zeros(shape, constant_dtype(spec.dtype or "float32"))
