"""Pooling in jax.lax.

On a CPU, XLA's window reductions are slow, and their gradients slower: on 112×112×64, 3×3, the maximum took 3.4 ms and
with gradient 48, the mean 11 and 35; shifted maxima and sums of small windows, which XLA fuses, take 1.5, 9, 2.8 and 3.
"""

from __future__ import annotations

import math
from typing import Any

import jax
from jax import lax
from jax import numpy as jnp

from hublayer.lowering.correlate import Ints
from hublayer.lowering.pool import inside_share, lower_pooling, lowest
from hublayer.lowering.windows import Pads, output_sizes, pad_spatial, taps

# Each place of a window adds an operation to the program; large windows have few positions anyway.
_MOST_TAPS = 25


def _views(x: Any, kernel: Ints, strides: Ints, pads: Pads, value: Any) -> list[Any] | None:
    """What each place of the window sees of `x` padded with `value`; None where a window reduction is better."""
    if jax.default_backend() != "cpu" or math.prod(kernel) > _MOST_TAPS:
        return None
    ones = [1] * len(kernel)
    out = output_sizes(x.shape[1:-1], kernel, strides, ones, pads)
    return [view for _, view in taps(pad_spatial(x, pads, value), kernel, strides, ones, out)]


def _reduce(x: Any, start: Any, function: Any, kernel: Ints, strides: Ints, pads: Pads) -> Any:
    return lax.reduce_window(x, start, function, (1, *kernel, 1), (1, *strides, 1), ((0, 0), *pads, (0, 0)))


def maximum(x: Any, kernel: Ints, strides: Ints, pads: Pads) -> Any:
    """The maximum of each window of `x`, channels last."""
    views = _views(x, kernel, strides, pads, lowest(x))
    if views is None:
        return _reduce(x, jnp.array(lowest(x), x.dtype), lax.max, kernel, strides, pads)
    best = views[0]
    for view in views[1:]:
        # Of equal values the first gets the gradient, as in TensorFlow; jnp.maximum would share it out.
        best = jnp.where((view > best) | (view != view), view, best)
    return best


def average(x: Any, kernel: Ints, strides: Ints, pads: Pads) -> Any:
    """The mean of each window of `x`, channels last, over what lies inside the input."""
    views = _views(x, kernel, strides, pads, 0)
    total = sum(views) if views else _reduce(x, jnp.zeros((), x.dtype), lax.add, kernel, strides, pads)
    share = inside_share(x.shape[1:-1], kernel, strides, pads)
    count = math.prod(kernel) if share is None else jnp.asarray(share * math.prod(kernel), x.dtype)
    return total / count


lower_pooling(maximum, average, backend="jax")
