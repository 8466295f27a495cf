"""Constants of a graph: Tensor messages as NumPy arrays."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from hublayer.errors import CorruptSavedModelError
from hublayer.savedmodel import dtypes
from hublayer.savedmodel.numpy_dtypes import numpy_dtype
from hublayer.savedmodel.specs import shape_of

# The field that holds the values of a dtype where they are not in tensor_content, a fact of the format.
_FIELDS = {
    "float32": "float_val",
    "float64": "double_val",
    "complex64": "scomplex_val",
    "complex128": "dcomplex_val",
    "int64": "int64_val",
    "bool": "bool_val",
    "string": "string_val",
    "float16": "half_val",
    "bfloat16": "half_val",
    "uint32": "uint32_val",
    "uint64": "uint64_val",
    **dict.fromkeys(
        ("int32", "int16", "int8", "uint16", "uint8", "qint8", "quint8", "qint16", "quint16", "qint32"), "int_val"
    ),
}


_HIGHEST_RANK = 32  # of an array in NumPy 1
_MOST_ELEMENTS = 1 << 59  # whose bytes, 16 each at most, NumPy can count


def constant_dtype(name: str) -> np.dtype | None:
    """The NumPy dtype of a constant of TensorFlow's dtype `name`: objects (bytes) for strings; None for none."""
    return np.dtype(object) if name == "string" else numpy_dtype(name)


def tensor_array(message: Any, where: str) -> np.ndarray:
    """The value of a Tensor message. A constant of one repeated value takes the memory of one.

    Raises CorruptSavedModelError, naming `where`, if the values do not fit the shape.
    """
    name = dtypes.name(message.dtype)
    known = shape_of(message.tensor_shape)
    if known is None or any(dim is None for dim in known):
        raise CorruptSavedModelError(f"{where}: a constant without a known shape.")
    shape = tuple(dim or 0 for dim in known)
    size = math.prod(shape)
    if len(shape) > _HIGHEST_RANK or math.prod(max(dim, 1) for dim in shape) > _MOST_ELEMENTS:
        raise CorruptSavedModelError(f"{where}: a constant of shape {shape}, which no array can have.")
    dtype = constant_dtype(name)
    if dtype is None:
        raise CorruptSavedModelError(f"{where}: a constant of dtype {name}, which has no values.")
    if message.tensor_content:
        if len(message.tensor_content) != size * dtype.itemsize:
            raise CorruptSavedModelError(
                f"{where}: a {name} constant of shape {shape} with {len(message.tensor_content)} bytes of content."
            )
        return np.frombuffer(message.tensor_content, dtype).reshape(shape)
    try:
        values = _values(message, name, dtype)
    except (ValueError, OverflowError, TypeError) as error:
        raise CorruptSavedModelError(f"{where}: a {name} constant with values of another kind ({error}).") from error
    if len(values) > size:
        raise CorruptSavedModelError(f"{where}: a {name} constant of shape {shape} with {len(values)} values.")
    if len(values) == size:
        return values.reshape(shape)
    if len(values) <= 1:  # none means zeros
        fill = values[0] if len(values) else (b"" if name == "string" else dtype.type(0))
        single = np.empty((), dtype)
        single[()] = fill
        return np.broadcast_to(single, shape)
    if size > 2**28:
        raise CorruptSavedModelError(f"{where}: a {name} constant of shape {shape}, too large to be filled up.")
    full = np.empty(size, dtype)
    full[: len(values)], full[len(values) :] = values, values[-1]
    return full.reshape(shape)


def _values(message: Any, name: str, dtype: np.dtype) -> np.ndarray:
    if name.startswith("float8"):
        return np.frombuffer(message.float8_val, dtype)
    field = _FIELDS.get(name)
    items = getattr(message, field) if field else ()
    if name == "string":
        array = np.empty(len(items), object)
        array[:] = list(items)
        return array
    if field == "half_val":
        return np.array(items, np.uint16).view(dtype)
    if name.startswith("complex"):
        parts = np.array(items, np.float64)
        return (parts[0::2] + 1j * parts[1::2]).astype(dtype)
    return np.array(items, np.int64 if field == "int_val" else None).astype(dtype)
