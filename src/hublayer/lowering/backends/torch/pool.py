"""Pooling in torch.nn.functional, without the padding copies of keras.ops where PyTorch can pad itself."""

from __future__ import annotations

import math
from typing import Any

import torch
from torch.nn import functional

from hublayer.lowering.backends.torch.conv import flat_pads, to_first, to_last
from hublayer.lowering.backends.torch.tensors import empty_of, through_float32
from hublayer.lowering.correlate import Ints
from hublayer.lowering.pool import inside_share, lower_pooling
from hublayer.lowering.windows import Pads, output_sizes

_MAX = {1: functional.max_pool1d, 2: functional.max_pool2d, 3: functional.max_pool3d}
_AVERAGE = {1: functional.avg_pool1d, 2: functional.avg_pool2d, 3: through_float32(functional.avg_pool3d)}


def _own_padding(sizes: Ints, kernel: Ints, strides: Ints, pads: Pads) -> bool:
    """Whether the padding before, with the last windows cut off (ceil_mode), gives TensorFlow's windows."""
    return all(
        2 * before <= k
        and 0 <= after - before < stride
        and math.ceil((size + 2 * before - k) / stride) == (size + before + after - k) // stride
        for size, k, stride, (before, after) in zip(sizes, kernel, strides, pads, strict=True)
    )


def _nothing(x: torch.Tensor, kernel: Ints, strides: Ints, pads: Pads) -> torch.Tensor | None:
    """The empty result where the window is wider than the padded input, for which PyTorch would raise; else None."""
    sizes = output_sizes(x.shape[1:-1], kernel, strides, [1] * len(pads), pads)
    return None if all(sizes) else empty_of((x.shape[0], *sizes, x.shape[-1]), x)


def maximum(x: torch.Tensor, kernel: Ints, strides: Ints, pads: Pads) -> Any:
    """The maximum of each window of `x`, channels last."""
    if (nothing := _nothing(x, kernel, strides, pads)) is not None:
        return nothing
    whole = not x.is_floating_point()
    y = to_first(x).double() if whole else to_first(x)
    own = _own_padding(y.shape[2:], kernel, strides, pads)
    if not own:
        y = functional.pad(y, flat_pads(pads), value=-math.inf)
    padding = [before for before, _ in pads] if own else 0
    y = to_last(_MAX[len(pads)](y, list(kernel), list(strides), padding, ceil_mode=own))
    return y.to(x.dtype) if whole else y


def average(x: torch.Tensor, kernel: Ints, strides: Ints, pads: Pads) -> Any:
    """The mean of each window of `x`, channels last, over what lies inside the input."""
    if (nothing := _nothing(x, kernel, strides, pads)) is not None:
        return nothing
    pool, y = _AVERAGE[len(pads)], to_first(x)
    # avg_pool3d refuses a window wider than the image, whatever the padding.
    fits = len(pads) < 3 or all(k <= size for k, size in zip(kernel, y.shape[2:], strict=True))
    if fits and _own_padding(y.shape[2:], kernel, strides, pads):
        padding = [before for before, _ in pads]
        return to_last(pool(y, list(kernel), list(strides), padding, True, False))
    return padded_average(x, kernel, strides, pads)


def padded_average(x: torch.Tensor, kernel: Ints, strides: Ints, pads: Pads) -> Any:
    """The same, of a padded copy.

    On CUDA PyTorch 2.11's own padding (count_include_pad=False, channels last) gives wrong gradients.
    """
    if (nothing := _nothing(x, kernel, strides, pads)) is not None:
        return nothing
    pool, y = _AVERAGE[len(pads)], functional.pad(to_first(x), flat_pads(pads))
    y = to_last(pool(y, list(kernel), list(strides)))
    share = inside_share(x.shape[1:-1], kernel, strides, pads)
    return y if share is None else y / torch.as_tensor(share, dtype=x.dtype, device=x.device)


lower_pooling(maximum, average, backend="torch")
lower_pooling(maximum, padded_average, backend="torch", platform="cuda")
