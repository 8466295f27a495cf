"""Batch normalisation and local response normalisation."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from hublayer.lowering.dtypes import cast, dtype_of
from hublayer.lowering.registry import lowers
from hublayer.lowering.windows import channels_first, ops, tensor

Normalise = Callable[[Any, Any, Any, Any, Any, float, int], Any]


def normalise(x: Any, scale: Any, offset: Any, mean: Any, variance: Any, epsilon: float, axis: int) -> Any:
    """x · factor + shift by channels on `axis`; both are as small as the channels, so `x` is read once."""
    factor = ops.multiply(scale, ops.rsqrt(ops.add(variance, epsilon)))
    shift = ops.subtract(offset, ops.multiply(mean, factor))
    if axis != -1:
        sides = [1] * (len(x.shape) - 2)
        factor, shift = (ops.reshape(v, (-1, *sides)) for v in (factor, shift))
    return cast(ops.add(ops.multiply(cast(x, dtype_of(factor)), factor), shift), dtype_of(x))


def moments(x: Any, dtype: str, axis: int) -> tuple[Any, Any, int]:
    """Mean and biased variance of `x` by channels, computed in `dtype`, and how many values each comes from."""
    x = cast(x, dtype)
    axes = [i for i in range(len(x.shape)) if i != axis % len(x.shape)]
    mean = ops.mean(x, axis=axes, keepdims=True)
    variance = ops.mean(ops.square(ops.subtract(x, mean)), axis=axes)
    return ops.reshape(mean, (-1,)), variance, math.prod(x.shape[i] for i in axes)


def lower_batch_norm(normalise: Normalise, backend: str | None = None) -> None:
    """Register FusedBatchNorm and its later versions, whose last step is `normalise`.

    The outputs are y, mean and variance to keep, and what TensorFlow's gradient reserves; gradients go through y only.
    """

    @lowers("FusedBatchNormV2", backend=backend)
    def fused_batch_norm(
        x: Any,
        scale: Any,
        offset: Any,
        mean: Any,
        variance: Any,
        *,
        U: str = "float32",
        epsilon: float = 1e-4,
        exponential_avg_factor: float = 1.0,
        data_format: str = "NHWC",
        is_training: bool = True,
    ) -> tuple[Any, ...]:
        """Normalise by the batch's statistics (and give them, averaged into the given ones), or by the given ones."""
        x, scale, offset, mean, variance = (tensor(v) for v in (x, scale, offset, mean, variance))
        axis = 1 if channels_first(data_format) else -1
        if not is_training:
            return normalise(x, scale, offset, mean, variance, epsilon, axis), mean, variance, mean, variance
        batch_mean, biased, count = moments(x, dtype_of(scale), axis)
        y = normalise(x, scale, offset, batch_mean, biased, epsilon, axis)
        batch_mean, biased = ops.stop_gradient(batch_mean), ops.stop_gradient(biased)
        kept_mean, kept_variance = batch_mean, ops.multiply(biased, count / max(count - 1, 1))
        if exponential_avg_factor != 1:
            factor = exponential_avg_factor
            kept_mean = ops.add(ops.multiply(mean, 1 - factor), ops.multiply(kept_mean, factor))
            kept_variance = ops.add(ops.multiply(variance, 1 - factor), ops.multiply(kept_variance, factor))
        return y, ops.stop_gradient(kept_mean), ops.stop_gradient(kept_variance), batch_mean, biased

    @lowers("FusedBatchNorm", backend=backend)
    def fused_batch_norm_v1(
        x: Any,
        scale: Any,
        offset: Any,
        mean: Any,
        variance: Any,
        *,
        epsilon: float = 1e-4,
        exponential_avg_factor: float = 1.0,
        data_format: str = "NHWC",
        is_training: bool = True,
    ) -> tuple[Any, ...]:
        """FusedBatchNormV2 whose statistics have the dtype of x."""
        return fused_batch_norm(
            x,
            scale,
            offset,
            mean,
            variance,
            epsilon=epsilon,
            exponential_avg_factor=exponential_avg_factor,
            data_format=data_format,
            is_training=is_training,
        )

    @lowers("FusedBatchNormV3", backend=backend)
    def fused_batch_norm_v3(
        x: Any,
        scale: Any,
        offset: Any,
        mean: Any,
        variance: Any,
        *,
        U: str = "float32",
        epsilon: float = 1e-4,
        exponential_avg_factor: float = 1.0,
        data_format: str = "NHWC",
        is_training: bool = True,
    ) -> tuple[Any, ...]:
        """FusedBatchNormV2, and space that its gradient needs on GPUs only: empty."""
        outputs = fused_batch_norm(
            x,
            scale,
            offset,
            mean,
            variance,
            epsilon=epsilon,
            exponential_avg_factor=exponential_avg_factor,
            data_format=data_format,
            is_training=is_training,
        )
        shape = () if len(data_format) == 5 else (0,)
        return *outputs, ops.zeros(shape, dtype=dtype_of(outputs[1]))


lower_batch_norm(normalise)


@lowers("BatchNormWithGlobalNormalization")
def batch_norm_with_global_normalization(
    t: Any, m: Any, v: Any, beta: Any, gamma: Any, *, variance_epsilon: float, scale_after_normalization: bool
) -> Any:
    """(t - m) / sqrt(v + epsilon), times gamma if scale_after_normalization, plus beta."""
    t, m, v, beta, gamma = (tensor(value) for value in (t, m, v, beta, gamma))
    scale = gamma if scale_after_normalization else ops.ones_like(gamma)
    return normalise(t, scale, beta, m, v, variance_epsilon, -1)


@lowers("LRN")
def local_response_normalization(
    input: Any, *, depth_radius: int = 5, bias: float = 1.0, alpha: float = 1.0, beta: float = 0.5
) -> Any:
    """Divide by (bias + alpha · sum of squares of the channels at most depth_radius away) ** beta."""
    x = tensor(input)
    channels = x.shape[-1]
    squares = ops.pad(ops.square(x), [(0, 0)] * (len(x.shape) - 1) + [(depth_radius, depth_radius)])
    near = sum(squares[..., i : i + channels] for i in range(2 * depth_radius + 1))
    return ops.multiply(x, ops.power(ops.add(ops.multiply(near, alpha), bias), -beta))
