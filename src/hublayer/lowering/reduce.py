"""Reductions, running totals, softmax and the losses over it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from hublayer.lowering.dtypes import backend_dtype, cast, dtype_of
from hublayer.lowering.elementwise import is_float, truncate_div
from hublayer.lowering.keras_ops import ops
from hublayer.lowering.registry import Static, lowers, lowers_table


def axes_of(x: Any, axes: np.ndarray) -> tuple[int, ...]:
    """The axes as non-negative numbers; none for an empty list."""
    rank = len(x.shape)
    return tuple(int(axis) % rank for axis in axes.ravel()) if rank else ()


def has_no_elements(x: Any) -> bool:
    """Whether `x` is known to be empty, so that a reduction has only initial values."""
    return 0 in tuple(x.shape)


def reduced_shape(x: Any, axes: tuple[int, ...], keep_dims: bool) -> tuple[int, ...]:
    """The shape after `axes` are reduced."""
    kept = (1 if i in axes else size for i, size in enumerate(x.shape) if keep_dims or i not in axes)
    return tuple(kept)


def lowest(dtype: str) -> Any:
    """The smallest value of a dtype: minus infinity of a float."""
    return -np.inf if "float" in dtype else np.iinfo(dtype).min


def highest(dtype: str) -> Any:
    """The largest value of a dtype: infinity of a float."""
    return np.inf if "float" in dtype else np.iinfo(dtype).max


def reduction(reduce: Callable[..., Any], initial: Callable[[str], Any] | None = None) -> Callable[..., Any]:
    """The lowering of a reduction by `reduce` of keras.ops, which keeps the dtype.

    initial: the result over no elements, by dtype, where `reduce` has none itself.
    """

    def lowering(input: Any, reduction_indices: Static, *, keep_dims: bool = False) -> Any:
        axes = axes_of(input, reduction_indices)
        if not axes:
            return ops.convert_to_tensor(input)
        dtype = backend_dtype(dtype_of(input))
        if initial is not None and has_no_elements(input):
            return cast(ops.full(reduced_shape(input, axes, keep_dims), initial(dtype), dtype=dtype), dtype)
        return cast(reduce(input, axis=axes, keepdims=keep_dims), dtype)

    return lowering


def _mean(x: Any, axis: tuple[int, ...], keepdims: bool) -> Any:
    if "complex" in dtype_of(x) and has_no_elements(x):
        return ops.sum(x, axis=axis, keepdims=keepdims)
    if is_float(x):
        return ops.mean(x, axis=axis, keepdims=keepdims)
    wide = backend_dtype("uint64" if dtype_of(x).startswith("u") else "int64")
    total = cast(ops.sum(cast(x, wide), axis=axis, keepdims=keepdims), wide)
    number = int(np.prod([x.shape[i] for i in axis]))
    return truncate_div(total, ops.convert_to_tensor(np.asarray(max(number, 1)), dtype=wide))


def _euclidean_norm(x: Any, axis: tuple[int, ...], keepdims: bool) -> Any:
    if is_float(x):
        return ops.sqrt(ops.sum(ops.multiply(x, ops.conj(x)), axis=axis, keepdims=keepdims))
    total = cast(ops.sum(ops.multiply(x, x), axis=axis, keepdims=keepdims), dtype_of(x))  # as wide as x, and no wider
    return ops.sqrt(ops.maximum(cast(total, "float64"), 0.0))


def _product(x: Any, axis: tuple[int, ...], keepdims: bool) -> Any:
    for i in sorted(axis, reverse=True):  # Keras on PyTorch takes one axis
        x = ops.prod(x, axis=i, keepdims=keepdims)
    return x


lowers("All")(reduction(ops.all))
lowers("Any")(reduction(ops.any))
lowers("Max", picks=True, orders=True)(reduction(ops.max, lowest))
lowers("Mean", widens=True)(reduction(_mean))
lowers("Min", picks=True, orders=True)(reduction(ops.min, highest))
lowers("Prod")(reduction(_product))
lowers("Sum")(reduction(ops.sum))


@lowers("EuclideanNorm", widens=True)
def euclidean_norm(input: Any, reduction_indices: Static, *, keep_dims: bool = False) -> Any:
    """√Σ|x|², also over no axes."""
    axes = axes_of(input, reduction_indices)
    if not axes:
        return cast(ops.abs(input), dtype_of(input))
    return cast(_euclidean_norm(input, axes, keep_dims), dtype_of(input))


def _arg(find: Callable[..., Any]) -> Callable[..., Any]:
    def lowering(input: Any, dimension: Static, *, output_type: str = "int64") -> Any:
        if dtype_of(input) == "bool":
            input = ops.cast(input, "int32")
        if is_float(input):  # NaN is never the one
            worst = -np.inf if find is ops.argmax else np.inf
            input = ops.where(ops.isnan(input), cast(np.asarray(worst), dtype_of(input)), input)
        return cast(find(input, axis=int(dimension.ravel()[0])), output_type)

    return lowering


lowers("ArgMax", picks=True, orders=True)(_arg(ops.argmax))
lowers("ArgMin", picks=True, orders=True)(_arg(ops.argmin))


def _shifted(total: Any, axis: int, start: Any) -> Any:
    """`total` moved by one along `axis`; the first entry is `start`."""
    rank = len(total.shape)
    axis %= rank
    if total.shape[axis] == 0:
        return total
    index = [slice(None)] * rank
    index[axis] = slice(0, 1)
    first = ops.full_like(total[tuple(index)], start)
    index[axis] = slice(0, -1)
    return ops.concatenate([first, total[tuple(index)]], axis=axis)


def cumulative(accumulate: Callable[..., Any], start: float) -> Callable[..., Any]:
    """The lowering of a running total by accumulate(x, axis=…), of which `start` is the neutral element."""

    def lowering(x: Any, axis: Static, *, exclusive: bool = False, reverse: bool = False) -> Any:
        where = int(axis.ravel()[0])
        dtype = dtype_of(x)
        x = ops.flip(x, axis=where) if reverse else ops.convert_to_tensor(x)
        total = cast(accumulate(x, axis=where), dtype)
        if exclusive:
            total = _shifted(total, where, start)
        return ops.flip(total, axis=where) if reverse else total

    return lowering


lowers("Cumprod")(cumulative(ops.cumprod, 1))
lowers("Cumsum")(cumulative(ops.cumsum, 0))


def _log_sum_exp(x: Any, axis: int) -> Any:
    return ops.associative_scan(ops.logaddexp, x, axis=axis)


lowers("CumulativeLogsumexp")(cumulative(_log_sum_exp, -np.inf))


def softmax(logits: Any) -> Any:
    """exp(logits) over its sum along the last axis."""
    if logits.shape[-1] == 1:  # of which Keras warns
        return ops.exp(ops.subtract(logits, logits))
    return ops.softmax(logits)


def l2_loss(t: Any) -> Any:
    """Σ t² / 2."""
    return cast(ops.multiply(ops.sum(ops.multiply(t, t)), 0.5), dtype_of(t))


def softmax_cross_entropy(features: Any, labels: Any) -> tuple[Any, Any]:
    """The loss of each row, and its gradient for `features`.

    The gradients are those that TensorFlow declares, also for labels that do not sum to 1: the loss's is
    softmax - labels for `features`, -log softmax for `labels`; the second output has none for `labels`.
    """
    labels = ops.convert_to_tensor(labels)
    if not features.shape[-1]:
        nothing = ops.multiply(features, labels)  # without classes the loss is 0, not log 0
        return ops.sum(nothing, axis=-1), nothing
    shifted = _shift(features)
    log_total = ops.log(ops.sum(ops.exp(shifted), axis=-1, keepdims=True))
    fixed = ops.stop_gradient(log_total)
    loss = ops.sum(ops.multiply(labels, ops.subtract(fixed, shifted)), axis=-1)
    loss = ops.add(loss, ops.squeeze(ops.subtract(log_total, fixed), -1))  # adds 0, and softmax to the gradient
    return loss, ops.subtract(ops.exp(ops.subtract(shifted, log_total)), ops.stop_gradient(labels))


def _shift(features: Any) -> Any:
    if 0 in features.shape:
        return features  # nothing has no maximum
    return ops.subtract(features, ops.stop_gradient(ops.max(features, axis=-1, keepdims=True)))


def sparse_softmax_cross_entropy(features: Any, labels: Any) -> tuple[Any, Any]:
    """The loss of each row for the class number in `labels`, and its gradient for `features`."""
    shifted = _shift(features)
    total = ops.log(ops.sum(ops.exp(shifted), axis=-1))
    classes = np.arange(features.shape[-1])
    chosen = ops.equal(ops.expand_dims(ops.cast(labels, "int32"), -1), classes.astype("int32"))
    loss = ops.subtract(total, ops.sum(ops.where(chosen, shifted, ops.zeros_like(shifted)), axis=-1))
    softmax = ops.exp(ops.subtract(shifted, ops.expand_dims(total, -1)))
    return loss, ops.subtract(softmax, ops.cast(chosen, dtype_of(softmax)))


def in_top_k(predictions: Any, targets: Any, k: Any) -> Any:
    """Whether fewer than k classes of a row of `predictions` have more than the class `targets` has.

    False where the target is no class, or a prediction is not finite.
    """
    number = predictions.shape[-1]
    targets, k = ops.cast(targets, "int32"), ops.cast(k, "int32")
    known = ops.logical_and(ops.greater_equal(targets, 0), ops.less(targets, number))
    index = ops.expand_dims(ops.clip(targets, 0, number - 1), -1)
    value = ops.take_along_axis(ops.convert_to_tensor(predictions), index, axis=-1)
    more = ops.sum(ops.cast(ops.greater(predictions, value), "int32"), axis=-1)
    finite = ops.all(ops.isfinite(predictions), axis=-1)
    return ops.logical_and(ops.logical_and(known, finite), ops.less(more, k))


lowers_table(
    {
        "InTopKV2": in_top_k,
        "L2Loss": l2_loss,
        "LogSoftmax": ops.log_softmax,
        "Softmax": softmax,
        "SoftmaxCrossEntropyWithLogits": softmax_cross_entropy,
        "SparseSoftmaxCrossEntropyWithLogits": sparse_softmax_cross_entropy,
    }
)


@lowers("InTopK")
def in_top_k_v1(predictions: Any, targets: Any, *, k: int) -> Any:
    """See in_top_k."""
    return in_top_k(predictions, targets, np.asarray(k))


@lowers("Bucketize")
def bucketize(input: Any, *, boundaries: Any) -> Any:
    """How many of the sorted `boundaries` each element has reached."""
    dtype = dtype_of(input) if is_float(input) else "float32"
    x = ops.expand_dims(cast(input, dtype), -1)
    reached = ops.greater_equal(x, ops.convert_to_tensor(list(boundaries), dtype=backend_dtype(dtype)))
    return ops.sum(ops.cast(ops.logical_or(reached, ops.isnan(x)), "int32"), axis=-1)  # NaN comes after all
