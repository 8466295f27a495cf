"""Run a function of the graph on the host: a flat list of steps, bound once to their host ops and slots."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from hublayer.errors import ExecutionError, HubLayerError, UnsupportedOpsError
from hublayer.graph.ir import Function, FunctionName, Node, Value
from hublayer.graph.numpy_arrays import strided_slice_key
from hublayer.graph.numpy_ops import NUMPY_OPS
from hublayer.graph.op_schema import has_list_output, input_groups, output_count, unknown_attributes
from hublayer.graph.output_sizes import may_be_large, refuse_too_large, refuse_too_large_array
from hublayer.host.movement import on_strings
from hublayer.host.registry import find_host_op, runs_on_host
from hublayer.host.string_tensor import StringTensor


@dataclass
class HostRun:
    """What host ops share: the functions of the graph, the resources that have been made, the model's folder.

    resources: by name, kept as long as the model is; an op that makes a table or the like (``HashTableV2``) looks
    there first. memo: what was prepared from an input that does not change (see `prepared`). variables: those of a TF1
    graph, by name. seeds: draws a new seed for each random op.
    """

    executable: Callable[[str], HostExecutable]
    folder: Path
    resources: dict[str, Any] = field(default_factory=dict)
    memo: dict[int, tuple[Any, Any]] = field(default_factory=dict)
    variables: Mapping[str, Any] = field(default_factory=dict)
    seeds: Callable[[], Any] | None = None

    def variable(self, name: str) -> Any:
        """The variable called `name`. Raises ValueError if the host has none of that name."""
        if name not in self.variables:
            raise ValueError(f"the variable {name!r} has no value on the host")
        return self.variables[name]

    def resource(self, name: str, make: Callable[[], Any]) -> Any:
        """The resource called `name`, made when it is first asked for."""
        if name not in self.resources:
            self.resources[name] = make()
        return self.resources[name]

    def prepared(self, source: Any, make: Callable[[Any], Any]) -> Any:
        """make(source), made once for the same object: constants are the same object at each call.

        At most 64 are kept.
        """
        found = self.memo.get(id(source))
        if found is None or found[0] is not source:
            if len(self.memo) >= 64:
                self.memo.clear()
            found = (source, make(source))
            self.memo[id(source)] = found
        return found[1]


# How an op that the host has no kernel for is run: a node becomes a function of its inputs.
BindOther = Callable[[Node], Callable[[HostRun, list[Any]], Any]]


@dataclass(slots=True)
class _Step:
    node: Node
    call: Callable[[HostRun, list[Any]], Any]
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]
    many: bool
    sized: bool


class HostExecutable:
    """A function bound to host ops. other: binds ops that are none.

    Raises UnsupportedOpsError, which lists them all, for ops that are none where there is no `other`.
    """

    def __init__(self, function: Function, other: BindOther | None = None):
        self.function = function
        self._slots: dict[Value, int] = {}
        self._initial: list[Any] = []
        self._other = other
        check_host_ops([function], other is not None)
        self._parameters = [self._slot(Value(parameter.name)) for parameter in function.parameters]
        self._steps = [step for node in function.nodes if (step := self._bind(node)) is not None]
        self._outputs = [self._slots[value] for value in function.outputs]

    def _slot(self, value: Value, initial: Any = None) -> int:
        if value not in self._slots:
            self._slots[value] = len(self._initial)
            self._initial.append(initial)
        return self._slots[value]

    def _bind(self, node: Node) -> _Step | None:
        if node.op == "Const":
            refuse_too_large_array(node, node.attrs["value"])
            self._slot(Value(node.name), constant(node.attrs["value"]))
            return None
        if node.op == "NoOp":
            return None
        inputs = tuple(self._slots[value] for value in node.inputs)
        number = output_count(node.op, node.attrs)
        outputs = tuple(self._slot(Value(node.name, index)) for index in range(number))
        many = number != 1 or has_list_output(node.op)
        call = self._constant_slice(node, inputs) or self._call(node)
        return _Step(node, call, inputs, outputs, many, may_be_large(node.op))

    def _call(self, node: Node) -> Callable[[HostRun, list[Any]], Any]:
        return self._other(node) if self._other is not None and not runs_on_host(node.op) else _bind(node)

    def _constant_slice(self, node: Node, inputs: tuple[int, ...]) -> Callable[[HostRun, list[Any]], Any] | None:
        """A StridedSlice whose index is known: text models take shapes apart more often than anything else."""
        constants = [self._initial[i] for i in inputs[1:]]
        if node.op != "StridedSlice" or not all(isinstance(value, np.ndarray) for value in constants):
            return None
        begin, end, strides = constants
        key, general = strided_slice_key(begin, end, strides, node.attrs), _bind(node)
        return lambda run, values: values[0][key] if isinstance(values[0], np.ndarray) else general(run, values)

    def __call__(self, run: HostRun, arguments: Sequence[Any]) -> list[Any]:
        """The outputs for `arguments`: NumPy arrays, StringTensors, resources.

        Raises ExecutionError, which names the node, for whatever goes wrong in an op.
        """
        slots = self._initial[:]
        for slot, argument in zip(self._parameters, arguments, strict=True):
            slots[slot] = argument
        for step in self._steps:
            inputs = [slots[i] for i in step.inputs]
            try:
                if step.sized:
                    refuse_too_large(step.node, inputs)
                result = step.call(run, inputs)
            except HubLayerError:
                raise
            except Exception as error:
                raise ExecutionError(_failure(step.node, inputs, error)) from error
            if step.many:
                for slot, value in zip(step.outputs, result, strict=True):
                    slots[slot] = value
            elif step.outputs:
                slots[step.outputs[0]] = result
        return [slots[i] for i in self._outputs]


def constant(value: np.ndarray) -> Any:
    """A constant of the graph as the host has it."""
    return StringTensor.from_numpy(value) if value.dtype.kind in "OSU" else value


def _bind(node: Node) -> Callable[[HostRun, list[Any]], Any]:
    groups = input_groups(node.op, node.attrs)
    host = find_host_op(node.op)
    if host is None:
        op, attrs, numpy_op = node.op, dict(node.attrs), NUMPY_OPS[node.op]

        def fold(run: HostRun, inputs: list[Any]) -> Any:
            strings = StringTensor in map(type, inputs)
            if groups is not None:
                inputs = [inputs[g[0] : g[1]] if isinstance(g, tuple) else inputs[g] for g in groups]
            return on_strings(op, inputs, attrs) if strings else numpy_op(inputs, attrs)

        return fold
    keywords = {name: node.attrs[name] for name in host.attributes if name in node.attrs}
    if "node_name" in host.attributes:
        keywords["node_name"] = node.name
    function, wants_run = host.function, host.wants_run
    if groups is None:
        if wants_run:
            return lambda run, inputs: function(run, *inputs, **keywords)
        return lambda run, inputs: function(*inputs, **keywords)

    def call(run: HostRun, inputs: list[Any]) -> Any:
        inputs = [inputs[g[0] : g[1]] if isinstance(g, tuple) else inputs[g] for g in groups]
        return function(run, *inputs, **keywords) if wants_run else function(*inputs, **keywords)

    return call


def _failure(node: Node, inputs: Sequence[Any], error: Exception) -> str:
    shapes = ", ".join(
        f"{value.dtype} {tuple(value.shape)}" if hasattr(value, "shape") else type(value).__name__ for value in inputs
    )
    return f"{node.origin}, node {node.name} ({node.op}) failed on ({shapes}): {type(error).__name__}: {error}"


def check_host_ops(functions: Sequence[Function], others_run: bool = False) -> None:
    """Raise UnsupportedOpsError with every op, and every attribute of an op, that the host cannot run.

    others_run: whether somebody else runs the ops that are not the host's.
    """
    missing: dict[str, list[str]] = {}
    for function in functions:
        for node in function.nodes:
            if not runs_on_host(node.op) and not others_run:
                missing.setdefault(node.op, []).append(node.origin)
            elif unknown := unknown_attributes(node.op, node.attrs):
                missing.setdefault(f"{node.op} with {', '.join(unknown)}", []).append(node.origin)
    if missing:
        lines = [f"    {op} ({len(places)} times, in {places[0]})" for op, places in sorted(missing.items())]
        raise UnsupportedOpsError(
            f"The translated runtime does not know {len(missing)} ops that the model runs on strings, tables or what "
            "follows from them.\n" + "\n".join(lines) + "\nOn Keras's TensorFlow backend, runtime='native' runs every "
            "op of TensorFlow's."
        )


class HostExecutables:
    """The host executables of a graph's functions, made when they are first needed."""

    def __init__(self, functions: Mapping[str, Function], other: BindOther | None = None):
        """other: see HostExecutable."""
        self._functions = functions
        self._other = other
        self._made: dict[str, HostExecutable] = {}

    def __call__(self, name: str) -> HostExecutable:
        """The executable of the function called `name`."""
        if name not in self._made:
            self._made[name] = HostExecutable(self._functions[FunctionName(name)], self._other)
        return self._made[name]
