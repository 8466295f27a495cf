"""Quantisation simulated in floats: values on the grid of a few bits, with straight-through gradients."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from hublayer.lowering.keras_ops import ops
from hublayer.lowering.passthrough import stop_gradient
from hublayer.lowering.registry import Static, lowers
from hublayer.lowering.straight_through import straight_through
from hublayer.lowering.windows import tensor


def lower_fake_quantization(
    divided: Callable[[Any, Any], Any], rounded: Callable[[Any], Any], backend: str | None = None
) -> None:
    """Register FakeQuant, in the float32 arithmetic of TensorFlow's kernels, whose roundings decide at ties.

    divided: a division that no compiler replaces by a product with the inverse. rounded: what keeps a compiler from
    merging a product with the sum that it goes into.
    """

    def nudged(low: Any, high: Any, bits: int, narrow: bool) -> tuple[Any, Any, Any, Any]:
        """The bounds moved so that zero is on the grid, the grid's step, and the number of steps over the range."""
        known = isinstance(low, np.ndarray) and isinstance(high, np.ndarray)
        xp, divide, hold = (np, np.divide, np.asarray) if known else (ops, divided, rounded)
        first, last = np.float32(narrow), np.float32(2**bits - 1)
        steps, width = last - first, xp.subtract(high, low)
        step = divide(width, steps)
        place = xp.floor(xp.add(xp.subtract(first, divide(low, step)), np.float32(0.5)))
        zero = xp.clip(place, first, last)
        bottom, top = (hold(xp.multiply(xp.subtract(end, zero), step)) for end in (first, last))
        return bottom, top, step, divide(steps, width)

    def quantized(x: Any, low: Any, high: Any, bits: int, narrow: bool, divides: bool) -> Any:
        """`x` on the grid. What lies outside has no gradient for `x`, but one for the bound that it is moved to.

        divides: whether the kernel divides by the step, or multiplies by the steps of the range over its width.
        """
        x, fixed_low, fixed_high = tensor(x), stop_gradient(low), stop_gradient(high)
        nothing, safe = _safe(fixed_low, fixed_high)
        bottom, top, step, density = (tensor(value) for value in nudged(fixed_low, safe, bits, narrow))
        low, high, nothing = tensor(low), tensor(high), tensor(nothing)

        def places(distance: Any) -> Any:
            return divided(distance, step) if divides else rounded(ops.multiply(distance, density))

        half = np.float32(0.5)
        zero = ops.floor(ops.add(places(ops.negative(bottom)), half))
        moved = places(ops.subtract(ops.maximum(ops.minimum(ops.stop_gradient(x), top), bottom), bottom))
        grid = ops.multiply(ops.floor(ops.add(ops.subtract(moved, zero), half)), step)
        grid = ops.where(nothing, ops.zeros_like(grid), grid)
        # Nothing lies inside of bounds that are no numbers, or infinite: then nothing has a gradient.
        inside = ops.logical_and(ops.greater_equal(x, bottom), ops.less_equal(x, top))
        source = ops.where(ops.logical_or(inside, nothing), x, ops.stop_gradient(x))
        source = ops.where(ops.less(x, bottom), low, ops.where(ops.greater(x, top), high, source))
        return straight_through(ops.where(nothing, x, source), grid)

    @lowers("FakeQuantWithMinMaxArgs", backend=backend)
    def fake_quant_with_min_max_args(
        inputs: Any, *, min: float = -6.0, max: float = 6.0, num_bits: int = 8, narrow_range: bool = False
    ) -> Any:
        """`inputs` on a grid of 2 ** num_bits values (narrow_range: one less) from about `min` to about `max`."""
        return quantized(inputs, np.array(min, np.float32), np.array(max, np.float32), num_bits, narrow_range, False)

    @lowers("FakeQuantWithMinMaxVars", backend=backend)
    def fake_quant_with_min_max_vars(
        inputs: Any, min: Any, max: Any, *, num_bits: int = 8, narrow_range: bool = False
    ) -> Any:
        """As FakeQuantWithMinMaxArgs, with bounds that are computed."""
        return quantized(inputs, min, max, num_bits, narrow_range, True)

    @lowers("FakeQuantWithMinMaxVarsPerChannel", backend=backend)
    def fake_quant_with_min_max_vars_per_channel(
        inputs: Any, min: Any, max: Any, *, num_bits: int = 8, narrow_range: bool = False
    ) -> Any:
        """As FakeQuantWithMinMaxVars, with bounds (channels,) of each element of the last axis."""
        return quantized(inputs, min, max, num_bits, narrow_range, False)

    def parts(gradients: Any, inputs: Any, low: Any, high: Any, bits: int, narrow: bool) -> tuple[Any, Any, Any]:
        """The gradient where the input lies inside, below and above; zero elsewhere."""
        g, x = tensor(gradients), tensor(inputs)
        nothing, safe = _safe(low, high)
        bottom, top, *_ = nudged(low, safe, bits, narrow)
        nothing, zero = tensor(nothing), ops.zeros_like(g)
        inside = ops.logical_and(ops.greater_equal(x, bottom), ops.less_equal(x, top))
        below = ops.where(ops.logical_and(ops.less(x, bottom), ops.logical_not(nothing)), g, zero)
        above = ops.where(ops.logical_and(ops.greater(x, top), ops.logical_not(nothing)), g, zero)
        return ops.where(ops.logical_or(inside, nothing), g, zero), below, above

    @lowers("FakeQuantWithMinMaxArgsGradient", backend=backend)
    def fake_quant_with_min_max_args_gradient(
        gradients: Any,
        inputs: Any,
        *,
        min: float = -6.0,
        max: float = 6.0,
        num_bits: int = 8,
        narrow_range: bool = False,
    ) -> Any:
        """The gradient where the input lies inside the range."""
        bounds = np.array(min, np.float32), np.array(max, np.float32)
        return parts(gradients, inputs, *bounds, num_bits, narrow_range)[0]

    @lowers("FakeQuantWithMinMaxVarsGradient", "FakeQuantWithMinMaxVarsPerChannelGradient", backend=backend)
    def fake_quant_with_min_max_vars_gradient(
        gradients: Any, inputs: Any, min: Any, max: Any, *, num_bits: int = 8, narrow_range: bool = False
    ) -> tuple[Any, Any, Any]:
        """The gradient for the input, and what falls to the bounds, summed over all but their axes."""
        inside, below, above = parts(gradients, inputs, min, max, num_bits, narrow_range)
        axes = tuple(range(len(inside.shape) - len(min.shape)))
        return inside, ops.sum(below, axis=axes), ops.sum(above, axis=axes)


