"""Arithmetic, elementwise, broadcasting as NumPy does. Both inputs of an op have one dtype, which the result keeps."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import reduce
from typing import Any

from hublayer.lowering.dtypes import backend_dtype, cast, dtype_of
from hublayer.lowering.keras_ops import ops
from hublayer.lowering.registry import lowers, lowers_table


def is_float(x: Any) -> bool:
    """Whether `x` holds floats or complex numbers."""
    return "float" in dtype_of(x) or "complex" in dtype_of(x)


def _same(function: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """`function` for floats; the input itself for integers, which are whole already."""
    return lambda x: function(x) if is_float(x) else ops.convert_to_tensor(x)


def square(x: Any) -> Any:
    """x²."""
    return ops.multiply(x, x)


def squared_difference(x: Any, y: Any) -> Any:
    """(x - y)²; of complex numbers the square of the modulus."""
    difference = ops.subtract(x, y)
    return ops.multiply(difference, ops.conj(difference) if "complex" in dtype_of(difference) else difference)


def floor_div(x: Any, y: Any) -> Any:
    """The quotient rounded down. That of floats is rounded before: 1 // 0.001 is 1000."""
    return ops.floor(ops.divide(x, y)) if is_float(x) else ops.floor_divide(x, y)


def rsqrt(x: Any) -> Any:
    """1 / √x."""
    return ops.reciprocal(ops.sqrt(x))


def truncate_div(x: Any, y: Any) -> Any:
    """The quotient rounded towards zero."""
    if is_float(x):
        return ops.trunc(ops.divide(x, y))
    quotient = ops.floor_divide(x, y)
    if dtype_of(x).startswith("u"):
        return quotient
    inexact = ops.not_equal(ops.multiply(quotient, y), x)
    negative = ops.not_equal(ops.less(x, 0), ops.less(y, 0))
    return ops.add(quotient, cast(ops.logical_and(inexact, negative), dtype_of(quotient)))


def div(x: Any, y: Any) -> Any:
    """x / y; for integers rounded towards zero, as C does."""
    return ops.divide(x, y) if is_float(x) else truncate_div(x, y)


def _where_zero(condition: Any, otherwise: Callable[..., Any], *values: tuple[Any, float]) -> Any:
    """0 where `condition`, else otherwise(*values).

    Each value comes with what stands for it where `condition` holds, so that gradients are 0 there and not NaN.
    """
    safe = [ops.where(condition, ops.full_like(value, fill), value) for value, fill in values]
    result = otherwise(*safe)
    return ops.where(condition, ops.zeros_like(result), result)


def div_no_nan(x: Any, y: Any) -> Any:
    """x / y, but 0 where y is 0."""
    return _where_zero(ops.equal(y, 0), ops.divide, (x, 0), (y, 1))


def xdivy(x: Any, y: Any) -> Any:
    """x / y, but 0 where x is 0."""
    return _where_zero(ops.equal(x, 0), ops.divide, (x, 0), (y, 1))


def xlogy(x: Any, y: Any) -> Any:
    """x · log y, but 0 where x is 0."""
    return _where_zero(ops.equal(x, 0), lambda a, b: ops.multiply(a, ops.log(b)), (x, 0), (y, 1))


def xlog1py(x: Any, y: Any) -> Any:
    """x · log(1 + y), but 0 where x is 0."""
    return _where_zero(ops.equal(x, 0), lambda a, b: ops.multiply(a, ops.log1p(b)), (x, 0), (y, 0))


def clip_by_value(t: Any, clip_value_min: Any, clip_value_max: Any) -> Any:
    """`t` between the bounds, which may be scalars. Of complex numbers each part is, as in TensorFlow's kernel."""
    if "complex" in dtype_of(t):
        parts = [clip_by_value(*map(part, (t, clip_value_min, clip_value_max))) for part in (ops.real, ops.imag)]
        real, imag = (cast(part, dtype_of(t)) for part in parts)
        return ops.add(real, ops.multiply(imag, 1j))
    return ops.maximum(ops.minimum(t, clip_value_max), clip_value_min)


def _of_conjugate(gradient: Callable[[Any, Any], Any]) -> Callable[[Any, Any], Any]:
    """gradient(y, dy), in which TensorFlow's kernels take the conjugate of a complex y."""

    def run(y: Any, dy: Any) -> Any:
        y, dy = ops.convert_to_tensor(y), ops.convert_to_tensor(dy)
        return gradient(ops.conj(y) if "complex" in dtype_of(y) else y, dy)

    return run


def add_n(inputs: Sequence[Any]) -> Any:
    """The sum of a list of tensors of one shape."""
    return reduce(ops.add, inputs[1:], ops.convert_to_tensor(inputs[0]))


