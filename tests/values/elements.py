"""The numbers that arrays are drawn from, by dtype: plain ones, and those at the edges of the dtype.

The first of each list is the simplest, because hypothesis shrinks towards it.
"""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from typing import Any

import ml_dtypes
import numpy as np
from lowering.case import Case

PLAIN_FLOATS = (1.0, 0.5, 2.0, 0.0, -1.0, -0.5, 0.3, -1.7, 1.25, -0.75, 3.0, -2.5, 0.1, 0.9, -0.05, 1.5)
EDGE_FLOATS = (-0.0, 1e-6, 30.0, -30.0, 100.0, 1e4, -1e4, 2.5, -3.5, 1e-3)
PLAIN_INTEGERS = (1, 0, 2, 3, 5, 4, 7, -1, -2, -3, -7, 10)
TEXTS = (b"a", b"", b"b c", b"\xc3\xa9t\xc3\xa9", b"Z9", b"-1", b"3.5", b"\xff", b"a\nb", b"\xe6\x97\xa5\xe6\x9c\xac")


def numpy_dtype(name: str) -> np.dtype:
    """The NumPy dtype of TensorFlow's `name`; quantised numbers are plain integers."""
    plain = {"qint8": "int8", "quint8": "uint8", "qint16": "int16", "quint16": "uint16", "qint32": "int32"}
    if name == "string":
        return np.dtype(object)
    return np.dtype(ml_dtypes.bfloat16) if name == "bfloat16" else np.dtype(plain.get(name, name))


@cache
def plain(name: str) -> tuple:
    """Elements that every op computes without trouble."""
    dtype = numpy_dtype(name)
    if name == "string":
        return TEXTS[:5]
    if name == "bool":
        return (True, False)
    if dtype.kind in "iu":
        return tuple(x for x in PLAIN_INTEGERS if dtype.kind == "i" or x >= 0)
    if dtype.kind == "c":
        return tuple(complex(x, y) for x, y in zip(PLAIN_FLOATS, PLAIN_FLOATS[3:] + PLAIN_FLOATS[:3], strict=True))
    return PLAIN_FLOATS


@cache
def edges(name: str, narrow: bool) -> tuple:
    """Elements at the edges: bounds, NaN, infinities, denormals. narrow: 64-bit integers that fit 32 bits."""
    dtype = numpy_dtype(name)
    if name == "string":
        return TEXTS[5:]
    if name == "bool":
        return ()
    if dtype.kind in "iu":
        bounds = np.iinfo(np.dtype(dtype.kind + "4") if narrow and dtype.itemsize == 8 else dtype)
        low, high = int(bounds.min), int(bounds.max)
        middle = [x for x in (255, 256, 46341, 65536, 2**24 + 1, 2**31 - 1, 2**40 + 3) if x < high]
        return (high, low, high - 1, low + 1, high // 2, *middle)
    if dtype.kind == "c":
        part = np.finfo(dtype)
        big = float(part.max)
        nan, inf = float("nan"), float("inf")
        return (
            0j,
            complex(nan, 1),
            complex(1, inf),
            complex(-inf, 0),
            complex(big, big),
            complex(-0.0, -2),
            1e-20 + 0j,
        )
    limits = ml_dtypes.finfo(dtype)
    tiny, smallest, big = float(limits.tiny), float(limits.smallest_subnormal), float(limits.max)
    nan, inf = float("nan"), float("inf")
    return (nan, inf, -inf, big, -big, tiny, smallest, -smallest, *EDGE_FLOATS)


def without_denormals(case: Case) -> Case:
    """The case with zeros for its denormals, as which TensorFlow takes them; the same object if it has none."""
    found = False

    def flushed(value: Any) -> np.ndarray:
        nonlocal found
        array = np.asarray(value)
        if array.dtype.kind not in "fV":
            return array
        small = (array != 0) & (np.abs(array) < ml_dtypes.finfo(array.dtype).tiny)
        if array.dtype.itemsize == 8:  # a denormal of float32, on a backend that computes in it
            small |= (array != 0) & (np.abs(array) < np.finfo("float32").tiny)
        found |= bool(small.any())
        return np.where(small, np.zeros((), array.dtype), array)

    inputs = [[flushed(x) for x in item] if isinstance(item, list) else flushed(item) for item in case.inputs]
    return replace(case, inputs=tuple(inputs)) if found else case
