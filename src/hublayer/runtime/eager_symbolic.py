"""Shapes and dtypes of outputs on JAX and PyTorch: from calls on tensors that have a shape but no values.

Strings have no such form: a model that takes them runs on empty ones. Nor has PyTorch's control flow, which asks for
values, nor have shapes on JAX that depend on values: a model with some runs on small inputs.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras
import numpy as np

from hublayer.errors import EndpointError, ExecutionError
from hublayer.lowering.dtypes import backend_dtype
from hublayer.runtime.ahead import suspended

# Two sizes for unknown dimensions: a dimension of an output that differs between them is unknown too.
_SIZES = (2, 3)


def output_spec(function: Callable[[Any], Any], inputs: Any) -> Any:
    """What `function` returns for a nest of KerasTensors, as KerasTensors."""
    trace = _trace_on_jax if keras.config.backend() == "jax" else _trace_on_torch
    with keras.StatelessScope(), suspended():
        results = [trace(function, keras.tree.map_structure(lambda t, n=n: _sized(t, n), inputs)) for n in _SIZES]
    return keras.tree.map_structure(_merged, *results)


def _sized(tensor: Any, size: int) -> Any:
    if not isinstance(tensor, keras.KerasTensor):
        return tensor
    shape = tuple(size if dim is None else dim for dim in tensor.shape)
    return np.full(shape, b"", object) if tensor.dtype == "string" else keras.KerasTensor(shape, dtype=tensor.dtype)


def _trace_on_jax(function: Callable[[Any], Any], inputs: Any) -> Any:
    # Keras itself would trace with symbolic dimensions, of which a graph's Shape ops can make nothing.
    import jax

    flat = [tensor for tensor in keras.tree.flatten(inputs) if isinstance(tensor, keras.KerasTensor)]
    structs = [jax.ShapeDtypeStruct(tensor.shape, backend_dtype(tensor.dtype)) for tensor in flat]

    strings: dict[int, np.ndarray] = {}  # among the outputs, whose trace they cannot leave

    def call(values: list[Any]) -> Any:
        remaining = iter(values)
        outputs = function(
            keras.tree.map_structure(lambda t: next(remaining) if isinstance(t, keras.KerasTensor) else t, inputs)
        )
        leaves = keras.tree.flatten(outputs)
        strings.update({i: x for i, x in enumerate(leaves) if isinstance(x, np.ndarray) and x.dtype.kind == "O"})
        return keras.tree.pack_sequence_as(outputs, [0 if i in strings else x for i, x in enumerate(leaves)])

    try:
        outputs = jax.eval_shape(call, structs)
    except ExecutionError:
        # A shape depends on values, as it may on ones.
        return function(keras.tree.map_structure(_ones, inputs))
    leaves = keras.tree.flatten(outputs)
    return keras.tree.pack_sequence_as(outputs, [strings.get(i, x) for i, x in enumerate(leaves)])


def _trace_on_torch(function: Callable[[Any], Any], inputs: Any) -> Any:
    import torch

    try:
        with torch.no_grad(), keras.device("meta"):
            return function(keras.tree.map_structure(_ones, inputs))
    except ExecutionError:
        # A condition or a loop asks for a value. Ones are valid as ids and lengths, and let a loop run at least once.
        with torch.no_grad():
            return function(keras.tree.map_structure(_ones, inputs))


def _ones(tensor: Any) -> Any:
    return keras.ops.ones(tensor.shape, dtype=tensor.dtype) if isinstance(tensor, keras.KerasTensor) else tensor


def _merged(first: Any, second: Any) -> keras.KerasTensor:
    shape = tuple(a if a == b else None for a, b in zip(first.shape, second.shape, strict=True))
    dtype = "string" if first.dtype == object else keras.backend.standardize_dtype(first.dtype)
    return keras.KerasTensor(shape, dtype=dtype)


def with_shape(outputs: Any, shapes: Any) -> Any:
    """`outputs`, checked against `shapes`, a nest of shapes without the batch dimension.

    Raises EndpointError if an output does not have its shape.
    """
    if isinstance(shapes, dict):
        return {key: with_shape(value, shapes.get(key)) for key, value in outputs.items()}
    if isinstance(shapes, list):
        return type(outputs)(with_shape(value, shape) for value, shape in zip(outputs, shapes, strict=True))
    if shapes is None:
        return outputs
    got = tuple(outputs.shape)[1:]
    if len(got) != len(shapes) or any(e is not None and e != g for e, g in zip(shapes, got, strict=True)):
        raise EndpointError(
            f"output_shape={tuple(shapes)} (without batch) was given, but the model's output has the shape "
            f"{tuple(outputs.shape)}."
        )
    return outputs
