"""What follows the device's part of an endpoint: labels made on the host, and what weights make of those again."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import keras

from hublayer.graph.endpoint_graph import EndpointGraph, reached
from hublayer.graph.ir import Graph
from hublayer.graph.parts import Part, Partition
from hublayer.graph.resources import ResourceKey
from hublayer.host.execute import HostExecutable, HostExecutables, HostRun
from hublayer.host.resources import Resources
from hublayer.lowering.static_inputs import static_inputs
from hublayer.ops.traits import takes_seed
from hublayer.runtime.device_part import DevicePart
from hublayer.runtime.following_device import FollowingDevice
from hublayer.runtime.host_values import as_declared, to_host
from hublayer.runtime.ops_on_backend import on_backend
from hublayer.runtime.seeds import ForkedSeeds, seed_of_part

# The values of each part that has run: of "before", "device", and of later parts by number.
Values = dict[str | int, Sequence[Any]]
# Runs a part: its inputs, a seed or None, and the state of the host's functions.
_Call = Callable[[Sequence[Any], Any, HostRun], Sequence[Any]]


class WeightOnHost:
    """A weight as a hublayer.host.variables.HostVariable."""

    def __init__(self, variable: Any):
        self._variable = variable

    @property
    def value(self) -> Any:
        """The current value as a NumPy array."""
        return to_host(self._variable.value)

    @value.setter
    def value(self, array: Any) -> None:
        self._variable.assign(array)


def _on_host(value: Any, dtype: str) -> Any:
    """A tensor as an array of its declared dtype; tables, lists and the like as they are."""
    return as_declared(to_host(value) if keras.ops.is_tensor(value) else value, dtype)


class LaterParts:
    """The parts of one trace that follow its device part. captured, variables: see StagedEndpoint."""

    def __init__(
        self,
        cut: Partition,
        graph: EndpointGraph,
        resources: Resources,
        captured: Mapping[str, str],
        variables: Mapping[str, Any],
        backend: str,
    ):
        self._cut = cut
        self._resources = resources
        self._captures = graph.captures
        self._inputs = len(graph.inputs)
        self._weights = {key: WeightOnHost(variable) for key, variable in variables.items()}
        functions = graph.graph.functions
        self._executables = HostExecutables(functions, on_backend)
        self.draws = False
        self._parts: list[_Call] = []
        for part in cut.later:
            found = reached(part.function, functions)
            self.draws |= any(takes_seed(node.op) for function in found for node in function.nodes)
            if part.on_host:
                self._parts.append(self._host_part(part))
            else:
                graph_on_device = Graph(part.function, functions)
                taken = [i for i, p in enumerate(part.function.parameters) if p.name not in captured]
                positions = {part.function.parameters[i].name: place for place, i in enumerate(taken)}
                known = static_inputs(part.function, positions, backend)
                device = DevicePart(graph_on_device, found, captured, variables, backend, known)
                following = FollowingDevice(device, {positions[name] for name in known}, backend)
                self._parts.append(self._device_part(following, taken))

    @staticmethod
    def _host_part(part: Part) -> _Call:
        executable = HostExecutable(part.function, on_backend)
        dtypes = [parameter.dtype for parameter in part.function.parameters]

        def run(values: Sequence[Any], seed: Any, state: HostRun) -> Sequence[Any]:
            given = [_on_host(value, dtype) for value, dtype in zip(values, dtypes, strict=True)]
            state.seeds = None if seed is None else ForkedSeeds(seed).itself
            return executable(state, given)

        return run

    @staticmethod
    def _device_part(device: FollowingDevice, taken: list[int]) -> _Call:
        return lambda values, seed, state: device([values[i] for i in taken], seed)

    def __call__(self, inputs: Sequence[Any], values: Values, seed: Any) -> None:
        """Run the parts; `values` gets what they return, by number.

        inputs: of the endpoint. Raises EndpointError for a part that needs the values of traced tensors.
        """
        if not self._parts:
            return
        state = self._resources.run(self._executables, self._weights)
        for number, (part, run) in enumerate(zip(self._cut.later, self._parts, strict=True)):
            given = [self._input(index, inputs) if of == "input" else values[of][index] for of, index in part.inputs]
            values[number] = run(given, None if seed is None else seed_of_part(seed, number + 1), state)

    def _input(self, index: int, inputs: Sequence[Any]) -> Any:
        if index < self._inputs:
            return inputs[index]
        capture = self._captures[index - self._inputs]
        return self._resources[capture] if isinstance(capture, ResourceKey) else self._weights[capture]
