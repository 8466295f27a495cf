"""Run a function of the graph: a flat list of steps, bound once to their lowerings and slots."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import keras
import numpy as np

from hublayer.errors import ExecutionError, HubLayerError, UnsupportedOpsError
from hublayer.graph.ir import Function, Graph, Node, Value
from hublayer.graph.numpy_ops import NUMPY_OPS
from hublayer.graph.op_schema import has_list_output, input_groups, op_schema, output_count
from hublayer.graph.output_sizes import asks_for_size, refuse_too_large_array
from hublayer.lowering.known_values import array_of, at_once, known
from hublayer.lowering.memory import size_check
from hublayer.lowering.registry import Lowering, find_lowering, platform_lowerings, unhandled_attributes
from hublayer.lowering.static_inputs import steers_shapes
from hublayer.lowering.straight_through import straight_through
from hublayer.ops.traits import Trait, facts


@dataclass(frozen=True)
class VariableHandle:
    """What a resource input holds: which variable it is, or which part of one ((start, length) per dimension)."""

    key: str
    part: tuple[tuple[int, int], ...] | None = None

    @property
    def region(self) -> tuple[slice, ...]:
        """The part as an index; of the whole variable it is empty."""
        return tuple(slice(start, start + length) for start, length in self.part or ())


FAILED = "the first failed check"
"""The key under which a Run has the number of the check that failed."""


@dataclass
class Run:
    """The state of one execution.

    variables: current values by key; assignments replace them. seeds: draws a new seed for each random op.
    executable: finds the executable of a function of the graph, for control flow. by_op: where a backend would compile,
    nothing is compiled: tensors have values, and whole numbers among them are arrays, so that shapes may follow from
    them. checks: what the failed check of each number says; the number of the first that failed is the variable
    `FAILED`, 0 as long as there is none. platform: where it runs, which decides between an op's lowerings
    (hublayer.lowering.platforms).
    """

    variables: dict[str, Any]
    executable: Callable[[str], Executable]
    seeds: Callable[[], Any] | None = None
    assigned: set[str] = field(default_factory=set)
    by_op: bool = False
    checks: list[str] = field(default_factory=list)
    platform: str = "cpu"

    def __post_init__(self) -> None:
        self.variables.setdefault(FAILED, np.zeros((), np.int32))

    def read(self, handle: VariableHandle) -> Any:
        """A variable's current value."""
        value = self.variables[handle.key]
        return value if handle.part is None else value[handle.region]

    def assign(self, handle: VariableHandle, value: Any) -> None:
        """Give a variable, or its part, a new value.

        What is read later has the variable's gradient, and none of what was assigned, as TensorFlow's tapes have it.
        """
        current = self.variables.get(handle.key)
        if handle.part is not None:
            value = keras.ops.slice_update(current, [start for start, _ in handle.part], value)
        is_variable = type(handle) is VariableHandle  # a stack's contents keep their gradients
        self.variables[handle.key] = _assigned(current, value) if is_variable else value
        self.assigned.add(handle.key)


def _assigned(old: Any, value: Any) -> Any:
    """`value` as a variable has it that was `old`: its gradient is the variable's, not that of what computed it."""
    if not (keras.ops.is_tensor(old) and keras.ops.is_tensor(value)):
        return value
    if "float" not in keras.backend.standardize_dtype(value.dtype):
        return value
    return straight_through(old, value) if old.shape == value.shape else keras.ops.stop_gradient(value)


@dataclass(slots=True)
class _Step:
    node: Node
    call: Callable[[Run, list[Any]], Any]
    fold: Callable[[list[Any]], Any] | None
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]
    many: bool
    check: Callable[[Node, Sequence[Any]], None] | None


