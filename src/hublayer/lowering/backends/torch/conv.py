"""Convolutions in torch.nn.functional: NHWC tensors permuted to NCHW are channels_last there, so nothing is copied.

keras.ops.conv costs twice as much per call, and pads by a copy; symmetric padding goes to the convolution here.
A 1×1 convolution is a matrix product (14×14×384 to 64 channels: 0.13 ms → 0.05 ms).
"""

from __future__ import annotations

from functools import partial
from typing import Any

import torch
from torch.nn import functional

from hublayer.lowering.backends.torch.tensors import empty_of
from hublayer.lowering.conv import lower_convolutions
from hublayer.lowering.correlate import Ints, filter_gradient, long_axis, windows_at_a_time
from hublayer.lowering.windows import Pads, output_sizes, span

_CONVOLVE = {1: functional.conv1d, 2: functional.conv2d, 3: functional.conv3d}
_TRANSPOSE = {1: functional.conv_transpose1d, 2: functional.conv_transpose2d, 3: functional.conv_transpose3d}


def to_first(x: torch.Tensor) -> torch.Tensor:
    """A view of `x` with its last axis moved to the second place."""
    return x.permute(0, x.ndim - 1, *range(1, x.ndim - 1))


def to_last(x: torch.Tensor) -> torch.Tensor:
    """The inverse of `to_first`."""
    return x.permute(0, *range(2, x.ndim), 1)


def flat_pads(pads: Pads) -> list[int]:
    """Paddings as torch.nn.functional.pad takes them for the last axes: innermost first."""
    return [side for pair in reversed(pads) for side in pair]


def filters(kernel: torch.Tensor) -> torch.Tensor:
    """TensorFlow's filter (…, C, M) as PyTorch's (M, C, …)."""
    turned = kernel.permute(kernel.ndim - 1, kernel.ndim - 2, *range(kernel.ndim - 2))
    # A view of a single filter counts as channels_last, and slow_conv2d has no gradient for those.
    return turned.contiguous() if kernel.shape[-1] == 1 else turned


def _as_integers(x: torch.Tensor, dtype: torch.dtype) -> torch.Tensor:
    """Whole numbers in float64, in which PyTorch convolves integers, as integers that wrap around."""
    return x.to(torch.int64).to(dtype)


def convolve(
    x: torch.Tensor,
    kernel: torch.Tensor,
    strides: Ints,
    dilations: Ints,
    pads: Pads,
    first: bool,
    on_cpu: bool = False,
) -> Any:
    """Grouped correlation of `x` with `kernel` (…, C / groups, M). on_cpu: long filters as products with windows."""
    if not (x.is_floating_point() or x.is_complex()):
        y = convolve(x.double(), kernel.double(), strides, dilations, pads, first, on_cpu)
        return _as_integers(y, x.dtype)
    sizes = output_sizes(x.shape[2:] if first else x.shape[1:-1], kernel.shape[:-2], strides, dilations, pads)
    if not all(sizes):  # the filter reaches beyond the padded input, for which PyTorch would raise
        batch, channels = x.shape[0], kernel.shape[-1]
        return empty_of((batch, channels, *sizes) if first else (batch, *sizes, channels), x, kernel)
    pointwise = max(kernel.shape[:-2]) == max(strides) == 1 and x.shape[-1] == kernel.shape[-2]
    if pointwise and not first and not any(map(any, pads)):
        return torch.matmul(x, kernel.reshape(kernel.shape[-2:]))
    x = x if first else to_first(x)
    padding = [before for before, _ in pads]
    if any(before != after for before, after in pads):
        x, padding = functional.pad(x, flat_pads(pads)), [0] * len(pads)
    groups = x.shape[1] // kernel.shape[-2]
    axis = long_axis(kernel, dilations) if groups == 1 and on_cpu else None
    if axis is not None and not any(padding):
        y = _by_windows(x, kernel, strides, axis)
        if y is not None:
            return y if first else to_last(y)
    y = _CONVOLVE[len(pads)](x, filters(kernel), None, list(strides), padding, list(dilations), groups)
    return y if first else to_last(y)


def _by_windows(x: torch.Tensor, kernel: torch.Tensor, strides: Ints, axis: int) -> torch.Tensor | None:
    """A convolution of x (N, C, …) along one axis as a product with its windows; None if they would be too large."""
    x = x[(..., *(slice(None, None, 1 if i == axis else stride) for i, stride in enumerate(strides)))]
    size = kernel.shape[axis]
    windows = x.unfold(axis + 2, size, strides[axis]).movedim(1, -2)  # (N, …, C, size)
    together = windows_at_a_time(windows[:1].numel())
    if not together or not x.shape[0]:
        return None
    weights = kernel.movedim(axis, -2).reshape(-1, kernel.shape[-1])  # the axes of one place are gone
    parts = [part.flatten(-2) @ weights for part in windows.split(together)]
    return to_first(parts[0] if len(parts) == 1 else torch.cat(parts))


def transposed(
    g: torch.Tensor,
    kernel: torch.Tensor,
    sizes: Ints,
    strides: Ints,
    dilations: Ints,
    pads: Pads,
    first: bool,
    groups: int,
) -> Any:
    """The gradient of `convolve` for its input, which had the spatial `sizes`."""
    if not (g.is_floating_point() or g.is_complex()):
        x = transposed(g.double(), kernel.double(), sizes, strides, dilations, pads, first, groups)
        return _as_integers(x, g.dtype)
    g = g if first else to_first(g)
    # What the transposed convolution gives without padding is cut or filled to TensorFlow's sizes, by itself if it can.
    full = [(n - 1) * s + span(k, d) for n, s, k, d in zip(g.shape[2:], strides, kernel.shape, dilations, strict=False)]
    before = [pad for pad, _ in pads]
    more = [size - whole + 2 * pad for size, whole, pad in zip(sizes, full, before, strict=True)]
    own = all(0 <= extra < max(s, d) for extra, s, d in zip(more, strides, dilations, strict=True))
    x = _TRANSPOSE[len(pads)](
        g,
        filters(kernel),
        None,
        list(strides),
        before if own else 0,
        more if own else 0,
        groups,
        list(dilations),
    )
    if not own:
        edges = [(-pad, size + pad - whole) for size, whole, pad in zip(sizes, full, before, strict=True)]
        x = functional.pad(x, flat_pads(edges))
    return x if first else to_last(x)


convolve_on_cpu = partial(convolve, on_cpu=True)

lower_convolutions(convolve, transposed, filter_gradient, backend="torch")
lower_convolutions(convolve_on_cpu, transposed, filter_gradient, backend="torch", platform="cpu")
