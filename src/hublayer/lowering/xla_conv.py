"""XLA's convolution: any order of axes, a dilated input, negative paddings, groups of features or of batches."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from hublayer.lowering import correlate
from hublayer.lowering.dtypes import cast
from hublayer.lowering.registry import Static, lowers
from hublayer.lowering.windows import ops, tensor
from hublayer.lowering.xla_dimension_numbers import Convolution
from hublayer.lowering.xla_pad import pad


def convolution(
    convolve: Callable[..., Any],
    lhs: Any,
    rhs: Any,
    strides: Sequence[int],
    padding: Sequence[Sequence[int]],
    lhs_dilation: Sequence[int],
    rhs_dilation: Sequence[int],
    batch_groups: int,
    dims: Convolution,
) -> Any:
    """The correlation of `lhs` with `rhs`, in groups of features where the filter has fewer than the input.

    convolve: as hublayer.lowering.correlate has it.
    """
    x = ops.transpose(lhs, (dims.lhs[0], *dims.lhs[2:], dims.lhs[1]))
    kernel = ops.transpose(rhs, (*dims.rhs[2:], dims.rhs[1], dims.rhs[0]))
    if batch_groups > 1:
        # Each group of the batch meets its own output features: as groups of input features, that is what they do.
        batch, *space, features = x.shape
        x = ops.moveaxis(ops.reshape(x, (batch_groups, batch // batch_groups, *space, features)), 0, -2)
        x = ops.reshape(x, (batch // batch_groups, *space, batch_groups * features))
    if any(d > 1 for d in lhs_dilation) or any(side < 0 for pair in padding for side in pair):
        low, high = zip(*padding, strict=True)
        x = pad(x, 0, (0, *low, 0), (0, *high, 0), (0, *(d - 1 for d in lhs_dilation), 0))
        padding = [(0, 0)] * len(padding)
    y = convolve(x, kernel, list(strides), list(rhs_dilation), [tuple(pair) for pair in padding], False)
    order = (dims.out[0], *dims.out[2:], dims.out[1])
    return ops.transpose(y, [order.index(axis) for axis in range(len(order))])


def lower_xla_convolutions(
    convolve: Callable[..., Any], backend: str | None = None, platform: str | None = None
) -> None:
    """Register XLA's convolutions, computed by the given function."""

    @lowers("XlaConv", backend=backend, platform=platform, decode={"dimension_numbers": Convolution.parse})
    def xla_conv(
        lhs: Any,
        rhs: Any,
        window_strides: Static,
        padding: Static,
        lhs_dilation: Static,
        rhs_dilation: Static,
        feature_group_count: Static,
        *,
        dimension_numbers: Convolution,
        precision_config: str | bytes,
    ) -> Any:
        """The convolution of ConvolutionDimensionNumbers, in full precision."""
        steps = (window_strides, padding.reshape(-1, 2), lhs_dilation, rhs_dilation)
        return convolution(convolve, tensor(lhs), tensor(rhs), *map(np.ndarray.tolist, steps), 1, dimension_numbers)

    @lowers("XlaConvV2", backend=backend, platform=platform, decode={"dimension_numbers": Convolution.parse})
    def xla_conv_v2(
        lhs: Any,
        rhs: Any,
        window_strides: Static,
        padding: Static,
        lhs_dilation: Static,
        rhs_dilation: Static,
        feature_group_count: Static,
        *,
        dimension_numbers: Convolution,
        precision_config: str | bytes,
        preferred_element_type: str,
        batch_group_count: int = 1,
    ) -> Any:
        """XlaConv computed and returned in `preferred_element_type`, by groups of the batch too."""
        steps = (window_strides, padding.reshape(-1, 2), lhs_dilation, rhs_dilation)
        x, kernel = (cast(tensor(side), preferred_element_type) for side in (lhs, rhs))
        y = convolution(convolve, x, kernel, *map(np.ndarray.tolist, steps), batch_group_count, dimension_numbers)
        return cast(y, preferred_element_type)


lower_xla_convolutions(correlate.convolve)
