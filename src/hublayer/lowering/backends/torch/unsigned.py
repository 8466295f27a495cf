"""uint16, uint32 and uint64 on PyTorch, which has these dtypes but next to no arithmetic in them.

A node that takes or gives some runs on int64: values of 16 and 32 bits as they are, those of 64 bits as the same bits.
Sums, differences, products and logic are then right modulo 2^64, and what the node gives is cut to the width of its
dtype. What asks for an order sees 64 bits with the first one flipped, which puts them in the order of int64. Division
and the like have lowerings of their own here.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import torch

from hublayer.graph.ir import Node
from hublayer.graph.node_dtypes import input_dtypes, output_dtypes
from hublayer.graph.op_schema import has_list_output
from hublayer.lowering.backends.torch import segments
from hublayer.lowering.backends.torch.tensors import tensor, view_as
from hublayer.lowering.reduce import axes_of
from hublayer.lowering.registry import Lowering, Static, find_lowering_of_dtype, is_said_of, lowers

_Call = Callable[[Any, list[Any]], Any]
_BITS = {"uint16": 16, "uint32": 32, "uint64": 64}
_DTYPES = {name: getattr(torch, name) for name in _BITS}
_FIRST_BIT = -(2**63)


def widened(x: Any, dtype: str, ordered: bool = False) -> Any:
    """`x`, of the unsigned `dtype`, as int64. ordered: with the first bit of 64 flipped."""
    if isinstance(x, np.ndarray):
        x = x.view(np.int64) if x.dtype == np.uint64 else x.astype(np.int64)
    elif isinstance(x, torch.Tensor):
        x = x.view(torch.int64) if x.dtype is torch.uint64 else x.to(torch.int64)
    else:
        return x  # a handle of a variable, a list of tensors
    return x ^ _FIRST_BIT if ordered and dtype == "uint64" else x


def cut(x: Any, dtype: str, ordered: bool = False) -> Any:
    """`x`, integers of any width, as the unsigned `dtype`, modulo its width. ordered: as in `widened`."""
    if isinstance(x, np.ndarray):
        return (x ^ _FIRST_BIT if ordered and dtype == "uint64" else x).astype(dtype)
    if not isinstance(x, torch.Tensor) or x.dtype is _DTYPES[dtype]:
        return x
    x = x.to(torch.int64)
    if dtype == "uint64":
        return (x ^ _FIRST_BIT if ordered else x).view(torch.uint64)
    return (x & (2 ** _BITS[dtype] - 1)).to(_DTYPES[dtype])


def unsigned_tensor(value: Any, dtype: str) -> torch.Tensor:
    """An array, or a tensor of any integers, as a tensor of the unsigned `dtype`."""
    if isinstance(value, np.ndarray):
        value = widened(value.astype(dtype, copy=False), dtype)
    return cut(tensor(value), dtype)


def bind_unsigned(node: Node, lowering: Lowering, bind: Callable[[Node, Lowering], _Call]) -> _Call | None:
    """The call of a node with unsigned numbers of more than 8 bits; None for any other node.

    bind: makes the call of a node and a lowering.
    """
    taken, given = input_dtypes(node), output_dtypes(node)
    dtype = next((name for name in (*taken, *given) if name in _BITS), None)
    if dtype is None:
        return None
    own = find_lowering_of_dtype(node.op, "torch", dtype)
    if own is None:
        signed = {key: "int64" if value in _BITS else value for key, value in node.attrs.items() if _is_text(value)}
        call = bind(replace(node, attrs={**node.attrs, **signed}), lowering)
    else:
        call = bind(node, own)
    ordered = own is None and is_said_of(node.op, "orders")
    many = len(given) != 1 or has_list_output(node.op)

    def run(state: Any, inputs: list[Any]) -> Any:
        wide = [widened(x, name, ordered) if name in _BITS else x for x, name in zip(inputs, taken, strict=True)]
        result = call(state, wide)
        if not many:
            return cut(result, given[0], ordered) if given[0] in _BITS else result
        return [cut(x, name, ordered) if name in _BITS else x for x, name in zip(result, given, strict=True)]

    return run


def _is_text(value: Any) -> bool:
    return isinstance(value, str)


def _for(dtype: str, *ops: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    return lowers(*ops, backend="torch", dtype=dtype)


# --- what depends on the width


def _shift(bits: int, left: bool) -> Callable[[Any, Any], torch.Tensor]:
    """Shifts by no more than the width less one, as TensorFlow's are; zeros come in from both sides."""

    def shift(x: Any, y: Any) -> torch.Tensor:
        x, y = tensor(x), tensor(y)
        by = torch.where(y < 0, bits - 1, y.clamp(max=bits - 1))
        if left:
            return x << by
        rest = (torch.iinfo(torch.int64).max >> (by - 1).clamp(min=0)) if bits == 64 else -1
        return torch.where(by == 0, x, (x >> by) & rest)

    return shift