lowers_table(
    {
        "Abs": ops.abs,
        "Acos": ops.arccos,
        "Acosh": ops.arccosh,
        "Add": ops.add,
        "AddN": add_n,
        "AddV2": ops.add,
        "Asin": ops.arcsin,
        "Asinh": ops.arcsinh,
        "Atan": ops.arctan,
        "Atan2": ops.arctan2,
        "Atanh": ops.arctanh,
        "BiasAddV1": ops.add,
        "Ceil": ops.ceil,
        "Conj": ops.conj,
        "Cos": ops.cos,
        "Cosh": ops.cosh,
        "Div": div,
        "DivNoNan": div_no_nan,
        "Erf": ops.erf,
        "Erfc": ops.erfc,
        "Erfinv": ops.erfinv,
        "Exp": ops.exp,
        "Expm1": ops.expm1,
        "Floor": ops.floor,
        "FloorDiv": floor_div,
        "Inv": ops.reciprocal,
        "Log": ops.log,
        "Log1p": ops.log1p,
        "Mul": ops.multiply,
        "Neg": ops.negative,
        "NextAfter": ops.nextafter,
        "RealDiv": ops.divide,
        "Reciprocal": ops.reciprocal,
        "Rint": ops.round,
        "Round": _same(ops.round),
        "Rsqrt": rsqrt,
        "Sin": ops.sin,
        "Sinh": ops.sinh,
        "Sqrt": ops.sqrt,
        "Square": square,
        "SquaredDifference": squared_difference,
        "Sub": ops.subtract,
        "Tan": ops.tan,
        "Tanh": ops.tanh,
        "TruncateDiv": truncate_div,
        "Xdivy": xdivy,
        "Xlog1py": xlog1py,
        "Xlogy": xlogy,
        # Gradients, which the functions of custom gradients hold. y is the forward op's output.
        "InvGrad": _of_conjugate(lambda y, dy: -dy * y * y),
        "ReciprocalGrad": _of_conjugate(lambda y, dy: -dy * y * y),
        "RsqrtGrad": _of_conjugate(lambda y, dy: dy * -0.5 * (y * y * y)),
        "SqrtGrad": _of_conjugate(lambda y, dy: dy * 0.5 / y),
        "TanhGrad": lambda y, dy: ops.multiply(dy, ops.subtract(1, square(y))),
    }
)
lowers_table({"ClipByValue": clip_by_value, "Maximum": ops.maximum, "Minimum": ops.minimum}, picks=True, orders=True)
lowers_table(
    {
        "FloorMod": ops.mod,
        "Mod": ops.fmod,
        "Sign": ops.sign,
        "TruncateMod": ops.fmod,
    },
    picks=True,
)


@lowers("AccumulateNV2")
def accumulate_n(inputs: Sequence[Any], *, shape: Any) -> Any:
    """The sum of a list of tensors of one shape."""
    return add_n(inputs)


@lowers("BiasAdd")
def bias_add(value: Any, bias: Any, *, data_format: str = "NHWC") -> Any:
    """value + bias, bias along the channels: the last axis, or axis 1 for NCHW."""
    if data_format == "NCHW":
        bias = ops.reshape(bias, (-1,) + (1,) * (len(value.shape) - 2))
    return ops.add(value, bias)


@lowers("BiasAddGrad")
def bias_add_grad(out_backprop: Any, *, data_format: str = "NHWC") -> Any:
    """The sum over all axes but the channels'."""
    rank = len(out_backprop.shape)
    channels = 1 if data_format == "NCHW" else rank - 1
    total = ops.sum(out_backprop, axis=tuple(axis for axis in range(rank) if axis != channels))
    return cast(total, dtype_of(out_backprop))


@lowers("Cast")
def cast_op(x: Any, *, SrcT: str = "", DstT: str, Truncate: bool = False) -> Any:
    """`x` in another dtype: floats lose their fraction, complex numbers their imaginary part, non-zero is True.

    Truncate, which drops bits of a float's mantissa in place of rounding it, makes no difference here.
    """
    if "complex" in dtype_of(x) and "complex" not in DstT and DstT != "bool":
        x = ops.real(x)
    return cast(x, DstT)


@lowers("Bitcast")
def bitcast(input: Any, *, type: str) -> Any:
    """The same bytes as another dtype. A last axis of parts appears where one element becomes several, or vanishes."""
    input = ops.convert_to_tensor(input)
    dtype = backend_dtype(type)
    old, new = (_bytes(name) for name in (dtype_of(input), dtype))
    if old > new:
        return ops.view(ops.expand_dims(input, -1), dtype)
    return ops.squeeze(ops.view(input, dtype), -1) if old < new else ops.view(input, dtype)


def _bytes(dtype: str) -> int:
    return 1 if dtype == "bool" else int(dtype.removeprefix("b").lstrip("abcdefghijklmnopqrstuvwxyz")) // 8


@lowers("PopulationCount")
def population_count(x: Any) -> Any:
    """How many bits of each integer are 1, in uint8."""
    x = ops.convert_to_tensor(x)
    bits = range(8 * _bytes(dtype_of(x)))
    return cast(sum(ops.bitwise_and(ops.right_shift(x, place), 1) for place in bits), "uint8")


@lowers("ComplexAbs")
def complex_abs(x: Any, *, Tout: str = "float32") -> Any:
    """|x| of complex numbers."""
    return ops.abs(x)


@lowers("Real")
def real(input: Any, *, Tout: str = "float32") -> Any:
    """The real part."""
    return ops.real(input)


@lowers("Imag")
def imag(input: Any, *, Tout: str = "float32") -> Any:
    """The imaginary part."""
    return ops.imag(input)


@lowers("Angle")
def angle(input: Any, *, Tout: str = "float32") -> Any:
    """The argument of complex numbers, in radians."""
    return cast(ops.arctan2(ops.imag(input), ops.real(input)), Tout)
