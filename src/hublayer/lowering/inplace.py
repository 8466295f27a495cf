"""Rows of a tensor replaced, added to or subtracted from. TensorFlow does it in place; here there is a new tensor."""

from __future__ import annotations

from typing import Any

from hublayer.lowering import gather
from hublayer.lowering.registry import lowers
from hublayer.lowering.windows import ops, tensor


def _rows(i: Any) -> Any:
    return ops.reshape(tensor(i), (-1, 1))


@lowers("InplaceUpdate")
def inplace_update(x: Any, i: Any, v: Any) -> Any:
    """`x` with the rows `v` at the places `i`."""
    return gather.tensor_scatter_update(tensor(x), _rows(i), tensor(v))


@lowers("InplaceAdd")
def inplace_add(x: Any, i: Any, v: Any) -> Any:
    """`x` with the rows `v` added at the places `i`."""
    return gather.tensor_scatter_add(tensor(x), _rows(i), tensor(v))


@lowers("InplaceSub")
def inplace_sub(x: Any, i: Any, v: Any) -> Any:
    """`x` with the rows `v` subtracted at the places `i`."""
    return gather.tensor_scatter_sub(tensor(x), _rows(i), tensor(v))
