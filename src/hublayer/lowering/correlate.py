"""What every convolution is: a grouped correlation, its gradient for the input, or its gradient for the filter."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from hublayer.lowering.windows import Pads, ops, pad_spatial, span, taps

Ints = Sequence[int]


# A sum of so many terms loses digits where they are added one after another, as convolutions of few channels do.
_LONG_SUM, _FEW_CHANNELS = 128, 4
# So many numbers of windows are laid out at a time: 64 MB of float32.
_MOST_NUMBERS = 1 << 24


def long_axis(kernel: Any, dilations: Ints) -> int | None:
    """The only axis along which a filter (…, C, M) for audio extends; None if it is not such a filter.

    As products with windows its convolution is ten times as accurate. What follows may take logarithms of differences
    near zero, as spectrograms do.
    """
    *space, channels, _ = kernel.shape
    size = max(space)
    few = channels <= _FEW_CHANNELS and size * channels >= _LONG_SUM and math.prod(space) == size
    return space.index(size) if few and max(dilations) == 1 else None


def windows_at_a_time(numbers: int) -> int:
    """How many examples' windows, of so many numbers each, are laid out at a time; 0 if one is too large."""
    return _MOST_NUMBERS // max(numbers, 1)


def convolve(x: Any, kernel: Any, strides: Ints, dilations: Ints, pads: Pads, first: bool) -> Any:
    """Grouped correlation of `x` with `kernel` (…, C / groups, M). first: the channels are axis 1, not the last."""
    return ops.conv(
        pad_spatial(x, pads, first=first),
        kernel,
        strides=tuple(strides),
        padding="valid",
        data_format="channels_first" if first else "channels_last",
        dilation_rate=tuple(dilations),
    )


def transposed(
    g: Any, kernel: Any, sizes: Ints, strides: Ints, dilations: Ints, pads: Pads, first: bool, groups: int
) -> Any:
    """The gradient of `convolve` for its input, which had the spatial `sizes`: a correlation of spread-out `g`."""
    g = _spread(ops.moveaxis(g, 1, -1) if first else g, strides)
    spread = g.shape[1:-1]
    edges = transposed_pads(spread, sizes, kernel.shape[:-2], dilations, pads)
    cut = [slice(max(-before, 0), size - max(-after, 0)) for (before, after), size in zip(edges, spread, strict=True)]
    edges = [(max(before, 0), max(after, 0)) for before, after in edges]
    ones = [1] * len(sizes)
    x = convolve(g[(slice(None), *cut)], turned(kernel, groups), ones, dilations, edges, False)
    return ops.moveaxis(x, -1, 1) if first else x


def transposed_pads(spread: Ints, sizes: Ints, kernel: Ints, dilations: Ints, pads: Pads) -> Pads:
    """Zeros around a gradient (spread out to the sizes `spread`) so that its correlation has `sizes`; may be < 0."""
    edges = []
    for have, size, k, dilation, (before, _) in zip(spread, sizes, kernel, dilations, pads, strict=True):
        left = span(k, dilation) - 1 - before
        edges.append((left, size + span(k, dilation) - 1 - left - have))
    return edges


def turned(kernel: Any, groups: int) -> Any:
    """The filter that goes from outputs back to inputs: flipped in space, channels exchanged within each group."""
    *space, inner, outer = kernel.shape
    n = len(space)
    kernel = ops.flip(kernel, axis=tuple(range(n)))
    kernel = ops.reshape(kernel, (*space, inner, groups, outer // groups))
    kernel = ops.transpose(kernel, (*range(n), n + 2, n + 1, n))
    return ops.reshape(kernel, (*space, outer // groups, groups * inner))


def _spread(g: Any, strides: Ints) -> Any:
    """`g`, channels last, with strides - 1 zeros between neighbours."""
    for axis, stride in enumerate(strides, 1):
        if stride > 1:
            *before, size = g.shape[: axis + 1]
            after = g.shape[axis + 1 :]
            rest = math.prod(after)
            g = ops.pad(ops.reshape(g, (*before, size, 1, rest)), [(0, 0)] * (axis + 1) + [(0, stride - 1), (0, 0)])
            g = ops.reshape(g, (*before, size * stride, *after))
            g = g[(*[slice(None)] * axis, slice(0, (size - 1) * stride + 1))]
    return g


def filter_gradient(x: Any, g: Any, kernel_shape: Ints, strides: Ints, dilations: Ints, pads: Pads, first: bool) -> Any:
    """The gradient of `convolve` for its kernel: at each place of the window, the product over all positions."""
    x, g = (ops.moveaxis(x, 1, -1), ops.moveaxis(g, 1, -1)) if first else (x, g)
    *space, inner, outer = kernel_shape
    groups = x.shape[-1] // inner
    g = ops.reshape(g, (*g.shape[:-1], groups, outer // groups))
    rows = []
    for _, view in taps(pad_spatial(x, pads), space, strides, dilations, g.shape[1:-2]):
        view = ops.reshape(view, (*view.shape[:-1], groups, inner))
        product = ops.einsum("ngi,ngo->igo", *(ops.reshape(v, (-1, *v.shape[-2:])) for v in (view, g)))
        rows.append(ops.reshape(product, (inner, outer)))
    return ops.reshape(ops.stack(rows), tuple(kernel_shape))
