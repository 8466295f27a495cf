"""Stacks, on which TF1's gradients of loops keep what the loop computed.

Their contents travel as the values of variables do.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from hublayer.lowering.execute import Run, VariableHandle
from hublayer.lowering.registry import lowers
from hublayer.lowering.tensor_list import TensorList

PREFIX = "stack "
"""Of the keys under which a Run has stacks among its variables."""


@dataclass(frozen=True)
class StackHandle(VariableHandle):
    """Which stack it is. dtype: of its elements. shapes: of what was pushed while the program was traced."""

    dtype: str = "float32"
    shapes: list[Any] = field(default_factory=list, compare=False)


@lowers("StackV2", "Stack")
def stack(
    run: Run, max_size: Any = None, *, elem_type: str, stack_name: str = "", _key: str = ""
) -> StackHandle:  # fmt: skip
    """An empty stack."""
    handle = StackHandle(PREFIX + (_key or stack_name), None, elem_type)
    run.assign(handle, TensorList(elem_type, None, ()))
    return handle


@lowers("StackPushV2", "StackPush")
def stack_push(run: Run, handle: StackHandle, elem: Any, *, swap_memory: bool = False) -> Any:
    """`elem`, which is on top of the stack from now on."""
    contents = run.read(handle)
    run.assign(handle, contents.set(np.array(len(contents)), elem, grow=True))
    return elem


@lowers("StackPopV2", "StackPop")
def stack_pop(run: Run, handle: StackHandle, *, elem_type: str) -> Any:
    """What was on top of the stack."""
    contents = run.read(handle)
    last = len(contents) - 1
    run.assign(handle, contents.resized(last))
    return contents.get(np.array(last))


@lowers("StackCloseV2", "StackClose")
def stack_close(run: Run, handle: StackHandle) -> tuple[()]:
    """Nothing: the contents go with the run."""
    return ()
