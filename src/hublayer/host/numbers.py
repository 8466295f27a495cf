"""Reductions, products, sorting and scattering of numbers."""

from __future__ import annotations

import numpy as np

from hublayer.host.elementwise import computed
from hublayer.host.registry import host_op
from hublayer.savedmodel.tensors import constant_dtype


def _axes(axes: np.ndarray, rank: int) -> tuple[int, ...]:
    numbers = axes.reshape(-1)
    if ((numbers < -rank) | (numbers >= rank)).any():
        raise ValueError(f"axes {numbers.tolist()} are not all among {rank} dimensions")
    return tuple(sorted({int(axis) % rank for axis in numbers}))


def _axis(axis: np.ndarray, rank: int) -> int:
    return _axes(axis, rank)[0]


@host_op("EuclideanNorm")
def euclidean_norm(input, reduction_indices, *, keep_dims=False):
    """The square root of the sum of squares."""
    axes = _axes(reduction_indices, input.ndim)
    if input.dtype.kind in "iu":  # squares and sums wrap around in the dtype
        total = np.sum(input * input, axis=axes, keepdims=keep_dims, dtype=input.dtype)
        return np.asarray(np.sqrt(total.astype(np.float64))).astype(input.dtype)
    return computed(lambda x: np.sqrt(np.sum(x * np.conj(x), axis=axes, keepdims=keep_dims)), input)


@host_op("L2Loss")
def l2_loss(t):
    """Half the sum of squares."""
    return computed(lambda x: np.sum(x * x) / 2, t)


@host_op("Cumprod")
def cumprod(x, axis, *, exclusive=False, reverse=False):
    """Products of all elements up to each; without that one if exclusive."""
    along = _axis(axis, x.ndim)
    flipped = np.moveaxis(np.flip(x, along) if reverse else x, along, 0)
    if exclusive:
        flipped = np.concatenate([np.ones_like(flipped[:1]), flipped[:-1]])
    product = np.moveaxis(np.cumprod(flipped, axis=0, dtype=x.dtype), 0, along)
    return np.flip(product, along) if reverse else product


@host_op("CumulativeLogsumexp")
def cumulative_logsumexp(x, axis, *, exclusive=False, reverse=False):
    """log of sums of exp of all elements up to each; without that one if exclusive."""
    along = _axis(axis, x.ndim)
    flipped = np.moveaxis(np.flip(x, along) if reverse else x, along, 0)
    total = np.logaddexp.accumulate(flipped, axis=0) if flipped.size else flipped
    if exclusive:
        total = np.concatenate([np.full_like(total[:1], -np.inf), total[:-1]])
    total = np.moveaxis(total, 0, along)
    return np.flip(total, along) if reverse else total


@host_op("Softmax")
def softmax(logits):
    """Exponentials of the last axis, divided by their sum."""

    def of(x: np.ndarray) -> np.ndarray:
        exponentials = np.exp(x - x.max(axis=-1, keepdims=True, initial=-np.inf))
        return exponentials / exponentials.sum(axis=-1, keepdims=True)

    return computed(of, logits)


@host_op("LogSoftmax")
def log_softmax(logits):
    """The logarithm of the softmax."""

    def of(x: np.ndarray) -> np.ndarray:
        shifted = x - x.max(axis=-1, keepdims=True, initial=-np.inf)
        return shifted - np.log(np.exp(shifted).sum(axis=-1, keepdims=True))

    return computed(of, logits)


@host_op("MatMul")
def mat_mul(a, b, *, transpose_a=False, transpose_b=False, grad_a=False, grad_b=False):
    """The product of two matrices."""
    if a.ndim != 2 or b.ndim != 2:
        raise ValueError(f"two matrices were expected, but shapes {a.shape} and {b.shape} came")
    return computed(np.matmul, a.T if transpose_a else a, b.T if transpose_b else b)


def _adjoint(x: np.ndarray, wanted: bool) -> np.ndarray:
    return np.conj(np.swapaxes(x, -1, -2)) if wanted else x


@host_op("BatchMatMul", "BatchMatMulV2")
def batch_mat_mul(x, y, *, adj_x=False, adj_y=False, grad_x=False, grad_y=False):
    """Products of matrices; batch dimensions broadcast."""
    return computed(np.matmul, _adjoint(x, adj_x), _adjoint(y, adj_y))


@host_op("BatchMatMulV3")
def batch_mat_mul_v3(x, y, *, Tout, adj_x=False, adj_y=False, grad_x=False, grad_y=False):
    """Products of matrices in another dtype."""
    dtype = constant_dtype(Tout)
    return batch_mat_mul(x.astype(dtype), y.astype(dtype), adj_x=adj_x, adj_y=adj_y)


@host_op("Einsum")
def einsum(inputs, *, equation):
    """The sum of products that the equation names; an axis that the output names twice makes a diagonal."""
    equation = equation.replace(" ", "")
    left, arrow, output = equation.partition("->")
    once = "".join(dict.fromkeys(output.replace("...", ".")))
    if not arrow or len(once) == len(output.replace("...", ".")):
        return computed(lambda *items: np.einsum(equation, *items), *inputs)
    once = once.replace(".", "...")
    product = computed(lambda *items: np.einsum(f"{left}->{once}", *items), *inputs)
    before, dots, after = once.partition("...")
    sizes = dict(zip(before, product.shape, strict=False))
    sizes |= dict(zip(reversed(after), reversed(product.shape), strict=False))
    head, _, tail = output.partition("...")
    middle = product.shape[len(before) : product.ndim - len(after)] if dots else ()
    result = np.zeros((*(sizes[axis] for axis in head), *middle, *(sizes[axis] for axis in tail)), product.dtype)
    np.einsum(f"{output}->{once}", result)[...] = product  # einsum of one operand gives a view of the diagonal
    return result


