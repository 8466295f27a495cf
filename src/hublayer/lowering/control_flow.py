"""Conditionals, loops and calls.

A condition that is known while the model is traced chooses the branch, or unrolls the loop, then. Where tensors have
values (PyTorch, eager TensorFlow) Python's own control flow runs. Otherwise the backend's does, over what varies.
"""

from __future__ import annotations

import importlib
import math
from collections.abc import Callable, Collection, Sequence
from dataclasses import replace
from typing import Any

import keras
import numpy as np

from hublayer.graph.ir import FunctionName
from hublayer.lowering.execute import Executable, Run
from hublayer.lowering.keras_ops import ops
from hublayer.lowering.loop_analysis import assigned_variables, most_steps, steering, trip_count, truth, unchanged
from hublayer.lowering.loop_seeds import inner_seeds
from hublayer.lowering.registry import lowers

# Up to this many steps a loop is unrolled. Measured with an LSTM of 64 units on JAX, two CPU cores: unrolled, 8 steps
# take half the time of a scan; 16 take as long, and their gradient compiles for 10 seconds in place of 2.7.
UNROLLED = 8
# A loop whose values change shape from step to step can only be unrolled.
UNROLLED_AT_MOST = 1024
# Up to this many steps a loop that stops earlier runs on without doing anything, so that it can be differentiated.
BOUNDED_AT_MOST = 10_000

_native = importlib.import_module(f"hublayer.lowering.backends.{keras.config.backend()}.control_flow")


@lowers("PartitionedCall", "StatefulPartitionedCall")
def call(
    run: Run,
    args: Sequence[Any],
    *,
    Tout: Sequence[str] = (),
    f: FunctionName,
    config: str = "",
    config_proto: str = "",
    executor_type: str = "",
) -> list[Any]:
    """The results of the function f."""
    return run.executable(f)(run, args)


@lowers("If", "StatelessIf", picks=True)
def if_(
    run: Run,
    cond: Any,
    input: Sequence[Any],
    *,
    Tout: Sequence[str] = (),
    then_branch: FunctionName,
    else_branch: FunctionName,
    output_shapes: Any = (),
    _unused: Collection[int] = (),
) -> list[Any]:
    """The results of then_branch if cond is true, else of else_branch."""
    if type(cond) is np.ndarray or run.by_op:
        cond = np.asarray(cond)
        return run.executable(then_branch if truth(cond) else else_branch)(run, input)
    if len(cond.shape):
        return run.executable(then_branch if math.prod(cond.shape) else else_branch)(run, input)
    # A number is true unless it is zero.
    return _branch(run, ops.cast(ops.cast(cond, "bool"), "int32"), [else_branch, then_branch], input, _unused)


@lowers("Case", "StatelessCase", picks=True)
def case(
    run: Run,
    branch_index: Any,
    input: Sequence[Any],
    *,
    Tout: Sequence[str] = (),
    branches: Sequence[FunctionName],
    output_shapes: Any = (),
    _unused: Collection[int] = (),
) -> list[Any]:
    """The results of branches[branch_index]; the last branch stands for every index out of range."""
    return _branch(run, branch_index, branches, input, _unused)


def _branch(
    run: Run, index: Any, names: Sequence[str], arguments: Sequence[Any], unused: Collection[int] = ()
) -> list[Any]:
    """unused: results that nobody takes. They may be of another kind in each branch, so a program leaves them out."""
    if type(index) is np.ndarray or run.by_op or _native.has_value(index):
        at = int(index)
        return run.executable(names[at if 0 <= at < len(names) else -1])(run, arguments)
    executables = [run.executable(name) for name in names]
    functions = [executable.function for executable in executables]
    keys = assigned_variables(functions, arguments, run.executable)
    seeds = inner_seeds(run, functions)

    def bind(executable: Executable) -> Callable[[], list[Any]]:
        def results() -> list[Any]:
            inner = replace(run, variables=dict(run.variables), seeds=seeds(0), assigned=set())
            outputs = [None if i in unused else x for i, x in enumerate(executable(inner, arguments))]
            return [*outputs, *(inner.variables[key] for key in keys)]

        return results

    results = _native.branch(index, [bind(executable) for executable in executables])
    return _keep(run, keys, results)


@lowers("While", "StatelessWhile", picks=True)
def while_(
    run: Run,
    input: Sequence[Any],
    *,
    cond: FunctionName,
    body: FunctionName,
    output_shapes: Any = (),
    parallel_iterations: int = 10,
) -> list[Any]:
    """The loop variables, replaced by the body's results while cond of them is true."""
    condition, step = run.executable(cond), run.executable(body)
    values = list(input)
    if run.by_op or _native.eager():
        return _python_loop(run, condition, step, values)
    steps = trip_count(run, steering(condition, step), values)
    if steps is not None and steps <= UNROLLED:
        return _unrolled(run, step, values, steps)
    bound = most_steps(run, condition, step, values) if steps is None else None
    if bound is not None and bound > BOUNDED_AT_MOST:
        bound = None
    try:
        return _loop(run, condition, step, values, steps, bound)
    except _native.VaryingError:
        if steps is None or steps > UNROLLED_AT_MOST:
            raise
    return _unrolled(run, step, values, steps)


def _unrolled(run: Run, body: Executable, values: list[Any], steps: int) -> list[Any]:
    for _ in range(steps):
        values = body(run, values)
    return values


def _python_loop(run: Run, condition: Executable, body: Executable, values: list[Any]) -> list[Any]:
    while True:
        (going,) = condition(run, values)
        if not (truth(going) if type(going) is np.ndarray else bool(going)):
            return values
        values = body(run, values)


def _loop(
    run: Run, condition: Executable, body: Executable, values: list[Any], steps: int | None, bound: int | None
) -> list[Any]:
    """The backend's loop over the variables that vary; the others, and resources, stay what they are."""
    functions = [condition.function, body.function]
    fixed = unchanged(body.function)
    varying = [i for i in range(len(values)) if i not in fixed]
    keys = assigned_variables(functions, values, run.executable)
    seeds = inner_seeds(run, functions)

    def enter(carry: Sequence[Any]) -> tuple[Run, list[Any]]:
        current = list(values)
        for i, value in zip(varying, carry, strict=False):
            current[i] = value
        variables = {**run.variables, **dict(zip(keys, carry[len(varying) :], strict=False))}
        return replace(run, variables=variables, seeds=seeds(carry[-1]), assigned=set()), current

    def test(carry: Sequence[Any]) -> Any:
        return condition(*enter(carry))[0]

    def step(carry: Sequence[Any]) -> list[Any]:
        inner, current = enter(carry)
        outputs = body(inner, current)
        return [*(outputs[i] for i in varying), *(inner.variables[key] for key in keys), ops.add(carry[-1], 1)]

    # The last value counts the steps, for the seeds.
    initial = [*(values[i] for i in varying), *(run.variables[key] for key in keys), np.zeros((), np.int32)]
    results = _keep(run, keys, _native.loop(test, step, initial, steps, bound)[:-1])
    for i, value in zip(varying, results, strict=True):
        values[i] = value
    return values


def _keep(run: Run, keys: Sequence[str], results: list[Any]) -> list[Any]:
    """Store the variables, which come last, and return the rest."""
    outputs = len(results) - len(keys)
    for key, value in zip(keys, results[outputs:], strict=True):
        run.variables[key] = value
        run.assigned.add(key)
    return results[:outputs]
