"""Make a function one node of the graph that a user's torch.compile builds."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import torch


def whole(function: Callable[..., Any]) -> Callable[..., Any]:
    """`function` of tensors, None, and lists and dicts of them, which gives the same.

    Dynamo would follow it statement by statement, take its NumPy constants for tensors and break the graph at each. As
    one node it is traced by running it, so that constants stay constants. It must neither look at the values of
    tensors nor change any; tensors that it gets from elsewhere are constants of the program.
    """
    trace = getattr(torch._dynamo, "nonstrict_trace", None)
    if trace is None:  # an older PyTorch, which breaks its graph
        return function

    @trace
    def run(*arguments: Any) -> Any:
        return _tensors(function(*map(_shown, arguments)))

    def call(*arguments: Any) -> Any:
        return run(*map(_hidden, arguments)) if torch.compiler.is_compiling() else function(*arguments)

    return call


def _hidden(value: Any) -> Any:
    """None, which such a node does not take, as an empty tuple."""
    if isinstance(value, list):
        return [() if item is None else item for item in value]
    return () if value is None else value


def _shown(value: Any) -> Any:
    if isinstance(value, list):
        return [None if isinstance(item, tuple) else item for item in value]
    return None if isinstance(value, tuple) else value


def _tensors(value: Any) -> Any:
    """Arrays, which such a node does not return, as tensors."""
    if isinstance(value, dict):
        return {key: _tensors(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return type(value)(map(_tensors, value))
    return torch.as_tensor(value) if isinstance(value, np.ndarray) else value
