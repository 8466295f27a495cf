"""Functional control flow on the host."""

from __future__ import annotations

from typing import Any

import numpy as np

from hublayer.graph.ir import FunctionName
from hublayer.host.execute import HostRun
from hublayer.host.registry import host_op
from hublayer.host.string_tensor import StringTensor


def truth(value: Any) -> bool:
    """What TensorFlow takes for true: a scalar that is not zero or empty, any other tensor that has elements."""
    if isinstance(value, StringTensor):
        return bool(value.item()) if value.shape == () else value.size > 0
    return bool(value) if value.shape == () else value.size > 0


@host_op("If", "StatelessIf")
def if_(run: HostRun, cond, input, *, then_branch, else_branch, Tcond=None, Tin=(), Tout=(), output_shapes=()):
    """One of two branches."""
    return run.executable(then_branch if truth(cond) else else_branch)(run, input)


@host_op("Case", "StatelessCase")
def case(run: HostRun, branch_index, input, *, branches, Tin=(), Tout=(), output_shapes=()):
    """The branch number branch_index; the last one if there is no such number."""
    index = int(branch_index)
    return run.executable(branches[index if 0 <= index < len(branches) else -1])(run, input)


@host_op("While", "StatelessWhile")
def while_(run: HostRun, input, *, cond, body, T=(), output_shapes=(), parallel_iterations=10):
    """body while cond."""
    condition, step = run.executable(cond), run.executable(body)
    values = list(input)
    while truth(condition(run, values)[0]):
        values = step(run, values)
    return values


@host_op("PartitionedCall", "StatefulPartitionedCall")
def call(run: HostRun, args, *, f: FunctionName, Tin=(), Tout=(), config="", config_proto="", executor_type=""):
    """A call that was not inlined."""
    return run.executable(f)(run, args)


@host_op("Assert")
def assert_(condition, data, *, T=(), summarize=3):
    """Raises ValueError with the data if the condition is false, as the op does."""
    if not bool(condition):
        shown = [
            value.to_list()[:summarize] if isinstance(value, StringTensor) else np.ravel(value)[:summarize].tolist()
            for value in data
        ]
        raise ValueError(f"assertion failed: {shown}")
    return ()


@host_op("Placeholder")
def placeholder(*, dtype, shape=None):
    """An input that was not fed."""
    raise ValueError(f"a placeholder of {dtype} {shape} has no value: it is no input of the signature")


@host_op("PlaceholderWithDefault")
def placeholder_with_default(input, *, dtype=None, shape=None):
    """The default: the placeholder was not fed."""
    return input
