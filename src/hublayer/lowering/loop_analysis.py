"""What the functions of a loop or conditional say before they run: what stays, what steers, what is assigned."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any
from weakref import WeakKeyDictionary

import numpy as np

from hublayer.graph.ir import Function, FunctionName, Node, Value
from hublayer.lowering.execute import FAILED, Executable, Run, VariableHandle
from hublayer.ops.traits import Trait, assigns, facts, takes_seed

# A loop that counts further than this before it is compiled is left to the compiled program to count.
MAX_COUNT = 100_000


def unchanged(body: Function) -> frozenset[int]:
    """Positions of the loop variables that the body returns as it got them."""
    sources = {Value(parameter.name): i for i, parameter in enumerate(body.parameters)}
    for node in body.nodes:
        if node.op == "Identity" and node.inputs[0] in sources:
            sources[Value(node.name)] = sources[node.inputs[0]]
    return frozenset(i for i, value in enumerate(body.outputs) if sources.get(value) == i)


def part(function: Function, outputs: Iterable[int]) -> tuple[Function, frozenset[int]]:
    """The part of `function` that computes some of its outputs, and the positions of the parameters it reads."""
    wanted = tuple(function.outputs[i] for i in outputs)
    needed = {value.node for value in wanted}
    nodes = []
    for node in reversed(function.nodes):
        if node.name in needed:
            needed.update(value.node for value in node.inputs)
            nodes.append(node)
    read = frozenset(i for i, parameter in enumerate(function.parameters) if parameter.name in needed)
    return replace(function, nodes=tuple(reversed(nodes)), outputs=wanted), read


@dataclass(frozen=True)
class Steering:
    """What a loop's condition depends on: those loop variables, and how the body computes their next values."""

    variables: tuple[int, ...]
    condition: Executable
    step: Executable


_STEERINGS: WeakKeyDictionary[Executable, Steering] = WeakKeyDictionary()


def steering(condition: Executable, body: Executable) -> Steering:
    """What steers the loop of `condition` and `body`."""
    found = _STEERINGS.get(body)
    if found is not None and found.condition.function.name == condition.function.name:
        return found
    test, read = part(condition.function, range(len(condition.function.outputs)))
    while True:
        step, more = part(body.function, sorted(read))
        if more <= read:
            break
        read |= more
    found = Steering(tuple(sorted(read)), Executable(test, condition.backend), Executable(step, body.backend))
    _STEERINGS[body] = found
    return found


def trip_count(run: Run, loop: Steering, values: Sequence[Any]) -> int | None:
    """How often the body runs, if that follows from NumPy arrays alone; None if it does not."""
    state: list[Any] = [None] * len(values)
    for i in loop.variables:
        if type(values[i]) is not np.ndarray:
            return None
        state[i] = values[i]
    scratch = replace(run, variables=dict(run.variables), assigned=set())
    for count in range(MAX_COUNT):
        (going,) = loop.condition(scratch, state)
        if type(going) is not np.ndarray:
            return None
        if not truth(going):
            return count
        following = loop.step(scratch, state)
        if any(type(value) is not np.ndarray for value in following):
            return None
        for i, value in zip(loop.variables, following, strict=True):
            state[i] = value
    return None


def most_steps(run: Run, condition: Executable, body: Executable, values: Sequence[Any]) -> int | None:
    """A bound on how often the body runs, if NumPy arrays alone give one.

    A loop goes on while several conditions hold, such as `i < maximum_iterations` and what the model computes.
    """
    bounds = []
    for i, value in enumerate(_conjuncts(condition.function)):
        name = f"{condition.function.name}/conjunct_{i}"
        alone = replace(condition.function, name=name, outputs=(value,))
        bounds.append(trip_count(run, steering(Executable(alone, condition.backend), body), values))
    return min((bound for bound in bounds if bound is not None), default=None)


def _conjuncts(condition: Function) -> list[Value]:
    """The values whose conjunction `condition` returns."""
    nodes = {node.name: node for node in condition.nodes}
    found: list[Value] = []
    pending = [condition.outputs[0]]
    while pending:
        value = pending.pop()
        node = nodes.get(value.node)
        if node is not None and node.op in ("LogicalAnd", "Identity"):
            pending += node.inputs
        else:
            found.append(value)
    return found if len(found) > 1 else []


def truth(value: np.ndarray) -> bool:
    """A condition's truth as TensorFlow sees it: a scalar is neither zero nor an empty string; others are not empty."""
    if value.ndim:
        return value.size > 0
    return bool(value[()])


def assigned_variables(
    functions: Sequence[Function], arguments: Sequence[Any], find: Callable[[str], Executable]
) -> list[str]:
    """Keys of the variables that `functions`, called with `arguments`, may assign, those in nested functions too."""
    keys: dict[str, None] = {}
    for function in functions:
        handles = {
            Value(parameter.name): argument
            for parameter, argument in zip(function.parameters, arguments, strict=True)
            if isinstance(argument, VariableHandle)
        }
        _assigned(function, handles, find, keys)
    return list(keys)


def _assigned(
    function: Function, handles: dict[Value, VariableHandle], find: Callable[[str], Executable], keys: dict[str, None]
) -> None:
    for node in function.nodes:
        if node.op == "VarHandleOp":
            handles[Value(node.name)] = VariableHandle(node.attrs.get("shared_name") or node.name)
        elif node.op in ("Stack", "StackV2"):
            handles[Value(node.name)] = VariableHandle(
                f"stack {node.attrs.get('_key') or node.attrs.get('stack_name')}"
            )
        elif node.op == "Identity" and node.inputs[0] in handles:
            handles[Value(node.name)] = handles[node.inputs[0]]
        elif Trait.RAISES in facts(node.op).traits:
            keys[FAILED] = None
        elif assigns(node.op):
            keys[_handle(node, handles).key] = None
        for name in function_names(node.attrs):
            callee = find(name).function
            given = node.inputs[1:] if Trait.SELECTS in facts(node.op).traits else node.inputs
            inner = {
                Value(parameter.name): handles[value]
                for parameter, value in zip(callee.parameters, given, strict=False)
                if value in handles
            }
            _assigned(callee, inner, find, keys)


def _handle(node: Node, handles: Mapping[Value, VariableHandle]) -> VariableHandle:
    if node.inputs[0] not in handles:
        raise ValueError(f"{node.origin}, node {node.name} ({node.op}): it is not known which variable is assigned.")
    return handles[node.inputs[0]]


def function_names(attrs: Mapping[str, Any]) -> list[FunctionName]:
    """The functions that attributes name."""
    names = []
    for value in attrs.values():
        names += [item for item in (value if isinstance(value, list) else [value]) if isinstance(item, FunctionName)]
    return names


def draws(functions: Sequence[Function], find: Callable[[str], Executable]) -> bool:
    """Whether `functions` hold an op that draws random numbers from the run's seeds."""
    for function in functions:
        for node in function.nodes:
            if takes_seed(node.op):
                return True
            if draws([find(name).function for name in function_names(node.attrs)], find):
                return True
    return False