def _bitcast(input: Any, *, T: str, type: str) -> torch.Tensor:
    """The same bytes as another dtype."""
    return view_as(cut(tensor(input), T) if T in _BITS else tensor(input), getattr(torch, type))


for _dtype, _bits in _BITS.items():
    _for(_dtype, "LeftShift")(_shift(_bits, left=True))
    _for(_dtype, "RightShift")(_shift(_bits, left=False))
    _for(_dtype, "Bitcast")(_bitcast)


# --- 64 bits: int64 has the same bits, and another meaning from 2^63 on


def _less(x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
    return (x ^ _FIRST_BIT) < (y ^ _FIRST_BIT)


def _quotient(x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
    """x / y of unsigned numbers: twice the half of x over y, and one more where the rest still holds y."""
    if bool((y == 0).any()) if y.device.type != "meta" else False:
        raise ZeroDivisionError("integer division by zero")
    small = y.clamp(min=1)
    half = ((x >> 1) & torch.iinfo(torch.int64).max).div(small, rounding_mode="trunc") << 1
    found = half + (~_less(x - half * small, small)).to(torch.int64)
    return torch.where(y < 0, (~_less(x, y)).to(torch.int64), found)


@_for("uint64", "Div", "FloorDiv", "TruncateDiv")
def _divide(x: Any, y: Any) -> torch.Tensor:
    return _quotient(tensor(x), tensor(y))


@_for("uint64", "FloorMod")
def _remainder(x: Any, y: Any) -> torch.Tensor:
    x, y = tensor(x), tensor(y)
    return x - _quotient(x, y) * y


@_for("uint64", "Mean")
def _mean(input: Any, reduction_indices: Static, *, keep_dims: bool = False) -> torch.Tensor:
    x = tensor(input)
    axes = axes_of(x, reduction_indices)
    if not axes:
        return x
    number = 1
    for axis in axes:
        number *= x.shape[axis]
    total = torch.sum(x, axes, keep_dims, dtype=torch.int64)
    return _quotient(total, torch.full_like(total, max(number, 1)))


def _euclidean_norm(dtype: str) -> Callable[..., torch.Tensor]:
    def norm(input: Any, reduction_indices: Static, *, keep_dims: bool = False) -> torch.Tensor:
        """√Σx², where the sum is as wide as `input`, and no wider."""
        x = tensor(input)
        axes = axes_of(x, reduction_indices)
        if not axes:
            return x
        total = widened(cut(torch.sum(x * x, axes, keep_dims, dtype=torch.int64), dtype), dtype)
        root = torch.sqrt(_cast(total, SrcT="uint64", DstT="float64"))
        return _cast(root, SrcT="float64", DstT="uint64")

    return norm


for _dtype in _BITS:
    _for(_dtype, "EuclideanNorm")(_euclidean_norm(_dtype))


@_for("uint64", "Cast")
def _cast(x: Any, *, SrcT: str, DstT: str, Truncate: bool = False) -> torch.Tensor:
    """From uint64 or to it; floats of 2^63 and more are read as that much less, and the first bit is set."""
    x = tensor(x)
    if SrcT == "uint64":
        if DstT in _BITS or "int" in DstT or DstT == "bool":
            return x.to(torch.int64 if DstT in _BITS else getattr(torch, DstT))
        dtype = getattr(torch, DstT)
        halved = ((x >> 1) & torch.iinfo(torch.int64).max) | (x & 1)  # the last bit still decides how to round
        return torch.where(x < 0, halved.to(dtype) * 2, x.to(dtype))
    if x.is_complex():
        x = x.real
    if not x.is_floating_point():
        return x.to(torch.int64)
    large = x >= 2.0**63
    return torch.where(large, x - 2.0**63, x).to(torch.int64) ^ torch.where(large, _FIRST_BIT, 0)


@_for("uint64", "Relu")
def _relu(features: Any) -> torch.Tensor:
    return tensor(features)


@_for("uint64", "Relu6")
def _relu6(features: Any) -> torch.Tensor:
    x = tensor(features)
    return torch.where((x < 0) | (x > 6), 6, x)


def _in_order(reduce: segments.Reduction) -> segments.Reduction:
    return lambda data, ids, count: reduce(data ^ _FIRST_BIT, ids, count) ^ _FIRST_BIT


def _segment_mean(dtype: str) -> segments.Reduction:
    def mean(data: torch.Tensor, ids: torch.Tensor, count: int) -> torch.Tensor:
        """Means of sums that are as wide as the rows, and no wider."""
        total = widened(cut(segments.total(data, ids, count), dtype), dtype)
        return _quotient(total, segments.sizes(data, ids, count))

    return mean


_for("uint64", "SegmentMax")(segments.over_sorted(segments.zero_if_empty(_in_order(segments.largest))))
_for("uint64", "SegmentMin")(segments.over_sorted(segments.zero_if_empty(_in_order(segments.smallest))))
for _dtype in _BITS:
    _for(_dtype, "SegmentMean")(segments.over_sorted(_segment_mean(_dtype)))
