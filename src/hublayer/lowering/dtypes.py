"""TensorFlow's dtypes as the backend has them."""

from __future__ import annotations

from typing import Any

import keras

# Their 32-bit versions, where there are no dtypes of 64 bits.
NARROW = {"int64": "int32", "uint64": "uint32", "float64": "float32", "complex128": "complex64"}
# Quantised numbers are plain integers here.
PLAIN = {"qint8": "int8", "quint8": "uint8", "qint16": "int16", "quint16": "uint16", "qint32": "int32"}


_ON_JAX = keras.config.backend() == "jax"
if _ON_JAX:
    import jax


def has_wide_types() -> bool:
    """Whether the backend computes in 64 bits: JAX if it was told to, by the user or by hublayer.runtime.wide."""
    return not _ON_JAX or bool(jax.config.jax_enable_x64)


def backend_dtype(name: str) -> str:
    """The dtype in which the backend computes what TensorFlow computes in `name`.

    JAX has no 64-bit types unless jax_enable_x64 is set; their 32-bit ones stand for them there.
    """
    name = PLAIN.get(name, name)
    return name if has_wide_types() else NARROW.get(name, name)


def cast(x: Any, dtype: str) -> Any:
    """`x` in the backend's version of `dtype`; `x` itself if it has it already."""
    dtype = backend_dtype(dtype)
    if hasattr(x, "dtype") and keras.backend.standardize_dtype(x.dtype) == dtype and keras.ops.is_tensor(x):
        return x
    return keras.ops.cast(x, dtype)


def dtype_of(x: Any) -> str:
    """The dtype's name of a NumPy array or a tensor of the backend."""
    return keras.backend.standardize_dtype(x.dtype)
