"""A publisher's own gradient: an IdentityN whose derivative is a function of the SavedModel.

graph/passes/custom_gradients.py gives such a node what that function needs.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import keras
import numpy as np

from hublayer.graph.ir import Node
from hublayer.lowering.dtypes import cast, dtype_of
from hublayer.lowering.execute import Run, VariableHandle

_native = importlib.import_module(f"hublayer.lowering.backends.{keras.config.backend()}.custom_gradients")


def bind_custom_gradient(node: Node) -> Callable[[Run, list[Any]], list[Any]]:
    """What `node` computes: its inputs but for the captures, with gradients by its function."""
    name: str = node.attrs["_gradient_function"]
    number = len(node.attrs["T"])
    positions = node.attrs["_gradient_positions"]

    def call(run: Run, inputs: list[Any]) -> list[Any]:
        values, captures = inputs[:number], inputs[number:]
        plain = [i for i, value in enumerate(values) if _is_tensor(value)]
        if not plain:
            return values
        # What is carried to the gradient: captured tensors, and the values of captured variables.
        carried = [i for i, value in enumerate(captures) if _is_tensor(value)]
        keys = [capture.key for capture in captures if isinstance(capture, VariableHandle)]
        residuals = [captures[i] for i in carried] + [run.variables[key] for key in keys]

        def gradient(residuals: Sequence[Any], cotangents: Sequence[Any]) -> list[Any]:
            given = list(captures)
            for i, value in zip(carried, residuals, strict=False):
                given[i] = value
            inner = replace(run, variables=dict(zip(keys, residuals[len(carried) :], strict=True)), assigned=set())
            incoming: list[Any] = list(values)
            for i, cotangent in zip(plain, cotangents, strict=True):
                incoming[i] = cotangent
            outputs = run.executable(name)(inner, [*incoming, *given])
            places = positions or range(number - len(outputs), number)
            found = dict(zip(places, outputs, strict=True))
            return [_as(found.get(i), values[i]) for i in plain]

        results = _native.with_gradient([values[i] for i in plain], residuals, gradient)
        outputs = list(values)
        for i, result in zip(plain, results, strict=True):
            outputs[i] = result
        return outputs

    return call


def _is_tensor(value: Any) -> bool:
    return keras.ops.is_tensor(value) and type(value) is not np.ndarray


def _as(gradient: Any, value: Any) -> Any:
    return None if gradient is None else cast(gradient, dtype_of(value))
