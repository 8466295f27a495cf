"""Shapes and dtypes of outputs on JAX and PyTorch: from calls on tensors that have a shape but no values.

Strings have no such form: a model that takes them runs on empty ones. Nor has PyTorch's control flow, which asks for
values, nor have shapes that depend on values: a model with some runs on small inputs.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import keras
import numpy as np

from hublayer.errors import EndpointError, ExecutionError
from hublayer.lowering.dtypes import backend_dtype
from hublayer.runtime.ahead import suspended
from hublayer.runtime.keras_tensors import UNSIGNED, KerasTensors
from hublayer.savedmodel.specs import TensorSpec

# Two sizes for unknown dimensions, and beside each the values to try where values decide: a dimension of an output that
# differs between the two is unknown too. One is valid as an id, a length or a size, zero as an axis.
_SIZES = ((2, (1, 0)), (3, (2, 1, 0)))


def output_spec(function: Callable[[Any], Any], inputs: Any) -> Any:
    """What `function` returns for a nest of KerasTensors, as KerasTensors."""
    results = [_tried(function, inputs, size, values) for size, values in _SIZES]
    return keras.tree.map_structure(_merged, *results)


def _tried(function: Callable[[Any], Any], inputs: Any, size: int, values: Sequence[int]) -> Any:
    """What `function` returns for unknown dimensions of `size`: without values, or else with the first that suit it."""
    sized = keras.tree.map_structure(lambda tensor: _sized(tensor, size), inputs)
    trace = _trace_on_jax if keras.config.backend() == "jax" else _trace_on_torch
    attempts = [partial(trace, function, sized), *(partial(_run, function, sized, value) for value in values)]
    for i, attempt in enumerate(attempts):
        try:
            # A scope for each attempt: one that fails leaves a seed behind that is only traced.
            with keras.StatelessScope(), suspended():
                return attempt()
        except ExecutionError:
            if i == len(attempts) - 1:
                raise
    raise AssertionError


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

    outputs = jax.eval_shape(call, structs)
    leaves = keras.tree.flatten(outputs)
    return keras.tree.pack_sequence_as(outputs, [strings.get(i, x) for i, x in enumerate(leaves)])


def _trace_on_torch(function: Callable[[Any], Any], inputs: Any) -> Any:
    with keras.device("meta"):
        return _run(function, inputs, 1)


def _run(function: Callable[[Any], Any], inputs: Any, value: int) -> Any:
    """What `function` returns where all numbers are `value`."""

    def filled(tensor: Any) -> Any:
        if not isinstance(tensor, keras.KerasTensor):
            return tensor
        if tensor.dtype in UNSIGNED and keras.config.backend() == "torch":
            return KerasTensors().convert(np.full(tensor.shape, value, np.int32), TensorSpec(tensor.dtype, None))
        return keras.ops.convert_to_tensor(np.full(tensor.shape, value, np.int32), dtype=tensor.dtype)

    given = keras.tree.map_structure(filled, inputs)
    if keras.config.backend() == "jax":
        return function(given)
    import torch

    with torch.no_grad():
        return function(given)


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
