"""Convolutions in jax.lax, without the padding copies of keras.ops.

On a CPU, XLA's convolution is slow for depthwise kernels and slower than a matrix product for 1×1 ones, so these become
shifted multiply-adds (32 ms → 0.6 ms for 3×3 on 56×56×96; with gradients 65 → 12) and products (batch 8: 1.3 → 0.6).
Its gradients of grouped convolutions take seconds (28×28×256 in 32 groups: 1,660 ms, as products 10), so those become
one convolution per group, or products of columns where the groups are many. Accelerators are right for all of these.
"""

from __future__ import annotations

import math
from functools import partial
from typing import Any

import jax
import numpy as np
from jax import lax
from jax import numpy as jnp

from hublayer.lowering.conv import lower_convolutions
from hublayer.lowering.correlate import Ints, filter_gradient, long_axis, transposed_pads, turned, windows_at_a_time
from hublayer.lowering.windows import Pads, output_sizes, pad_spatial, taps

# Each place of a window adds an operation to the program: beyond this, compiling takes longer than it saves.
_MOST_TAPS = 169
_MOST_SPLITS = 8
# XLA's products add one term after another as well: long sums are taken in blocks.
_BLOCK = 16


def convolve(x: Any, kernel: Any, strides: Ints, dilations: Ints, pads: Pads, first: bool) -> Any:
    """Grouped correlation of `x` with `kernel` (…, C / groups, M)."""
    return _lax(x, kernel, strides, dilations, pads, first, x.shape[1 if first else -1] // kernel.shape[-2])


def convolve_on_cpu(x: Any, kernel: Any, strides: Ints, dilations: Ints, pads: Pads, first: bool) -> Any:
    """The same, as a CPU is fast at it."""
    channels, space = x.shape[1 if first else -1], kernel.shape[:-2]
    groups = channels // kernel.shape[-2]
    if not kernel.size:
        return _lax(x, kernel, strides, dilations, pads, first, groups)
    if groups == 1 and math.prod(space) == 1:
        return _around(_product, x, kernel, strides, pads, first)
    if groups == channels > 1 and math.prod(space) <= _MOST_TAPS:
        return _around(partial(_shifted, dilations=dilations), x, kernel, strides, pads, first)
    axis = long_axis(kernel, dilations) if groups == 1 else None
    if axis is not None:
        y = _around(partial(_by_windows, axis=axis), x, kernel, strides, pads, first)
        if y is not None:
            return y
    if 1 < groups <= _MOST_SPLITS:
        parts = zip(jnp.split(x, groups, 1 if first else -1), jnp.split(kernel, groups, -1), strict=True)
        each = [convolve_on_cpu(part, weights, strides, dilations, pads, first) for part, weights in parts]
        return jnp.concatenate(each, 1 if first else -1)
    if 1 < groups < channels and math.prod(space) <= _MOST_TAPS:
        return _around(partial(_columns, dilations=dilations), x, kernel, strides, pads, first)
    return _lax(x, kernel, strides, dilations, pads, first, groups)


def _lax(
    x: Any, kernel: Any, strides: Ints, dilations: Ints, pads: Pads, first: bool, groups: int, spread: Any = None
) -> Any:
    axes = "DHW"[-len(strides) :]
    layout = f"NC{axes}" if first else f"N{axes}C"
    return lax.conv_general_dilated(
        x,
        kernel,
        window_strides=strides,
        padding=pads,
        lhs_dilation=spread,
        rhs_dilation=dilations,
        dimension_numbers=(layout, f"{axes}IO", layout),
        feature_group_count=groups,
    )


def _around(function: Any, x: Any, kernel: Any, strides: Ints, pads: Pads, first: bool) -> Any:
    x = pad_spatial(jnp.moveaxis(x, 1, -1) if first else x, pads)
    y = function(x, kernel, strides)
    return jnp.moveaxis(y, -1, 1) if first and y is not None else y


def _product(x: Any, kernel: Any, strides: Ints) -> Any:
    """A 1×1 convolution."""
    x = x[(slice(None), *(slice(None, None, stride) for stride in strides))]
    return jnp.matmul(x, kernel.reshape(kernel.shape[-2:]))


def _by_windows(x: Any, kernel: Any, strides: Ints, axis: int) -> Any:
    """A convolution along one axis as a product with its windows; None if they would be too large."""
    x = x[(slice(None), *(slice(None, None, 1 if i == axis else stride) for i, stride in enumerate(strides)))]
    size, stride = kernel.shape[axis], strides[axis]
    count = (x.shape[axis + 1] - size) // stride + 1
    numbers = math.prod(x.shape[1:]) // max(x.shape[axis + 1], 1) * max(count, 0) * size
    together = windows_at_a_time(numbers)
    if count < 1 or not together or not x.shape[0]:
        return None
    weights = jnp.moveaxis(kernel, axis, -3).reshape(size * kernel.shape[-2], kernel.shape[-1])
    rest = -len(weights) % _BLOCK
    weights = jnp.pad(weights, [(0, rest), (0, 0)]).reshape(-1, _BLOCK, kernel.shape[-1])
    places = np.arange(count)[:, None] * stride + np.arange(size)

    def product(example: Any) -> Any:
        windows = jnp.moveaxis(jnp.take(example, places, axis=axis), axis + 1, -2)  # (…, size, C)
        blocks = jnp.pad(windows.reshape(*windows.shape[:-2], -1), [(0, 0)] * (windows.ndim - 2) + [(0, rest)])
        return jnp.einsum("...bk,bko->...bo", blocks.reshape(*blocks.shape[:-1], -1, _BLOCK), weights).sum(-2)

    return jax.vmap(product)(x) if x.shape[0] <= together else lax.map(product, x, batch_size=together)


def _shifted(x: Any, kernel: Any, strides: Ints, dilations: Ints) -> Any:
    """A depthwise convolution: shifted inputs times one row of the filter each. XLA fuses them into one loop."""
    *space, _, outer = kernel.shape
    kernel = kernel.reshape(*space, x.shape[-1], -1)
    out = output_sizes(x.shape[1:-1], space, strides, dilations, [(0, 0)] * len(space))
    total: Any = 0
    for place, view in taps(x, space, strides, dilations, out):
        total = total + view[..., None] * kernel[place]
    return total.reshape(*total.shape[:-2], outer)


def _columns(x: Any, kernel: Any, strides: Ints, dilations: Ints) -> Any:
    """A grouped convolution: the windows of each group side by side, times its filters."""
    *space, inner, outer = kernel.shape
    groups = x.shape[-1] // inner
    out = output_sizes(x.shape[1:-1], space, strides, dilations, [(0, 0)] * len(space))
    views = [view.reshape(*view.shape[:-1], groups, inner) for _, view in taps(x, space, strides, dilations, out)]
    columns = jnp.concatenate(views, -1)
    weights = kernel.reshape(columns.shape[-1], groups, outer // groups)
    y = jnp.einsum("...gk,kgo->...go", columns, weights)
    return y.reshape(*y.shape[:-2], outer)


def transposed(
    g: Any, kernel: Any, sizes: Ints, strides: Ints, dilations: Ints, pads: Pads, first: bool, groups: int
) -> Any:
    """The gradient of `convolve` for its input, which had the spatial `sizes`."""
    have = [
        (size - 1) * stride + 1 for size, stride in zip(g.shape[2:] if first else g.shape[1:-1], strides, strict=True)
    ]
    edges = transposed_pads(have, sizes, kernel.shape[:-2], dilations, pads)
    ones = [1] * len(sizes)
    return _lax(g, turned(kernel, groups), ones, dilations, edges, first, groups, spread=strides)


lower_convolutions(convolve, transposed, filter_gradient, backend="jax")
lower_convolutions(convolve_on_cpu, transposed, filter_gradient, backend="jax", platform="cpu")
