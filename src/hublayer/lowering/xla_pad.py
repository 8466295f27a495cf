"""XLA's padding: between the elements too, and negative at the edges."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from hublayer.lowering.dtypes import cast, dtype_of
from hublayer.lowering.registry import Static, lowers
from hublayer.lowering.windows import ops, tensor


def pad(x: Any, value: Any, low: Sequence[int], high: Sequence[int], interior: Sequence[int]) -> Any:
    """`x` with `value` before, after and between its elements along each axis; what is negative is cut off.

    value: a number, an array or a tensor without axes.
    """
    wide = x
    for axis, between in enumerate(interior):
        wide = _spread(wide, axis, between)
    cut = [
        slice(max(-before, 0), max(size - max(-after, 0), 0))
        for size, before, after in zip(wide.shape, low, high, strict=True)
    ]
    edges = [(max(before, 0), max(after, 0)) for before, after in zip(low, high, strict=True)]
    if any(c != slice(0, size) for c, size in zip(cut, wide.shape, strict=True)):
        wide = wide[tuple(cut)]
    known = isinstance(value, np.ndarray | int | float)
    if known and (float(value) == 0 or not any(interior)):
        return ops.pad(wide, edges, constant_values=_number(value)) if any(map(any, edges)) else wide
    inside = np.ones((), bool)
    for axis, (size, between) in enumerate(zip(x.shape, interior, strict=True)):
        line = np.zeros(max((size - 1) * (between + 1) + 1, 0) if size else 0, bool)
        line[:: between + 1] = True
        line = np.pad(line[cut[axis]], edges[axis])
        inside = inside & line.reshape([-1 if i == axis else 1 for i in range(len(x.shape))])
    filled = ops.pad(wide, edges) if any(map(any, edges)) else wide
    return ops.where(ops.convert_to_tensor(inside), filled, cast(tensor(np.asarray(value)) if known else value,
                                                                 dtype_of(filled)))  # fmt: skip


def _number(value: Any) -> Any:
    value = np.asarray(value)
    return bool(value) if value.dtype == bool else int(value) if value.dtype.kind in "iu" else float(value)


def _spread(x: Any, axis: int, between: int) -> Any:
    """`x` with `between` zeros between neighbours along `axis`."""
    size = x.shape[axis]
    if not between or size < 2:
        return x
    before, after = tuple(x.shape[:axis]), tuple(x.shape[axis + 1 :])
    rest = math.prod(after)
    x = ops.pad(ops.reshape(x, (*before, size, 1, rest)), [(0, 0)] * (axis + 1) + [(0, between), (0, 0)])
    x = ops.reshape(x, (*before, size * (between + 1), *after))
    return x[(*[slice(None)] * axis, slice(0, (size - 1) * (between + 1) + 1))]


@lowers("XlaPad")
def xla_pad(input: Any, padding_value: Any, padding_low: Static, padding_high: Static, padding_interior: Static) -> Any:
    """`input` with `padding_value` around and between its elements."""
    return pad(tensor(input), padding_value, padding_low.tolist(), padding_high.tolist(), padding_interior.tolist())
