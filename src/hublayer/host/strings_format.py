"""Numbers as text: AsString as C's printf, StringFormat as TensorFlow prints tensors."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pyarrow as pa

from hublayer.host.registry import host_op
from hublayer.host.string_tensor import StringTensor
from hublayer.host.strings_join import as_bytes

_FILLS = ("", " ", "+", "-", "0", "#")
# A few bytes of a model must not ask for any amount of memory.
_WIDEST = 1 << 16
_UNSIGNED_FLAGS = str.maketrans("", "", "+ ")


@host_op("AsString")
def as_string(input, *, precision=-1, scientific=False, shortest=False, width=-1, fill=""):
    """Strings of the input's shape: %d, %f (scientific: %e, shortest: %g), true and false, (real,imaginary).

    fill is a flag of printf. Raises ValueError for formats that the dtype does not have.
    """
    if max(precision, width) > _WIDEST:
        raise ValueError(f"a width of {width} and a precision of {precision} are more than {_WIDEST}")
    if scientific and shortest:
        raise ValueError("scientific and shortest exclude each other")
    if fill not in _FILLS:
        raise ValueError(f"fill must be one of {_FILLS}, but it is {fill!r}")
    strings = isinstance(input, StringTensor)
    kind = "S" if strings else "f" if input.dtype.kind == "V" else input.dtype.kind
    if kind not in "fc" and (scientific or shortest):
        raise ValueError(f"there is no scientific or shortest format of {input.dtype}")
    if kind not in "fc" and precision >= 0:
        raise ValueError(f"there is no precision of {input.dtype}")
    size = str(width) if width >= 0 else ""
    if strings:
        return _padded(input, width, fill)
    if kind == "b":
        return StringTensor.from_list([b"true" if value else b"false" for value in input.ravel().tolist()], input.shape)
    if kind in "iu" and not size and not fill:
        return StringTensor(pa.array(input.ravel()).cast(pa.large_string()).cast(pa.large_binary()), input.shape)
    if kind in "iu":
        flags = fill.translate(_UNSIGNED_FLAGS) if kind == "u" else fill
        template = f"%{flags}{size}d"
        texts = [template % value for value in input.ravel().tolist()]
    else:
        input = _flushed(input)
        letter = "e" if scientific else "g" if shortest else "f"
        points = f".{precision}" if precision >= 0 else ""
        template = f"{size}{points}{letter}"
        if kind == "c":
            parts = [(_real(v.real, fill, template), _real(v.imag, fill, template)) for v in input.ravel().tolist()]
            texts = [f"({real},{imaginary})" for real, imaginary in parts]
        else:
            texts = [_real(value, fill, template) for value in input.ravel().astype(np.float64).tolist()]
    return StringTensor.from_list([text.encode() for text in texts], input.shape)


def _flushed(values: np.ndarray) -> np.ndarray:
    """float32 (also as parts of complex64, also where bfloat16 becomes float32) without subnormal numbers.

    TensorFlow's kernels run with the processor set to take these for zeros.
    """
    if values.dtype == np.complex64:
        parts = np.ascontiguousarray(values).view(np.float32)
        return _flushed(parts).view(np.complex64).reshape(values.shape)
    if values.dtype in (np.float64, np.float16, np.complex128) or values.dtype.kind in "iub":
        return values
    wide = values.astype(np.float32)
    return np.where(np.abs(wide) < np.finfo(np.float32).tiny, np.copysign(np.float32(0), wide), wide)


def _real(value: float, fill: str, template: str) -> str:
    """As C's printf: infinities and NaNs, which may be negative, are not filled up with zeros."""
    if math.isfinite(value):
        return f"%{fill}{template}" % value
    flags = "" if fill in "0#" else fill
    if math.isnan(value) and math.copysign(1, value) < 0:
        return (f"%{flags}{template}" % -math.inf).replace("inf", "nan")
    return f"%{flags}{template}" % value


def _padded(strings: StringTensor, width: int, fill: str) -> StringTensor:
    if width <= 0:
        return strings
    pad: Callable[[bytes, int], bytes] = bytes.ljust if fill == "-" else bytes.rjust
    return StringTensor.from_list([pad(value, width) for value in strings.to_list()], strings.shape)


@host_op("StringFormat")
def string_format(inputs, *, template="%s", placeholder="%s", summarize=3):
    """A scalar: the template with each placeholder replaced by a tensor, of which `summarize` elements are shown at
    both ends of each axis, or all if it is negative.
    """
    parts = as_bytes(template).split(as_bytes(placeholder)) if placeholder else [as_bytes(template)]
    if len(parts) - 1 != len(inputs):
        raise ValueError(f"the template has {len(parts) - 1} placeholders for {len(inputs)} tensors")
    result = parts[0]
    for tensor, part in zip(inputs, parts[1:], strict=True):
        result += printed(tensor, summarize) + part
    return StringTensor.from_list([result], ())


def printed(tensor: np.ndarray | StringTensor, summarize: int) -> bytes:
    """A tensor as tf.print shows it."""
    array = tensor.to_numpy() if isinstance(tensor, StringTensor) else _flushed(tensor)
    limit = array.size if summarize < 0 else min(summarize, array.size)
    if array.dtype.kind == "c":  # which is not shown
        shown = b" ".join([b"?"] * limit) + (b"..." if array.size > limit else b"")
        return b"[" + shown + b"]" if array.ndim else shown
    if not limit and array.dtype.kind == "b":
        return b""
    element: Callable[[Any], bytes] = (
        _quoted if array.dtype.kind == "O" else _whole if array.dtype.kind in "iub" else _shortest
    )
    if not array.ndim:
        return element(array.ravel()[0]) if limit else b"..."
    return _printed(array, element, limit, 0)


def _printed(array: np.ndarray, element: Callable[[Any], bytes], limit: int, axis: int) -> bytes:
    """`array`, of at least one dimension, which stand behind `axis` outer ones."""
    inner = array.ndim - 1
    between = b"\n" * inner + b" " * (axis + 1) if inner else b" "
    count = array.shape[0]
    places = [*range(min(limit, count)), *range(max(count - limit, limit), count)]
    parts = [_printed(array[i], element, limit, axis + 1) if inner else element(array[i]) for i in places]
    if count > 2 * limit:
        head = between.join(parts[:limit]) + between + b"..."
        return b"[" + head + b"".join(between + part for part in parts[limit:]) + b"]"
    return b"[" + between.join(parts) + b"]"


def _quoted(value: bytes) -> bytes:
    return b'"' + b"".join(map(_ESCAPES.__getitem__, value)) + b'"'


def _whole(value: Any) -> bytes:
    return b"%d" % int(value)


def _shortest(value: Any) -> bytes:
    """The value with few digits if they give it back, or else with enough; half floats are printed as floats."""
    number = float(value)
    if math.isnan(number):
        return b"-nan" if math.copysign(1, number) < 0 else b"nan"
    few, enough, dtype = (15, 17, np.float64) if isinstance(value, np.float64) else (6, 9, np.float32)
    text = f"%.{few}g" % number
    with np.errstate(over="ignore"):
        exact = float(dtype(float(text))) == number
    return (text if exact else f"%.{enough}g" % number).encode()


def _escape(byte: int) -> bytes:
    named = {9: b"\\t", 10: b"\\n", 13: b"\\r", 34: b'\\"', 39: b"\\'", 92: b"\\\\"}
    if byte in named:
        return named[byte]
    return bytes([byte]) if 32 <= byte < 127 or byte >= 128 else b"\\%03o" % byte


_ESCAPES = [_escape(byte) for byte in range(256)]
