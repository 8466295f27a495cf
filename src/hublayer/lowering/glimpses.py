"""Windows of images (N, H, W, C) around given places, and noise where they reach beyond the image."""

from __future__ import annotations

from typing import Any

from hublayer.lowering import random
from hublayer.lowering.dtypes import cast
from hublayer.lowering.execute import Run
from hublayer.lowering.registry import Static, lowers
from hublayer.lowering.taking import take
from hublayer.lowering.windows import ops, tensor


def _noise(run: Run, x: Any, shape: tuple[int, ...], kind: str) -> Any:
    """Noise between the least and the greatest pixel of each image; normal noise has the pixels' mean and deviation."""
    if kind == "zero":
        return ops.zeros(shape, dtype="float32")
    axes = (1, 2, 3)
    least, most = (reduce(x, axis=axes, keepdims=True) for reduce in (ops.min, ops.max))
    if kind == "gaussian":
        mean = ops.mean(x, axis=axes, keepdims=True)
        deviation = ops.sqrt(ops.mean(ops.square(x - mean), axis=axes, keepdims=True))
        drawn = mean + deviation * _floats(random.keras_random.normal, run, shape)
        return ops.stop_gradient(ops.minimum(ops.maximum(drawn, least), most))
    return ops.stop_gradient(least + (most - least) * _floats(random.keras_random.uniform, run, shape))


def _floats(draw: Any, run: Run, shape: tuple[int, ...]) -> Any:
    return draw(shape, dtype="float32", seed=random.new_seed(run))


def _extracted(
    run: Run, input: Any, size: Any, offsets: Any, centered: bool, normalized: bool, kind: str, second: bool
) -> Any:
    x = tensor(input)
    places = cast(tensor(offsets), "float32")
    inside, index = [], []
    for axis, window in enumerate(size.tolist()):
        length = x.shape[axis + 1]
        start = places[:, axis] * length if normalized else places[:, axis]
        if centered and (normalized or not second):
            start = start / 2 + length / 2
        elif centered:
            start = start + length / 2
        # The second version takes an offset for the window's middle only if it is normalised and centred.
        if not second or (centered and normalized):
            start = start - window / 2
        at = cast(ops.trunc(start), "int32")[:, None] + ops.arange(window, dtype="int32")
        inside.append((at >= 0) & (at < length))
        index.append(ops.clip(at, 0, length - 1))
    batch, height, width, channels = x.shape
    image = ops.arange(batch, dtype="int32")[:, None, None]
    flat = (image * height + index[0][:, :, None]) * width + index[1][:, None, :]
    found = take(ops.reshape(x, (batch * height * width, channels)), flat, axis=0)
    valid = (inside[0][:, :, None] & inside[1][:, None, :])[..., None]
    return ops.where(valid, found, _noise(run, x, tuple(found.shape), kind))


@lowers("ExtractGlimpse")
def extract_glimpse(
    run: Run,
    input: Any,
    size: Static,
    offsets: Any,
    *,
    centered: bool = True,
    normalized: bool = True,
    uniform_noise: bool = True,
    noise: str = "uniform",
) -> Any:
    """Windows of the size (height, width) with their middles at `offsets`: (N, 2), y and x.

    normalized: offsets are parts of the image; centered: they count from its middle, two to its size. The kernel asks
    `noise` alone, whatever uniform_noise says.
    """
    return _extracted(run, input, size, offsets, centered, normalized, noise, False)


@lowers("ExtractGlimpseV2")
def extract_glimpse_v2(
    run: Run,
    input: Any,
    size: Static,
    offsets: Any,
    *,
    centered: bool = True,
    normalized: bool = True,
    uniform_noise: bool = True,
    noise: str = "uniform",
) -> Any:
    """ExtractGlimpse whose offsets, unless both normalised and centred, are those of the window's upper left corner."""
    return _extracted(run, input, size, offsets, centered, normalized, noise, True)
