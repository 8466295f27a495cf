"""An endpoint that works on strings: its host part, its device part, and what follows on the host and the device."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import keras
import numpy as np

from hublayer.errors import EndpointError
from hublayer.graph.endpoint_graph import EndpointGraph, reached
from hublayer.graph.ir import Function, Graph
from hublayer.graph.parts import Partition
from hublayer.graph.passes.zero_rows import zero_rows_by_mask
from hublayer.graph.resources import ResourceKey
from hublayer.graph.token_rows import lay_out_rows
from hublayer.host.resources import Resources
from hublayer.host.stage import HostStage, StagePlan
from hublayer.lowering.static_inputs import static_inputs
from hublayer.runtime.cut import host_alone
from hublayer.runtime.device_part import DevicePart
from hublayer.runtime.following_device import FollowingDevice
from hublayer.runtime.host_values import as_declared, from_host, tensor, to_host
from hublayer.runtime.later_parts import LaterParts, Values
from hublayer.runtime.ops_on_backend import on_backend
from hublayer.runtime.unavailable import Unavailable

if TYPE_CHECKING:
    from hublayer.runtime.host_in_graph import HostInGraph


class StagedEndpoint:
    """One trace of an endpoint, cut between host and device.

    captured: the variable that each captured parameter of the graph holds. stage: the host's part, which the
    preprocessor shares. argument_dtypes: of what the device takes from the host, as the graph says.
    """

    def __init__(
        self,
        graph: EndpointGraph,
        cut: Partition,
        resources: Resources,
        recipes: Any,
        captured: Mapping[str, str],
        variables: Mapping[str, Any],
        backend: str,
    ):
        self.graph = graph
        self._cut = cut
        self._backend = backend
        self._variables = dict(variables)
        laid = lay_out_rows(cut)
        laid = replace(laid, device=zero_rows_by_mask(laid.device))
        entry = graph.graph.entry
        self._inputs = len(graph.inputs)
        self._taken = [i for i, p in enumerate(entry.parameters[: self._inputs]) if p.name not in cut.host_only]
        own = len(laid.device.parameters) - len(laid.arguments)
        crossing = {p.name: i for i, p in enumerate(laid.device.parameters[own:])}
        self.argument_dtypes = [parameter.dtype for parameter in laid.device.parameters[own:]]
        known = static_inputs(laid.device, crossing, backend)
        statics = frozenset(crossing[name] for name in known)
        functions = {function.name: function for function in reached(cut.before, graph.graph.functions)}
        parameters: list[int | ResourceKey | None] = list(range(self._inputs))
        parameters += [capture if isinstance(capture, ResourceKey) else None for capture in graph.captures]
        plan = StagePlan(
            before=cut.before,
            functions=functions,
            parameters=tuple(parameters),
            arguments=laid.arguments,
            groups=laid.groups,
            statics=statics,
            buckets=backend != "torch",
            narrow=backend == "jax",
            recipes=recipes,
            other=on_backend,
        )
        self.stage = HostStage(plan, resources)
        self.device: DevicePart | None = None
        if laid.device.outputs or laid.device.nodes:
            graph_on_device = Graph(laid.device, graph.graph.functions)
            reachable = reached(laid.device, graph.graph.functions)
            self.device = DevicePart(graph_on_device, reachable, captured, variables, backend, known)
        first = len(self._taken)
        self._following = (
            None if self.device is None else FollowingDevice(self.device, {first + i for i in statics}, backend)
        )
        self._later = LaterParts(cut, graph, resources, captured, variables, backend)
        self._in_graphs: HostInGraph | None = None
        self.draws = self._later.draws or (self.device is not None and self.device.draws)
        self.host_inputs = _used_inputs(cut.before, entry, self._inputs)

    @property
    def keys(self) -> list[str]:
        """Keys of the variables that the endpoint uses."""
        return list(self._variables)

    def on_host_alone(self) -> HostStage | None:
        """The whole endpoint as a stage whose arguments are the outputs; None if something is left for the device."""
        function = host_alone(self.graph)
        if function is None:
            return None
        plan = replace(
            self.stage.plan,
            before=function,
            functions={each.name: each for each in reached(function, self.graph.graph.functions)},
            arguments=tuple(("plain", number) for number in range(len(function.outputs))),
            groups=(),
            statics=frozenset(),
        )
        return HostStage(plan, self.stage.resources)

    def __call__(self, inputs: Sequence[Any], seed: Any) -> list[Any]:
        """The outputs: tensors of the backend; strings as NumPy arrays of bytes objects.

        In a call that is traced, Unavailable stands for those that follow on the host.
        """
        if self._backend == "tensorflow" and self._is_symbolic(inputs):
            return self._in_graph(inputs, seed)
        returned, arguments = self.stage(self.on_host(inputs))
        self.stage.watch(arguments)
        taken = [inputs[i] for i in self._taken]
        results = [] if self._following is None else self._following([*taken, *arguments], seed)
        values: Values = {"input": inputs, "before": returned, "device": results}
        missing = None
        try:
            self._later(inputs, values, seed)
        except EndpointError as error:  # the call is traced
            missing = Unavailable(error)
        return [
            from_host(values[part][index], self._backend) if part in values else missing
            for part, index in self._cut.outputs
        ]

    def _is_symbolic(self, inputs: Sequence[Any]) -> bool:
        from hublayer.runtime.host_in_graph import is_symbolic

        return any(is_symbolic(inputs[i]) for i in self.host_inputs)

    def _in_graph(self, inputs: Sequence[Any], seed: Any) -> list[Any]:
        """The outputs as tensors of the graph that is being traced."""
        outputs = self.encode([inputs[i] for i in self._taken], self.prepare_in_graph()(inputs), seed)
        error = EndpointError(
            "An output is a string or comes from the host alone, so it cannot be part of a compiled function. "
            "Choose another one by output_key, or call the layer outside of it."
        )
        return [Unavailable(error) if output is None else output for output in outputs]

    def prepare_in_graph(self) -> HostInGraph:
        """The host's part for graphs of TensorFlow. Raises EndpointError if it cannot be there."""
        from hublayer.runtime.host_in_graph import HostInGraph

        if self._in_graphs is None:
            self._in_graphs = HostInGraph(self.stage, self.graph.inputs, sorted(self.host_inputs))
        return self._in_graphs

    def on_host(self, inputs: Sequence[Any]) -> list[Any]:
        """The inputs that the host uses, as it takes them; None for the others."""
        return [
            as_declared(to_host(value), spec.dtype) if i in self.host_inputs else None
            for i, (value, spec) in enumerate(zip(inputs, self.graph.inputs, strict=True))
        ]

    def encode(self, inputs: Sequence[Any], arguments: Sequence[Any], seed: Any) -> list[Any]:
        """The outputs for device inputs alone, as they may be traced; strings among the outputs are left out (None).

        inputs: the endpoint's inputs that the device takes. arguments: what the preprocessor returned, None where
        the value is static.

        Raises EndpointError if a shape does not follow from the shapes of the arguments.
        """
        statics: dict[int, np.ndarray] = {}
        given = [None if i in self.stage.plan.statics else tensor(x) for i, x in enumerate(arguments)]
        shapes: list[Any] = [() if x is None else keras.ops.shape(x) for x in given]
        for index, value in self.stage.learned.items():
            if not value.known:
                raise EndpointError(
                    "The encoder cannot be called by itself: a shape in the model does not follow from the shapes of "
                    "its inputs. Call the layer on the strings."
                )
            items = value.items(shapes)
            if all(isinstance(item, int) for item in items):
                statics[len(inputs) + index] = value.array(items)
            else:  # TensorFlow's graphs know some sizes only when they run
                given[index] = keras.ops.reshape(keras.ops.stack(items), value.shape)
        results = self.device([*inputs, *given], seed, statics) if self.device else []
        outputs = []
        for kind, index in self._cut.outputs:
            if kind == "device":
                outputs.append(results[index])
            elif kind == "before":
                outputs.append(self._argument(index, arguments))
            else:
                outputs.append(None)
        return outputs

    def _argument(self, returned: int, arguments: Sequence[Any]) -> Any:
        """The argument that is the host's output number `returned` as it is; None if it does not cross."""
        for value, (kind, index) in zip(arguments, self.stage.plan.arguments, strict=True):
            if kind == "plain" and index == returned and value is not None:
                return tensor(value)
        return None

    @property
    def device_inputs(self) -> list[int]:
        """Numbers of the endpoint's inputs that the device takes."""
        return self._taken


def _used_inputs(before: Function | None, entry: Function, inputs: int) -> frozenset[int]:
    if before is None:
        return frozenset()
    used = {value.node for node in before.nodes for value in node.inputs} | {value.node for value in before.outputs}
    return frozenset(i for i, p in enumerate(entry.parameters[:inputs]) if p.name in used)