lower_fake_quantization(ops.divide, lambda x: x)


def _safe(low: Any, high: Any) -> tuple[Any, Any]:
    """Whether the range is nothing but zero, and an upper bound that is not zero then."""
    if isinstance(low, np.ndarray) and isinstance(high, np.ndarray):
        nothing = np.asarray((low == 0) & (high == 0))
        return nothing, np.where(nothing, np.float32(1), high)
    nothing = ops.logical_and(ops.equal(low, 0), ops.equal(high, 0))
    return nothing, ops.where(nothing, ops.ones_like(high), high)


def _shaped(bound: Any, x: Any, axis: int) -> Any:
    """A bound of each slice along `axis` in a shape that broadcasts to `x`."""
    bound = tensor(bound)
    if axis < 0 or not len(bound.shape):
        return ops.reshape(bound, [1] * len(x.shape))
    return ops.reshape(bound, [-1 if i == axis else 1 for i in range(len(x.shape))])


def _levels(x: Any, low: Any, high: Any, bits: int, signed: bool, narrow: bool, mode: str) -> tuple[Any, Any, Any]:
    """`x` on a grid through zero that covers the range, and the range that it covers."""
    first = -(2 ** (bits - 1)) + int(narrow) if signed else 0
    last = 2 ** (bits - 1) - 1 if signed else 2**bits - 1
    most = float(np.finfo(np.float32).max)

    def scale_of(level: int, bound: Any) -> Any:
        reached = ops.greater(ops.multiply(bound, float(level)), 0)
        safe = ops.where(reached, bound, ops.ones_like(bound))
        return ops.where(reached, ops.divide(float(level), safe), ops.full_like(bound, most))

    of_low, of_high = scale_of(first, low), scale_of(last, high)
    by_low = ops.less(of_low, of_high)
    scale = ops.where(by_low, of_low, of_high)
    inverse = ops.where(by_low, ops.divide(low, float(first or 1)), ops.divide(high, float(last)))
    low = ops.where(by_low, low, ops.multiply(inverse, float(first)))
    high = ops.where(by_low, ops.multiply(inverse, float(last)), high)
    scaled = ops.multiply(ops.minimum(ops.maximum(x, low), high), scale)
    rounded = ops.floor(ops.add(scaled, 0.5)) if mode == "HALF_UP" else ops.round(scaled)
    return ops.multiply(rounded, inverse), low, high


