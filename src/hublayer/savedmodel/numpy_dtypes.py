"""NumPy's dtypes for the elements of stored tensors."""

from __future__ import annotations

import ml_dtypes
import numpy as np

_LITTLE_ENDIAN = {
    "float16": "<f2",
    "float32": "<f4",
    "float64": "<f8",
    "int8": "i1",
    "int16": "<i2",
    "int32": "<i4",
    "int64": "<i8",
    "uint8": "u1",
    "uint16": "<u2",
    "uint32": "<u4",
    "uint64": "<u8",
    "bool": "?",
    "complex64": "<c8",
    "complex128": "<c16",
    # Quantised integers are stored as integers; their scale is not part of the tensor.
    "qint8": "i1",
    "qint16": "<i2",
    "qint32": "<i4",
    "quint8": "u1",
    "quint16": "<u2",
}
# TensorFlow stores the types of less than a byte in a byte each, and so does ml_dtypes.
_ML_DTYPES = ("bfloat16", "float8", "float4", "int4", "uint4", "int2", "uint2")


def numpy_dtype(name: str) -> np.dtype | None:
    """The dtype of stored elements of TensorFlow's dtype `name`, little-endian; None if they have no fixed size.

    None, too, for the newest of the small types where the installed ml_dtypes lacks them.
    """
    if name in _LITTLE_ENDIAN:
        return np.dtype(_LITTLE_ENDIAN[name])
    small = getattr(ml_dtypes, name, None) if name.startswith(_ML_DTYPES) else None
    return None if small is None else np.dtype(small)
