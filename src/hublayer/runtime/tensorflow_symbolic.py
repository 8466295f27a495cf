"""Shapes and dtypes of outputs on the TensorFlow backend, by tracing in a scratch graph."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras
import tensorflow as tf

from hublayer.errors import EndpointError


def _placeholder(value: Any) -> Any:
    if not isinstance(value, keras.KerasTensor):
        return value
    if getattr(value, "sparse", False):
        return tf.compat.v1.sparse_placeholder(shape=value.shape, dtype=value.dtype)
    if getattr(value, "ragged", False):
        ragged_rank = getattr(value, "ragged_rank", None) or 1
        return tf.compat.v1.ragged.placeholder(value.dtype, ragged_rank, value.shape[ragged_rank + 1 :])
    return tf.compat.v1.placeholder(shape=value.shape, dtype=value.dtype)


def _keras_tensor(value: Any) -> Any:
    if not tf.is_tensor(value):
        return value
    if value.shape.rank is None:
        raise EndpointError(
            f"The model does not tell the rank of its output {value.name if hasattr(value, 'name') else value!r}. "
            "Pass output_shape=, its shape without the batch dimension, to the layer."
        )
    dtype = value.dtype.name
    if isinstance(value, tf.RaggedTensor):
        return keras.KerasTensor(tuple(value.shape), dtype=dtype, ragged=True, ragged_rank=value.ragged_rank)
    return keras.KerasTensor(tuple(value.shape), dtype=dtype, sparse=isinstance(value, tf.SparseTensor))


def output_spec(function: Callable[[Any], Any], inputs: Any) -> Any:
    """What `function` returns for a nest of KerasTensors, as KerasTensors.

    Raises EndpointError for an output whose rank the model does not tell.
    """
    with tf.__internal__.FuncGraph("output_spec").as_default():
        outputs = function(keras.tree.map_structure(_placeholder, inputs))
        return keras.tree.map_structure(_keras_tensor, outputs)


def with_shape(outputs: Any, shapes: Any) -> Any:
    """`outputs` with static `shapes`, a nest of shapes without the batch dimension.

    Raises EndpointError if an output cannot have its shape.
    """
    if isinstance(shapes, dict):
        return {key: with_shape(value, shapes.get(key)) for key, value in outputs.items()}
    if isinstance(shapes, list):
        return type(outputs)(with_shape(value, shape) for value, shape in zip(outputs, shapes, strict=True))
    if shapes is None:
        return outputs
    try:
        return tf.ensure_shape(outputs, (None, *shapes))
    except (ValueError, tf.errors.InvalidArgumentError) as error:
        raise EndpointError(
            f"output_shape={tuple(shapes)} (without batch) was given, but the model's output has the shape "
            f"{tuple(outputs.shape)}."
        ) from error