class Executable:
    """A function bound to the lowerings of one backend.

    Raises UnsupportedOpsError, which lists them all, for ops without a lowering.
    """

    def __init__(self, function: Function, backend: str):
        self.function = function
        self.backend = backend
        self._slots: dict[Value, int] = {}
        self._initial: list[Any] = []
        check_supported([function], backend)
        self._size_check = size_check(backend)
        self._used = {value for node in function.nodes for value in node.inputs} | set(function.outputs)
        self._parameters = [self._slot(Value(parameter.name)) for parameter in function.parameters]
        self._steps = [step for node in function.nodes if (step := self._bind(node)) is not None]
        self._outputs = [self._slots[value] for value in function.outputs]
        self._steering: frozenset[str] | None = None

    def _slot(self, value: Value, initial: Any = None) -> int:
        if value not in self._slots:
            self._slots[value] = len(self._initial)
            self._initial.append(initial)
        return self._slots[value]

    def _bind(self, node: Node) -> _Step | None:
        if node.op == "Const":
            refuse_too_large_array(node, node.attrs["value"])
            self._slot(Value(node.name), _constant(node.attrs["value"], self.backend))
            return None
        inputs = tuple(self._slots[value] for value in node.inputs)
        number = output_count(node.op, node.attrs)
        outputs = tuple(self._slot(Value(node.name, index)) for index in range(number))
        lowering = find_lowering(node.op, self.backend)
        assert lowering is not None
        numpy_op = NUMPY_OPS.get(node.op)
        fold = _bind_numpy(node, numpy_op) if numpy_op else None
        many = number != 1 or has_list_output(node.op)
        if Trait.SELECTS in facts(node.op).traits:
            unused = tuple(index for index in range(number) if Value(node.name, index) not in self._used)
            node = replace(node, attrs={**node.attrs, "_unused": unused})
        check = self._size_check if asks_for_size(node.op) else None
        call = _bind_lowering(node, lowering, self.backend)
        own = platform_lowerings(node.op, self.backend)
        if own:
            bound = {platform: _bind_lowering(node, one, self.backend) for platform, one in own.items()}
            call = _by_platform(call, bound)
        return _Step(node, call, fold, inputs, outputs, many, check)

    def __call__(self, run: Run, arguments: Sequence[Any]) -> list[Any]:
        """The outputs for `arguments`, NumPy arrays (static) or tensors of the backend (traced).

        Raises ExecutionError, which names the node, for whatever goes wrong in a lowering.
        """
        slots = self._initial[:]
        for slot, argument in zip(self._parameters, arguments, strict=True):
            slots[slot] = known(argument) if run.by_op else argument
        for step in self._steps:
            inputs = [slots[i] for i in step.inputs]
            try:
                if step.check is not None and run.platform == "cpu":
                    step.check(step.node, inputs)
                if all(type(value) is np.ndarray for value in inputs):
                    result = self._from_known(run, step, inputs)
                else:
                    result = step.call(run, inputs)
            except HubLayerError:
                raise
            except Exception as error:
                raise ExecutionError(_failure(step.node, inputs, error)) from error
            if run.by_op:
                result = [known(value) for value in result] if step.many else known(result)
            if step.many:
                for slot, value in zip(step.outputs, result, strict=True):
                    slots[slot] = value
            elif step.outputs:
                slots[step.outputs[0]] = result
        return [slots[i] for i in self._outputs]

    def _from_known(self, run: Run, step: _Step, inputs: list[Any]) -> Any:
        """The results for known inputs: known too where NumPy has the op, or where a shape follows from them."""
        if step.fold is not None:
            return step.fold(inputs)
        if run.by_op or not self._steers_shape(run, step.node):
            return step.call(run, inputs)
        with at_once():
            result = step.call(replace(run, by_op=True), inputs)
            return tuple(map(array_of, result)) if step.many else array_of(result)

    def _steers_shape(self, run: Run, node: Node) -> bool:
        if not facts(node.op).is_function:
            return False
        if self._steering is None:
            self._steering = steers_shapes(self.function, self.backend, lambda name: run.executable(name).function)
        return node.name in self._steering


def _constant(value: np.ndarray, backend: str) -> np.ndarray:
    """The array; on PyTorch one that may be written to, for torch.compile fails at those that may not."""
    return value.copy() if backend == "torch" and not value.flags.writeable else value


def _attributes(node: Node, lowering: Lowering) -> dict[str, Any]:
    """Values of the attributes; the function's own default stands for those that the node leaves out."""
    values = {name: node.attrs[name] for name in lowering.attributes if name in node.attrs}
    return values | {name: read(values[name]) for name, read in lowering.decode.items() if name in values}


_Call = Callable[[Run, list[Any]], Any]


def _by_platform(call: _Call, own: Mapping[str, _Call]) -> _Call:
    """What the platform of the run has of its own, else `call`."""
    return lambda run, inputs: own.get(run.platform, call)(run, inputs)


def _bind_lowering(node: Node, lowering: Lowering, backend: str) -> _Call:
    if backend == "torch":
        from hublayer.lowering.backends.torch.unsigned import bind_unsigned

        return bind_unsigned(node, lowering, _bind) or _bind(node, lowering)
    return _bind(node, lowering)


