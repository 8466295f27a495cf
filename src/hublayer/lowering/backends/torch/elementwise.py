"""Arithmetic in plain PyTorch: keras.ops costs two to four times as much per call when eager (performance.md)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch

from hublayer.lowering.backends.torch.tensors import binary, tensor, unary, view_as
from hublayer.lowering.checks import require
from hublayer.lowering.elementwise import is_float
from hublayer.lowering.execute import Run
from hublayer.lowering.powers import NO_NEGATIVE_POWERS
from hublayer.lowering.registry import lowers, lowers_table

_NAMES = ("float16", "bfloat16", "float32", "float64", "complex64", "complex128", "bool")
_NAMES += ("int8", "int16", "int32", "int64", "uint8")
_DTYPES = {name: getattr(torch, name) for name in _NAMES}
_DTYPES |= {"qint8": torch.int8, "quint8": torch.uint8, "qint16": torch.int16, "quint16": torch.int32}
_DTYPES |= {"qint32": torch.int32}


def _squared_difference(x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
    difference = x - y
    return difference * (difference.conj() if difference.is_complex() else difference)


def _add_n(inputs: Sequence[Any]) -> torch.Tensor:
    total = tensor(inputs[0])
    for x in inputs[1:]:
        total = total + tensor(x, total.device)
    return total


def _truncated(x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
    return torch.div(x, y, rounding_mode="trunc")


def _div(x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
    return torch.div(x, y) if x.is_floating_point() or x.is_complex() else _truncated(x, y)


def _sign(x: torch.Tensor) -> torch.Tensor:
    # torch.sign gives 0 for NaN and takes no complex numbers.
    return torch.where(x != x, x, torch.sgn(x)) if x.is_floating_point() else torch.sgn(x)


def _power(x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
    if not y.requires_grad:
        return torch.pow(x, y)
    # For the gradient by y the logarithm of what is not positive is 0, as in TensorFlow; PyTorch has NaN there.
    defined = x != 0 if x.is_complex() else x > 0
    one = torch.ones((), dtype=x.dtype, device=x.device)
    others = torch.pow(torch.where(defined, one, x), y.detach())
    return torch.where(defined, torch.pow(torch.where(defined, x, one), y), others)


@lowers("Pow", backend="torch")
def _pow(run: Run, x: Any, y: Any) -> torch.Tensor:
    if not is_float(x):
        require(run, (tensor(y) >= 0).all(), NO_NEGATIVE_POWERS)
    return binary(_power)(x, y)


class _MulNoNan(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
        ctx.save_for_backward(x, y)
        return torch.where(y == 0, 0, x * y)

    @staticmethod
    def backward(ctx: Any, *cotangents: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        x, y = ctx.saved_tensors
        return _MulNoNan.apply(cotangents[0], y), _MulNoNan.apply(x, cotangents[0])  # pyright: ignore


def _mul_no_nan(x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
    """x · y, but 0 where y is 0, whatever x is; so are the gradients, in which the incoming one stands for x or y."""
    if x.requires_grad or y.requires_grad:
        return _MulNoNan.apply(*torch.broadcast_tensors(x, y))  # pyright: ignore[reportReturnType]
    return torch.where(y == 0, 0, x * y)


def _floor_div(x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
    # TensorFlow has no gradient here, which counts as zero; PyTorch would raise.
    x, y = x.detach(), y.detach()
    return torch.floor(x / y) if x.is_floating_point() else torch.floor_divide(x, y)


def _larger(x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
    # Of equals x takes the whole gradient, as in TensorFlow; PyTorch shares it between them.
    if x.requires_grad or y.requires_grad:
        return torch.where((x >= y) | (x != x), x, y)
    return torch.maximum(x, y)


def _smaller(x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
    if x.requires_grad or y.requires_grad:
        return torch.where((x <= y) | (x != x), x, y)
    return torch.minimum(x, y)


def _round(x: torch.Tensor) -> torch.Tensor:
    # Integers beyond 2^24 are whole already; Keras takes them through float32.
    return torch.round(x) if x.is_floating_point() else x


lowers_table(
    {
        "Abs": unary(torch.abs),
        "Add": binary(torch.add),
        "AddN": _add_n,
        "AddV2": binary(torch.add),
        # keras.ops computes these two in float32 whatever the dtype.
        "Atan2": binary(torch.atan2),
        "BiasAddV1": binary(torch.add),
        "Ceil": unary(torch.ceil),
        "Cos": unary(torch.cos),
        "Div": binary(_div),
        "Erf": unary(torch.erf),
        "Erfc": unary(torch.erfc),
        "Exp": unary(torch.exp),
        "Floor": unary(torch.floor),
        "FloorDiv": binary(_floor_div),
        "FloorMod": binary(torch.remainder),
        "Log": unary(torch.log),
        "Log1p": unary(torch.log1p),
        "Maximum": binary(_larger),
        "Minimum": binary(_smaller),
        "Mul": binary(torch.mul),
        "MulNoNan": binary(_mul_no_nan),
        "Neg": unary(torch.neg),
        "NextAfter": binary(torch.nextafter),
        "RealDiv": binary(torch.div),
        "Reciprocal": unary(torch.reciprocal),
        "Round": unary(_round),
        "Rsqrt": unary(torch.rsqrt),
        "Sign": unary(_sign),
        "Sin": unary(torch.sin),
        "Sqrt": unary(torch.sqrt),
        "Square": unary(torch.square),
        "SquaredDifference": binary(_squared_difference),
        "Sub": binary(torch.sub),
        "Tanh": unary(torch.tanh),
        "TruncateDiv": binary(_truncated),
    },
    "torch",
)


@lowers("BiasAdd", backend="torch")
def bias_add(value: Any, bias: Any, *, data_format: str = "NHWC") -> torch.Tensor:
    """value + bias, bias along the channels: the last axis, or axis 1 for NCHW."""
    value = tensor(value)
    bias = tensor(bias, value.device)
    if data_format == "NCHW":
        bias = bias.reshape(-1, *(1,) * (value.ndim - 2))
    return value + bias


@lowers("Cast", backend="torch")
def cast_op(x: Any, *, SrcT: str = "", DstT: str, Truncate: bool = False) -> torch.Tensor:
    """`x` in another dtype: floats lose their fraction, complex numbers their imaginary part, non-zero is True."""
    x, dtype = tensor(x), _DTYPES[DstT]
    if x.is_complex() and not dtype.is_complex and dtype is not torch.bool:
        x = x.real
    return x.to(dtype)


@lowers("Bitcast", backend="torch")
def _bitcast(input: Any, *, type: str) -> torch.Tensor:
    """The same bytes as another dtype."""
    return view_as(tensor(input), _DTYPES[type])
