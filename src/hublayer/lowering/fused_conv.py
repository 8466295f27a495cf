"""Convolutions with what comes before them in one op, as TensorFlow's graph transforms write them."""

from __future__ import annotations

from typing import Any

from hublayer.lowering.correlate import Ints
from hublayer.lowering.execute import Run
from hublayer.lowering.image import resize_bilinear
from hublayer.lowering.padding import mirror_pad
from hublayer.lowering.registry import Static, find_lowering, lowers
from hublayer.lowering.windows import ops, tensor


def _convolution(run: Run, x: Any, kernel: Any, strides: Ints, padding: str) -> Any:
    import keras

    conv2d = find_lowering("Conv2D", keras.config.backend(), run.platform)
    assert conv2d is not None
    return conv2d.function(x, kernel, strides=strides, padding=padding)


@lowers("FusedPadConv2D")
def fused_pad_conv2d(
    run: Run, input: Any, paddings: Static, filter: Any, *, mode: str, strides: Ints, padding: str
) -> Any:
    """Conv2D of `input` mirrored at its borders (MirrorPad)."""
    return _convolution(run, mirror_pad(tensor(input), paddings, mode=mode), tensor(filter), strides, padding)


@lowers("FusedResizeAndPadConv2D")
def fused_resize_and_pad_conv2d(
    run: Run,
    input: Any,
    size: Static,
    paddings: Static,
    filter: Any,
    *,
    resize_align_corners: bool = False,
    mode: str,
    strides: Ints,
    padding: str,
) -> Any:
    """Conv2D of `input` resized (ResizeBilinear) and then mirrored at its borders (MirrorPad)."""
    resized = ops.cast(resize_bilinear(input, size, align_corners=resize_align_corners), tensor(filter).dtype)
    return fused_pad_conv2d(run, resized, paddings, filter, mode=mode, strides=strides, padding=padding)
