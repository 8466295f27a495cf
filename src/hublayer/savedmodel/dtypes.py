"""TensorFlow's DataType numbers and the names they are printed by."""

from __future__ import annotations

_NAMES = {
    0: "unknown",
    1: "float32",
    2: "float64",
    3: "int32",
    4: "uint8",
    5: "int16",
    6: "int8",
    7: "string",
    8: "complex64",
    9: "int64",
    10: "bool",
    11: "qint8",
    12: "quint8",
    13: "qint32",
    14: "bfloat16",
    15: "qint16",
    16: "quint16",
    17: "uint16",
    18: "complex128",
    19: "float16",
    20: "resource",
    21: "variant",
    22: "uint32",
    23: "uint64",
    24: "float8_e5m2",
    25: "float8_e4m3fn",
    26: "float8_e4m3fnuz",
    27: "float8_e4m3b11fnuz",
    28: "float8_e5m2fnuz",
    29: "int4",
    30: "uint4",
    31: "int2",
    32: "uint2",
    33: "float4_e2m1fn",
}

_NUMBERS = {name: number for number, name in _NAMES.items()}

_BITS = {
    "float32": 32,
    "float64": 64,
    "int32": 32,
    "uint8": 8,
    "int16": 16,
    "int8": 8,
    "complex64": 64,
    "int64": 64,
    "bool": 8,
    "qint8": 8,
    "quint8": 8,
    "qint32": 32,
    "bfloat16": 16,
    "qint16": 16,
    "quint16": 16,
    "uint16": 16,
    "complex128": 128,
    "float16": 16,
    "uint32": 32,
    "uint64": 64,
}

_REFERENCE = 100  # A reference dtype (of a TF1 ref variable) is its value's number plus 100.


def name(number: int) -> str:
    """The dtype's name, such as ``"float32"``; a reference dtype has the name of what it refers to."""
    if number > _REFERENCE:
        number -= _REFERENCE
    return _NAMES.get(number, f"dtype({number})")


def number(name: str) -> int:
    """The number of the dtype called `name`. Raises KeyError for a name that is none."""
    return _NUMBERS[name]


def itemsize(dtype: str) -> int | None:
    """Bytes of one element of `dtype`, or None where elements have no fixed size."""
    bits = _BITS.get(dtype)
    if bits is None:
        return 1 if dtype.startswith(("float8", "int4", "uint4", "int2", "uint2", "float4")) else None
    return bits // 8