def _bounds(x: Any, low: Any, high: Any, given: bool, axis: int) -> tuple[Any, Any]:
    if given:
        return _shaped(low, x, axis), _shaped(high, x, axis)
    axes = tuple(i for i in range(len(x.shape)) if i != axis or axis < 0)
    return ops.min(x, axis=axes, keepdims=True), ops.max(x, axis=axes, keepdims=True)


@lowers("QuantizeAndDequantizeV2")
def quantize_and_dequantize_v2(
    input: Any,
    input_min: Any,
    input_max: Any,
    *,
    signed_input: bool = True,
    num_bits: int = 8,
    range_given: bool = False,
    round_mode: str = "HALF_TO_EVEN",
    narrow_range: bool = False,
    axis: int = -1,
) -> Any:
    """`input` on a grid of num_bits through zero, over the given range or its own; the gradient passes unchanged."""
    x = tensor(input)
    bounds = _bounds(x, input_min, input_max, range_given, axis)
    return straight_through(x, _levels(x, *bounds, num_bits, signed_input, narrow_range, round_mode)[0])


@lowers("QuantizeAndDequantizeV3")
def quantize_and_dequantize_v3(
    input: Any,
    input_min: Any,
    input_max: Any,
    num_bits: Static,
    *,
    signed_input: bool = True,
    range_given: bool = True,
    narrow_range: bool = False,
    axis: int = -1,
) -> Any:
    """QuantizeAndDequantizeV2 with the number of bits as an input."""
    x = tensor(input)
    bounds = _bounds(x, input_min, input_max, range_given, axis)
    return straight_through(x, _levels(x, *bounds, int(num_bits), signed_input, narrow_range, "HALF_TO_EVEN")[0])


@lowers("QuantizeAndDequantizeV4")
def quantize_and_dequantize_v4(
    input: Any,
    input_min: Any,
    input_max: Any,
    *,
    signed_input: bool = True,
    num_bits: int = 8,
    range_given: bool = False,
    round_mode: str = "HALF_TO_EVEN",
    narrow_range: bool = False,
    axis: int = -1,
) -> Any:
    """QuantizeAndDequantizeV2 whose gradient passes between input_min and input_max only, as in TensorFlow."""
    x = tensor(input)
    bounds = _bounds(x, input_min, input_max, range_given, axis)
    value = _levels(x, *bounds, num_bits, signed_input, narrow_range, round_mode)[0]
    low, high = (ops.stop_gradient(_shaped(bound, x, axis)) for bound in (input_min, input_max))
    inside = ops.logical_and(ops.greater_equal(x, low), ops.less_equal(x, high))
    return straight_through(ops.where(inside, x, ops.stop_gradient(x)), value)