def _bind(node: Node, lowering: Lowering) -> _Call:
    if "_gradient_function" in node.attrs:
        from hublayer.lowering.custom_gradients import bind_custom_gradient

        return bind_custom_gradient(node)
    keywords = _attributes(node, lowering)
    groups = None if lowering.variadic else input_groups(node.op, node.attrs)
    function, wants_run = lowering.function, lowering.wants_run
    static = [(i, name) for i, name in enumerate(lowering.static) if name]

    def call(run: Run, inputs: list[Any]) -> Any:
        if groups is not None:
            inputs = [inputs[g[0] : g[1]] if isinstance(g, tuple) else inputs[g] for g in groups]
        for index, name in static:
            if index < len(inputs) and not _is_static(inputs[index]):
                inputs[index] = array_of(inputs[index])
            if index < len(inputs) and not _is_static(inputs[index]):
                raise ExecutionError(
                    f"{node.origin}, node {node.name} ({node.op}): the input {name!r} must be known when the model is "
                    f"traced, but {node.inputs[index]} computes it from the model's inputs. Call the layer outside of "
                    "compiled functions (for a Keras model around it: compile(..., run_eagerly=True))."
                )
        return function(run, *inputs, **keywords) if wants_run else function(*inputs, **keywords)

    return call


def _is_static(value: Any) -> bool:
    if isinstance(value, list):
        return all(type(item) is np.ndarray for item in value)
    return type(value) is np.ndarray


def _bind_numpy(node: Node, numpy_op: Callable[..., Any]) -> Callable[[list[Any]], Any]:
    groups = input_groups(node.op, node.attrs)
    keywords = dict(node.attrs)

    def fold(inputs: list[Any]) -> Any:
        if groups is not None:
            inputs = [inputs[g[0] : g[1]] if isinstance(g, tuple) else inputs[g] for g in groups]
        return numpy_op(inputs, keywords)

    return fold


def _failure(node: Node, inputs: Sequence[Any], error: Exception) -> str:
    shapes = ", ".join(
        f"{value.dtype} {_shape_text(value)}" if hasattr(value, "shape") else repr(value) for value in inputs
    )
    return f"{node.origin}, node {node.name} ({node.op}) failed on ({shapes}): {type(error).__name__}: {error}"


def _shape_text(value: Any) -> str:
    try:
        return str(tuple(value.shape))
    except (TypeError, ValueError):  # TensorFlow's tensors of unknown rank
        return "of unknown rank"


def missing_ops(functions: Sequence[Function], backend: str) -> dict[str, str]:
    """Every op that `backend` cannot run, and ``OP with ATTRIBUTES`` for attributes: how often, where and why."""
    places: dict[str, list[str]] = {}
    reasons: dict[str, str] = {}
    for function in functions:
        for node in function.nodes:
            if node.op == "Const":
                continue
            lowering = find_lowering(node.op, backend)
            if lowering is None:
                places.setdefault(node.op, []).append(node.origin)
            elif unhandled := unhandled_attributes(node, lowering):
                places.setdefault(f"{node.op} with {', '.join(unhandled)}", []).append(node.origin)
            elif lowering.decode:
                try:
                    _attributes(node, lowering)
                except UnsupportedOpsError as error:
                    places.setdefault(node.op, []).append(node.origin)
                    reasons[node.op] = f": {error}"
    return {
        op: f"{len(found)} times, in {found[0] or 'the main graph'}{reasons.get(op, '')}"
        for op, found in sorted(places.items())
    }


def unsupported_error(missing: Mapping[str, str], backend: str) -> UnsupportedOpsError:
    """The one error for what `missing_ops` and the like have found."""
    hint = "StableHLO (XlaCallModule) runs on Keras's JAX backend. " if "XlaCallModule" in missing else ""
    native = "On Keras's TensorFlow backend, runtime='native' runs every op of TensorFlow's."
    if not all(op_schema(op.split(" ")[0]) for op in missing):
        native = "TensorFlow itself has not all of them either: they come from other packages."
    lines = [f"    {op} ({where})" for op, where in sorted(missing.items())]
    return UnsupportedOpsError(
        f"The translated runtime on {backend} cannot run {len(missing)} of the model's ops.\n"
        + "\n".join(lines)
        + f"\n{hint if backend != 'jax' else ''}{native}",
        missing,
    )


def check_supported(functions: Sequence[Function], backend: str) -> None:
    """Raise UnsupportedOpsError with every op, and every attribute of an op, that `backend` cannot run."""
    missing = missing_ops(functions, backend)
    if missing:
        raise unsupported_error(missing, backend)


class Executables:
    """The executables of a graph's functions, made when they are first needed."""

    def __init__(self, graph: Graph, backend: str):
        self._functions: Mapping[str, Function] = graph.functions
        self._backend = backend
        self._made: dict[str, Executable] = {}

    def __call__(self, name: str) -> Executable:
        """The executable of the function called `name`."""
        if name not in self._made:
            self._made[name] = Executable(self._functions[name], self._backend)
        return self._made[name]
