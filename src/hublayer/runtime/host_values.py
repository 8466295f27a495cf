"""Values on their way between the host and the backend."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np

from hublayer.errors import EndpointError
from hublayer.host.string_tensor import StringTensor
from hublayer.lowering.dtypes import backend_dtype
from hublayer.runtime.keras_tensors import UNSIGNED, KerasTensors
from hublayer.runtime.wide import fits, refuse_inside_model
from hublayer.savedmodel.specs import TensorSpec
from hublayer.savedmodel.tensors import constant_dtype

# Dtypes that every backend has.
_KEPT_DTYPES = frozenset(map(np.dtype, ("bool", "int32", "float32")))


def to_host(value: Any) -> Any:
    """A tensor of the backend as a NumPy array; strings stay as they are.

    Raises EndpointError while the tensor is only traced.
    """
    if isinstance(value, StringTensor | np.ndarray):
        return value
    try:
        return np.asarray(keras.ops.convert_to_numpy(value))
    except Exception as error:
        raise EndpointError(
            "The model works on strings or tables, which cannot be compiled or differentiated, and the part that needs "
            "them got a traced tensor. Call layer.preprocessor outside of the compiled function, layer.encoder inside."
        ) from error


def as_declared(value: Any, dtype: str | None) -> Any:
    """An array of the dtype that the graph says it has: JAX's are narrower."""
    declared = constant_dtype(dtype) if isinstance(value, np.ndarray) and dtype else None
    return value if declared is None else value.astype(declared, copy=False)


def from_host(value: Any, backend: str) -> Any:
    """A value of the host as the backend's tensor; strings as a NumPy array of bytes (on TensorFlow a tensor)."""
    if isinstance(value, StringTensor):
        if backend == "tensorflow":
            import tensorflow as tf

            return tf.constant(value.to_numpy(), tf.string)
        return value.to_numpy()
    if not isinstance(value, np.ndarray):
        return value
    given = tensor(value)
    if isinstance(given, np.ndarray):
        refuse_inside_model(given)
    return given


def narrowed(value: np.ndarray) -> np.ndarray:
    """The array in the dtype that the backend has for its own; int64 that does not fit stays as it is."""
    if value.dtype in _KEPT_DTYPES:  # asking NumPy for a dtype's name takes longer than a small batch
        return value
    dtype = backend_dtype(value.dtype.name)
    if dtype == value.dtype.name:
        return value
    return value.astype(dtype) if fits(value) else value


def tensor(value: Any) -> Any:
    """An array as a tensor of the backend; int64 that JAX cannot hold stays an array."""
    if not isinstance(value, np.ndarray):
        return value
    array = narrowed(value)
    if array.dtype.name != backend_dtype(array.dtype.name):
        return value
    if keras.config.backend() == "jax":  # more than half of keras.ops.convert_to_tensor's time is not JAX's
        import jax.numpy as jnp  # pyright: ignore[reportMissingImports]

        return jnp.asarray(array)
    if array.dtype.name in UNSIGNED:
        return KerasTensors().convert(array, TensorSpec(array.dtype.name, None))
    return keras.ops.convert_to_tensor(array, dtype=array.dtype.name)
