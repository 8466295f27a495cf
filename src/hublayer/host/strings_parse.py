"""Text as numbers."""

from __future__ import annotations

import math
import re

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from hublayer.host.byte_sets import byte_set, region
from hublayer.host.registry import host_op
from hublayer.host.string_patterns import text
from hublayer.host.string_tensor import StringTensor
from hublayer.host.strings_case import string_strip
from hublayer.savedmodel.tensors import constant_dtype

_INTEGER = re.compile(rb"[+-]?[0-9]+")
_UNSIGNED = re.compile(rb"\+?[0-9]+")
_HEXADECIMAL = byte_set(b"xX")
_REAL = re.compile(
    rb"[+-]?(?:(?P<infinite>inf(?:inity)?)|(?P<nan>nan(?:\([a-z0-9_]*\))?)"
    rb"|(?P<hex>0x(?:[0-9a-f]+\.?[0-9a-f]*|\.[0-9a-f]+)(?:p[+-]?[0-9]+)?)"
    rb"|(?P<decimal>(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:e[+-]?[0-9]+)?))",
    re.IGNORECASE,
)
_ARROW_TYPES = {
    "float32": pa.float32(), "float64": pa.float64(), "int32": pa.int32(), "int64": pa.int64(),
    "uint32": pa.uint32(), "uint64": pa.uint64(),
}  # fmt: skip


@host_op("StringToNumber")
def string_to_number(string_tensor, *, out_type="float32"):
    """Numbers of the strings' shape. White space around a number is skipped; anything else raises ValueError.

    Floats may be decimal, hexadecimal, inf, infinity, nan, and become infinite where they are too large; integers are
    decimal and must fit.
    """
    return parsed(string_tensor, out_type)


def parsed(strings: StringTensor, dtype: str) -> np.ndarray:
    """The numbers of `dtype` that the strings say, in their shape. Raises ValueError as StringToNumber does."""
    stripped = string_strip(strings)
    result = _parsed_by_arrow(stripped, dtype)
    if result is None:
        parse = _real if dtype.startswith("float") else _integer
        values = [parse(value, dtype) for value in stripped.to_list()]
        result = np.array(values, constant_dtype(dtype))
    return result.reshape(strings.shape)


def _parsed_by_arrow(stripped: StringTensor, dtype: str) -> np.ndarray | None:
    """None if some text is nothing that Arrow reads, or reads as TensorFlow does: hexadecimal integers are none."""
    if not dtype.startswith("float") and _HEXADECIMAL.mask(region(stripped)).any():
        return None
    try:
        return pc.cast(text(stripped), _ARROW_TYPES[dtype]).to_numpy()
    except pa.ArrowInvalid:
        return None


def _integer(value: bytes, dtype: str) -> int:
    found = (_UNSIGNED if dtype.startswith("u") else _INTEGER).fullmatch(value)
    digits = value.lstrip(b"+-0") if found else b""
    bounds = np.iinfo(dtype)
    number = int(digits or b"0") * (-1 if value[:1] == b"-" else 1) if len(digits) <= 20 else bounds.max + 1
    if not found or not bounds.min <= number <= bounds.max:
        raise ValueError(f"{value[:80]!r} is no {dtype}")
    return number


def _real(value: bytes, dtype: str) -> float:
    found = _REAL.fullmatch(value)
    if found is None:
        raise ValueError(f"{value[:80]!r} is no number")
    sign = -1.0 if value[:1] == b"-" else 1.0
    bare = value.lstrip(b"+-")
    if found["infinite"]:
        return math.copysign(math.inf, sign)
    if found["nan"]:
        return math.copysign(math.nan, sign)
    if found["hex"]:
        try:
            number = float.fromhex(bare.decode())
        except OverflowError:
            number = math.inf
        with np.errstate(over="ignore"):
            return math.copysign(float(np.dtype(dtype).type(number)), sign)
    try:  # Arrow rounds once, to the dtype itself
        number = pa.array([bare.decode()]).cast(_ARROW_TYPES[dtype])[0].as_py()
    except pa.ArrowInvalid:
        number = math.inf if float(bare) > 1 else 0.0
    return math.copysign(number, sign)