@host_op("Cross")
def cross(a, b):
    """The vector product along the last axis of 3."""
    return computed(np.cross, a, b)


@host_op("BiasAdd")
def bias_add(value, bias, *, data_format="NHWC"):
    """A vector added along the channels."""
    if data_format == "NCHW":
        return value + bias.reshape(-1, *[1] * (value.ndim - 2))
    return value + bias


@host_op("BiasAddV1")
def bias_add_v1(value, bias):
    """A vector added along the last axis."""
    return value + bias


def _largest(x: np.ndarray, k: int) -> np.ndarray:
    """Places of the k largest along the last axis in descending order; of equals the first comes first."""
    if not 0 <= k <= x.shape[-1]:
        raise ValueError(f"there are no {k} largest of {x.shape[-1]}")
    size = x.shape[-1]
    flipped = np.flip(x, -1)
    order = np.flip(np.argsort(flipped, axis=-1, kind="stable"), -1)
    return size - 1 - order[..., :k]


@host_op("TopKV2")
def top_k(input, k, *, sorted=True, index_type="int32"):
    """The k largest of the last axis, and where they stand."""
    if not input.ndim or k.size != 1:
        raise ValueError(f"an axis and one number were expected, but shapes {input.shape} and {k.shape} came")
    ordered = np.where(np.isnan(input), -np.inf, input) if input.dtype.kind == "f" else input  # NaN is never larger
    places = _largest(ordered.astype(input.dtype, copy=False), int(k.reshape(-1)[0]))
    return [np.take_along_axis(input, places, -1), places.astype(constant_dtype(index_type))]


@host_op("NthElement")
def nth_element(input, n, *, reverse=False):
    """The n-th smallest of the last axis, or largest, counted from 0."""
    number = int(n)
    if not input.ndim or not 0 <= number < input.shape[-1]:
        raise ValueError(f"there is no element {number} in a last axis of shape {input.shape}")
    ordered = np.sort(input, axis=-1)
    return np.asarray(ordered[..., -1 - number if reverse else number])


def _in_top_k(predictions: np.ndarray, targets: np.ndarray, k: int) -> np.ndarray:
    if predictions.ndim != 2 or targets.ndim != 1 or len(predictions) != len(targets):
        raise ValueError(f"rows of predictions and targets were expected: {predictions.shape}, {targets.shape} came")
    classes = predictions.shape[1]
    valid = (targets >= 0) & (targets < classes)
    rows = np.arange(len(targets))
    own = predictions[rows, np.where(valid, targets, 0)]
    finite = np.isfinite(own) & ~(~np.isfinite(predictions)).any(axis=1)
    return valid & finite & ((predictions > own[:, None]).sum(axis=1) < k)


@host_op("InTopK")
def in_top_k(predictions, targets, *, k):
    """Whether fewer than k predictions are above that of the target; false if a prediction is not finite."""
    return _in_top_k(predictions, targets, k)


@host_op("InTopKV2")
def in_top_k_v2(predictions, targets, k):
    """InTopK with k as an input."""
    return _in_top_k(predictions, targets, int(k))


@host_op("HistogramFixedWidth")
def histogram_fixed_width(values, value_range, nbins, *, dtype="int32"):
    """How many values fall into each of nbins equal parts of a range; those beyond it into the first or last."""
    low, high, bins = float(value_range[0]), float(value_range[1]), int(nbins)
    if not low < high or bins < 1:
        raise ValueError(f"{bins} bins between {low} and {high} cannot be counted")
    places = np.floor((values.reshape(-1).astype(np.float64) - low) / (high - low) * bins)
    places = np.clip(places, 0, bins - 1).astype(np.int64)
    return np.bincount(places, minlength=bins).astype(constant_dtype(dtype))


def _scattered(function: np.ufunc, tensor: np.ndarray, indices: np.ndarray, updates: np.ndarray) -> np.ndarray:
    depth = indices.shape[-1]
    limits = np.array(tensor.shape[:depth])
    outside = ((indices < 0) | (indices >= limits)).any(axis=-1)
    if outside.any():
        place = np.argwhere(outside)[0]
        raise ValueError(f"indices[{place.tolist()}] = {indices[tuple(place)].tolist()} lies outside of {tensor.shape}")
    result = tensor.copy()
    function.at(result, tuple(np.moveaxis(indices, -1, 0)), updates)
    return result


@host_op("TensorScatterAdd")
def tensor_scatter_add(tensor, indices, updates, *, bad_indices_policy=""):
    """Updates added at indices; repeated ones all count."""
    return _scattered(np.add, tensor, indices, updates)


@host_op("ScatterNdNonAliasingAdd")
def scatter_nd_non_aliasing_add(input, indices, updates, *, bad_indices_policy=""):
    """Updates added at indices."""
    return _scattered(np.add, input, indices, updates)


@host_op("TensorScatterSub")
def tensor_scatter_sub(tensor, indices, updates, *, bad_indices_policy=""):
    """Updates subtracted at indices."""
    return _scattered(np.subtract, tensor, indices, updates)


@host_op("TensorScatterMax")
def tensor_scatter_max(tensor, indices, updates, *, bad_indices_policy=""):
    """The larger of the element and its updates. NaN among updates does not count; an element that is NaN stays."""
    return np.where(np.isnan(tensor), tensor, _scattered(np.fmax, tensor, indices, updates))


@host_op("TensorScatterMin")
def tensor_scatter_min(tensor, indices, updates, *, bad_indices_policy=""):
    """The smaller of the element and its updates. NaN among updates does not count; an element that is NaN stays."""
    return np.where(np.isnan(tensor), tensor, _scattered(np.fmin, tensor, indices, updates))
