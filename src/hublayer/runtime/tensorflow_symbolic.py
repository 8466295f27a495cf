"""Shapes and dtypes of outputs on the TensorFlow backend, by tracing in a scratch graph, and by small runs."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

import keras
import tensorflow as tf

from hublayer.errors import EndpointError, HubLayerError
from hublayer.ops.traits import Trait, facts


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

    A size that the graph does not tell is found by running it on small inputs, unless it changes something. A warning
    says so where the last dimension, which a Dense layer asks for, stays unknown.

    Raises EndpointError for an output whose rank the model does not tell.
    """
    with tf.__internal__.FuncGraph("output_spec").as_default() as graph:
        outputs = function(keras.tree.map_structure(_placeholder, inputs))
        spec = keras.tree.map_structure(_keras_tensor, outputs)
    if not any(_lacks_width(tensor) for tensor in keras.tree.flatten(spec)):
        return spec
    measured = None if _changes_something(graph) else _measured(function, inputs)
    if measured is None:
        warnings.warn(
            "The model does not tell the last dimension of an output, so layers that need it, such as Dense, cannot "
            "follow. Pass output_shape=, the shape without the batch dimension, to the layer.",
            stacklevel=2,
        )
        return spec
    return keras.tree.map_structure(_completed, spec, *measured)


def _lacks_width(tensor: Any) -> bool:
    dense = isinstance(tensor, keras.KerasTensor) and not getattr(tensor, "ragged", False)
    return dense and len(tensor.shape) > 1 and tensor.shape[-1] is None


def _changes_something(graph: Any) -> bool:
    """Whether an op of `graph` writes or draws, in the functions that it calls too."""
    message = graph.as_graph_def()
    functions = [function.node_def for function in message.library.function]
    ops = {node.op for nodes in (message.node, *functions) for node in nodes}
    called = {function.signature.name for function in message.library.function}
    return any(facts(op).traits & (Trait.WRITES | Trait.DRAWS) for op in ops - called)


def _measured(function: Callable[[Any], Any], inputs: Any) -> list[Any] | None:
    """What `function` returns for ones, and for empty strings, of two sizes; None if it takes none such."""
    leaves = keras.tree.flatten(inputs)
    if any(getattr(leaf, "ragged", False) or getattr(leaf, "sparse", False) for leaf in leaves):
        return None
    try:
        with tf.init_scope(), keras.StatelessScope():
            return [function(keras.tree.map_structure(lambda t, n=n: _filled(t, n), inputs)) for n in (2, 3)]
    except (tf.errors.OpError, HubLayerError, ValueError, TypeError):  # whatever it has against such inputs
        return None


def _filled(tensor: Any, size: int) -> Any:
    if not isinstance(tensor, keras.KerasTensor):
        return tensor
    shape = [size if dim is None else dim for dim in tensor.shape]
    return tf.fill(shape, "") if tensor.dtype == "string" else tf.ones(shape, tensor.dtype)


def _completed(tensor: Any, first: Any, second: Any) -> Any:
    """`tensor` with the sizes that are the same in both runs, but for that of the batch."""
    if not _lacks_width(tensor):
        return tensor
    sizes = [a if a == b else None for a, b in zip(first.shape, second.shape, strict=True)]
    shape = [dim if dim is not None or i == 0 else sizes[i] for i, dim in enumerate(tensor.shape)]
    return keras.KerasTensor(tuple(shape), dtype=tensor.dtype)


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
