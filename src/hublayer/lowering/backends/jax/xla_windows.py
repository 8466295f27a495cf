"""Windows of sums and extremes are jax.lax's own, which it differentiates; of other functions they are general."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import jax
import numpy as np
from jax import lax

from hublayer.graph.ir import FunctionName
from hublayer.lowering import xla_windows as general
from hublayer.lowering.dtypes import dtype_of
from hublayer.lowering.execute import Run
from hublayer.lowering.registry import Static, lowers
from hublayer.lowering.windows import tensor
from hublayer.lowering.xla_computations import Reduce, applied, combined, identity, monoid

_MONOIDS = {"add": lax.add, "max": lax.max, "min": lax.min}


def reduce_window(
    x: Any,
    initial: Any,
    windows: Sequence[int],
    strides: Sequence[int],
    base_dilations: Sequence[int],
    dilations: Sequence[int],
    padding: Sequence[Sequence[int]],
    kind: str | None,
    reduce: Reduce,
) -> Any:
    """Each window of padded `x` reduced, beginning with `initial`, which is what `x` is padded with too."""
    start = identity(kind, dtype_of(x)) if kind in _MONOIDS else None
    if start is None or not isinstance(initial, np.ndarray) or initial != start:
        sizes = windows, strides, base_dilations, dilations, padding
        return general.reduce_window(x, initial, *sizes, kind, reduce)
    edges = [tuple(pair) for pair in padding]
    return lax.reduce_window(
        x, start.astype(x.dtype), _MONOIDS[kind], windows, strides, edges, base_dilations, dilations
    )


def scatter_to_largest(
    x: Any, windows: Sequence[int], strides: Sequence[int], padding: Sequence[Sequence[int]], source: Any
) -> Any:
    """`source` added where each window has its maximum: the gradient of the windows' maxima."""
    start = identity("max", dtype_of(x)).astype(x.dtype)
    edges = [tuple(pair) for pair in padding]
    return jax.vjp(lambda x: lax.reduce_window(x, start, lax.max, windows, strides, edges), x)[1](source)[0]


@lowers("XlaReduceWindow", backend="jax")
def _xla_reduce_window(
    run: Run,
    input: Any,
    init_value: Any,
    window_dimensions: Static,
    window_strides: Static,
    base_dilations: Static,
    window_dilations: Static,
    padding: Static,
    *,
    computation: FunctionName,
) -> Any:
    kind = monoid(run.executable(computation).function)
    kind = None if kind == "second" else kind
    reduce = combined(kind) if kind else applied(run, computation)
    sizes = (window_dimensions, window_strides, base_dilations, window_dilations, padding.reshape(-1, 2))
    return reduce_window(tensor(input), init_value, *map(np.ndarray.tolist, sizes), kind, reduce)
