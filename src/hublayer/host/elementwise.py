"""Numeric ops on one element or two at a time, which a model computes between ops on strings."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from hublayer.host.registry import host_op
from hublayer.savedmodel.tensors import constant_dtype

_Function = Callable[..., Any]


def computed(function: _Function, *inputs: np.ndarray) -> np.ndarray:
    """`function` of arrays of one dtype, which the result has too."""
    dtype = inputs[0].dtype
    with np.errstate(all="ignore"):
        return np.asarray(function(*inputs)).astype(dtype, copy=False)


def _table(ops: dict[str, _Function]) -> None:
    """Register functions of the inputs alone."""

    def bind(function: _Function) -> _Function:
        return lambda *inputs: computed(function, *inputs)

    for op, function in ops.items():
        host_op(op)(bind(function))


def _by_element(function: Callable[[float], float]) -> _Function:
    """A function of Python floats, for what NumPy does not have."""

    def call(x: np.ndarray) -> np.ndarray:
        return np.array([function(value) for value in x.ravel().tolist()], np.float64).reshape(x.shape)

    return call


def _log_gamma(x: float) -> float:
    if x == -math.inf or (x <= 0 and x == math.floor(x)):
        return math.inf
    return math.lgamma(x)


def sigmoid(x: np.ndarray) -> np.ndarray:
    """1 / (1 + exp(-x)), of the exponential that cannot overflow."""
    if x.dtype.kind == "c":
        return 1 / (1 + np.exp(-x))
    small = np.exp(-np.abs(x))
    return np.where(x >= 0, 1 / (1 + small), small / (1 + small))


def _softplus(x: np.ndarray) -> np.ndarray:
    return np.maximum(x, 0) + np.log1p(np.exp(-np.abs(x)))


def _reciprocal(x: np.ndarray) -> np.ndarray:
    return np.reciprocal(x) if x.dtype.kind in "iu" else 1 / x


_SELU_SCALE, _SELU_ALPHA = 1.0507009873554804934193349852946, 1.6732632423543772848170429916717

_table(
    {
        "Acos": np.arccos,
        "Acosh": np.arccosh,
        "Asin": np.arcsin,
        "Asinh": np.arcsinh,
        "Atan": np.arctan,
        "Atanh": np.arctanh,
        "Conj": np.conj,
        "Cos": np.cos,
        "Cosh": np.cosh,
        "Elu": lambda x: np.where(x > 0, x, np.expm1(np.minimum(x, 0))),
        "Erf": _by_element(math.erf),
        "Erfc": _by_element(math.erfc),
        "Expm1": np.expm1,
        "Inv": _reciprocal,
        "Invert": np.invert,
        "Lgamma": _by_element(_log_gamma),
        "Log": np.log,
        "Log1p": np.log1p,
        "Reciprocal": _reciprocal,
        "Relu": lambda x: np.where(x < 0, x.dtype.type(0), x),
        "Relu6": lambda x: np.where(x < 0, x.dtype.type(0), np.where(x > 6, x.dtype.type(6), x)),
        "Rint": np.rint,
        "Selu": lambda x: np.where(x > 0, _SELU_SCALE * x, _SELU_SCALE * _SELU_ALPHA * np.expm1(np.minimum(x, 0))),
        "Sigmoid": sigmoid,
        "Sin": np.sin,
        "Sinh": np.sinh,
        "Softplus": _softplus,
        "Softsign": lambda x: x / (1 + np.abs(x)),
        "Tan": np.tan,
        "Tanh": np.tanh,
    }
)


def _quotient(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    return np.where(y == 0, x.dtype.type(0), x / np.where(y == 0, y.dtype.type(1), y))


def _unless_zero(function: _Function) -> _Function:
    """0 where x is 0, whatever y is."""
    return lambda x, y: np.where(x == 0, x.dtype.type(0), function(x, y))


def _remainder(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """With the sign of x, as C computes it. Raises ValueError for an integer divided by zero."""
    if x.dtype.kind in "iu" and (y == 0).any():
        raise ValueError("an integer divided by zero")
    return np.fmod(x, y)


def _shifted(function: _Function) -> _Function:
    """Shifts by less than nothing shift by nothing, those by more than the width by one less than the width."""

    def call(x: np.ndarray, y: np.ndarray) -> np.ndarray:
        return function(x, np.clip(y, 0, 8 * x.dtype.itemsize - 1))

    return call


_table(
    {
        "Atan2": np.arctan2,
        "BitwiseAnd": np.bitwise_and,
        "BitwiseOr": np.bitwise_or,
        "BitwiseXor": np.bitwise_xor,
        "DivNoNan": _quotient,
        "LeftShift": _shifted(np.left_shift),
        "Mod": _remainder,
        "MulNoNan": lambda x, y: np.where(y == 0, x.dtype.type(0), x * y),
        "NextAfter": np.nextafter,
        "RightShift": _shifted(np.right_shift),
        "SquaredDifference": lambda x, y: np.conj(x - y) * (x - y),
        "Xdivy": _unless_zero(np.divide),
        "Xlog1py": _unless_zero(lambda x, y: x * np.log1p(y)),
        "Xlogy": _unless_zero(lambda x, y: x * np.log(y)),
    }
)


def _tests(ops: dict[str, _Function]) -> None:
    def bind(function: _Function) -> _Function:
        return lambda x: np.asarray(function(x), np.bool_)

    for op, function in ops.items():
        host_op(op)(bind(function))


_tests({"IsFinite": np.isfinite, "IsInf": np.isinf, "IsNan": np.isnan})


@host_op("AddN")
def add_n(inputs):
    """The sum of all inputs."""
    return computed(lambda *items: sum(items[1:], items[0]), *inputs)


@host_op("AccumulateNV2")
def accumulate_n(inputs, *, shape=None):
    """The sum of all inputs."""
    return add_n(inputs)


@host_op("ApproximateEqual")
def approximate_equal(x, y, *, tolerance=1e-5):
    """Whether two numbers are closer than the tolerance."""
    return np.asarray(np.abs(x - y) < tolerance, np.bool_)


@host_op("LeakyRelu")
def leaky_relu(features, *, alpha=0.2):
    """x, or alpha x if that is negative."""
    return computed(lambda x: np.where(x > 0, x, x * x.dtype.type(alpha)), features)


@host_op("ClipByValue")
def clip_by_value(t, clip_value_min, clip_value_max):
    """Numbers between two others, which broadcast; the lower one where these are in the wrong order.

    NaN stays NaN, and is no bound. Of complex numbers the real and the imaginary parts are clipped each for itself.
    """
    bounds = clip_value_min, clip_value_max
    if t.dtype.kind == "c":
        real = _clipped(t.real, *(bound.real for bound in bounds))
        return complex_(real, _clipped(t.imag, *(bound.imag for bound in bounds)), Tout=t.dtype.name)
    return computed(_clipped, t, *bounds)


def _clipped(x: np.ndarray, low: np.ndarray, high: np.ndarray) -> np.ndarray:
    x = np.where(high < x, high, x)
    return np.where(low > x, low, x)


@host_op("CheckNumerics", "CheckNumericsV2")
def check_numerics(tensor, *, message):
    """The tensor. Raises ValueError if a number of it is infinite or none."""
    if not np.isfinite(tensor.astype(np.float64) if tensor.dtype.itemsize == 2 else tensor).all():
        raise ValueError(f"{message} : a number is NaN or infinite")
    return tensor


@host_op("Complex")
def complex_(real, imag, *, Tout="complex64"):
    """real + i imag."""
    real, imag = np.broadcast_arrays(real, imag)
    result = np.empty(real.shape, constant_dtype(Tout))
    result.real, result.imag = real, imag
    return result


@host_op("ComplexAbs")
def complex_abs(x, *, Tout="float32"):
    """The magnitude."""
    return np.asarray(np.abs(x), constant_dtype(Tout))


@host_op("Real")
def real(input, *, Tout="float32"):
    """The real part."""
    return np.asarray(np.real(input), constant_dtype(Tout))


@host_op("Imag")
def imag(input, *, Tout="float32"):
    """The imaginary part."""
    return np.asarray(np.imag(input), constant_dtype(Tout))


@host_op("Angle")
def angle(input, *, Tout="float32"):
    """The phase."""
    return np.asarray(np.angle(input), constant_dtype(Tout))


@host_op("Bitcast")
def bitcast(input, *, type):
    """The same bytes as another dtype; a smaller one adds an axis, a larger one takes the last."""
    dtype = constant_dtype(type)
    assert dtype is not None
    contiguous = np.ascontiguousarray(input).reshape(input.shape)
    size, other = contiguous.dtype.itemsize, dtype.itemsize
    if size == other:
        return contiguous.view(dtype)
    if size > other:
        return np.frombuffer(contiguous.tobytes(), dtype).reshape((*input.shape, size // other))
    if not input.ndim or input.shape[-1] * size != other:
        raise ValueError(f"a last axis of {other // size} is needed for {type}, but shape {input.shape} came")
    return np.frombuffer(contiguous.tobytes(), dtype).reshape(input.shape[:-1])
