"""Pooling in jax.lax.

On a CPU, XLA's window reductions are slow, and their gradients slower: on 112×112×64, 3×3, the maximum took 3.4 ms and
with gradient 48, the mean 11 and 35; shifted maxima and sums of small windows, which XLA fuses, take 1.5, 9, 2.8 and 3.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
from jax import lax
from jax import numpy as jnp

from hublayer.lowering.correlate import Ints
from hublayer.lowering.pool import inside_share, lower_pooling, lowest
from hublayer.lowering.windows import Pads, output_sizes, pad_spatial, taps
from hublayer.lowering.xla_windows import reduced_along

# Each place of a window adds an operation to the program; large windows are reduced along one axis after another.
_MOST_TAPS = 25


def _reduce(x: Any, start: Any, function: Any, kernel: Ints, strides: Ints, pads: Pads) -> Any:
    # JAX differentiates the reduction if it knows that it begins with what is neutral: with NumPy's value, that is.
    neutral = np.array(start, x.dtype)
    return lax.reduce_window(x, neutral, function, (1, *kernel, 1), (1, *strides, 1), ((0, 0), *pads, (0, 0)))


def maximum(x: Any, kernel: Ints, strides: Ints, pads: Pads) -> Any:
    """The maximum of each window of `x`, channels last."""
    return _reduce(x, lowest(x), lax.max, kernel, strides, pads)


def average(x: Any, kernel: Ints, strides: Ints, pads: Pads) -> Any:
    """The mean of each window of `x`, channels last, over what lies inside the input."""
    return _mean(_reduce(x, 0, lax.add, kernel, strides, pads), x, kernel, strides, pads)


def _mean(total: Any, x: Any, kernel: Ints, strides: Ints, pads: Pads) -> Any:
    share = inside_share(x.shape[1:-1], kernel, strides, pads)
    count = math.prod(kernel) if share is None else jnp.asarray(share * math.prod(kernel), x.dtype)
    return total / count


def _reduce_on_cpu(
    x: Any, start: Any, function: Callable[[Any, Any], Any], kernel: Ints, strides: Ints, pads: Pads
) -> Any:
    x = pad_spatial(x, pads, start)
    if math.prod(kernel) > _MOST_TAPS:
        # The innermost axis first: so the first of equal numbers is the first in the order of memory.
        for axis in reversed(range(len(kernel))):
            x = reduced_along(x, axis + 1, kernel[axis], strides[axis], 1, lambda pair: [function(*pair)])
        return x
    ones = [1] * len(kernel)
    out = output_sizes(x.shape[1:-1], kernel, strides, ones, [(0, 0)] * len(kernel))
    result = None
    for _, view in taps(x, kernel, strides, ones, out):
        result = view if result is None else function(result, view)
    return result


def _larger(first: Any, second: Any) -> Any:
    # Of equal values the first gets the gradient, as in TensorFlow; jnp.maximum would share it out.
    return jnp.where((second > first) | (second != second), second, first)


def maximum_on_cpu(x: Any, kernel: Ints, strides: Ints, pads: Pads) -> Any:
    """The same as `maximum`, as a CPU is fast at it."""
    return _reduce_on_cpu(x, lowest(x), _larger, kernel, strides, pads)


def average_on_cpu(x: Any, kernel: Ints, strides: Ints, pads: Pads) -> Any:
    """The same as `average`, as a CPU is fast at it."""
    return _mean(_reduce_on_cpu(x, 0, lax.add, kernel, strides, pads), x, kernel, strides, pads)


lower_pooling(maximum, average, backend="jax")
lower_pooling(maximum_on_cpu, average_on_cpu, backend="jax", platform="cpu")
