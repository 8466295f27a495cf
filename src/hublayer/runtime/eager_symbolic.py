"""Shapes and dtypes of outputs on PyTorch and JAX: from a call on tensors that have a shape but no values."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras

from hublayer.errors import EndpointError

# Two sizes for unknown dimensions: a dimension of an output that differs between them is unknown too.
_SIZES = (2, 3)


def output_spec(function: Callable[[Any], Any], inputs: Any) -> Any:
    """What `function` returns for a nest of KerasTensors, as KerasTensors. For PyTorch, on its meta device."""
    import torch

    results = []
    with keras.StatelessScope(), torch.no_grad(), keras.device("meta"):
        for size in _SIZES:
            tensors = keras.tree.map_structure(lambda tensor, size=size: _meta_tensor(tensor, size), inputs)
            results.append(function(tensors))
    return keras.tree.map_structure(_merged, *results)


def _meta_tensor(tensor: Any, size: int) -> Any:
    if not isinstance(tensor, keras.KerasTensor):
        return tensor
    shape = tuple(size if dim is None else dim for dim in tensor.shape)
    return keras.ops.zeros(shape, dtype=tensor.dtype)


def _merged(first: Any, second: Any) -> keras.KerasTensor:
    shape = tuple(a if a == b else None for a, b in zip(first.shape, second.shape, strict=True))
    return keras.KerasTensor(shape, dtype=keras.backend.standardize_dtype(first.dtype))


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
