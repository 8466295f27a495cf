"""Segments in plain PyTorch: keras.ops has no scatter without a loop here, and ids may be read for their number."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch

from hublayer.lowering import segments
from hublayer.lowering.backends.torch.gather import gather
from hublayer.lowering.backends.torch.shape import integers, scalar
from hublayer.lowering.backends.torch.tensors import tensor
from hublayer.lowering.registry import lowers

Reduction = Callable[[torch.Tensor, torch.Tensor, int], torch.Tensor]


def _inside(ids: torch.Tensor, count: int) -> torch.Tensor:
    """`ids`, those out of range as `count`: one row more than is kept."""
    return torch.where((ids >= 0) & (ids < count), ids, count).long()


def total(data: torch.Tensor, ids: torch.Tensor, count: int) -> torch.Tensor:
    """Sums; 0 for a segment without rows."""
    return data.new_zeros((count + 1, *data.shape[1:])).index_add(0, _inside(ids, count), data)[:count]


def sizes(data: torch.Tensor, ids: torch.Tensor, count: int) -> torch.Tensor:
    """The number of rows of each segment, at least 1, in the dtype of `data` and shaped to divide it."""
    found = total(torch.ones_like(ids), ids, count).clamp(min=1)
    return found.reshape(-1, *[1] * (data.ndim - 1)).to(data.dtype)


def _truncated(x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
    return torch.div(x, y, rounding_mode="trunc")


def mean(data: torch.Tensor, ids: torch.Tensor, count: int) -> torch.Tensor:
    """Means; 0 for a segment without rows."""
    summed, number = total(data, ids, count), sizes(data, ids, count)
    return summed / number if data.is_floating_point() or data.is_complex() else _truncated(summed, number)


def root_mean(data: torch.Tensor, ids: torch.Tensor, count: int) -> torch.Tensor:
    """Sums divided by the root of the number of rows."""
    return total(data, ids, count) / sizes(data, ids, count).sqrt()


def _scattered(reduce: str, empty: Callable[[torch.dtype], Any]) -> Reduction:
    def run(data: torch.Tensor, ids: torch.Tensor, count: int) -> torch.Tensor:
        """Products and extremes; PyTorch shares the gradient of an extreme among equals as TensorFlow does."""
        start = data.new_full((count + 1, *data.shape[1:]), empty(data.dtype))
        at = _inside(ids, count).reshape(-1, *[1] * (data.ndim - 1)).expand(data.shape)
        return start.scatter_reduce(0, at, data, reduce, include_self=reduce == "prod")[:count]

    return run


def _limits(dtype: torch.dtype) -> Any:
    return torch.finfo(dtype) if dtype.is_floating_point else torch.iinfo(dtype)


def zero_if_empty(reduce: Reduction) -> Reduction:
    """`reduce`, with 0 for a segment without rows."""

    def run(data: torch.Tensor, ids: torch.Tensor, count: int) -> torch.Tensor:
        filled = total(torch.ones_like(ids), ids, count).reshape(-1, *[1] * (data.ndim - 1)) > 0
        return torch.where(filled, reduce(data, ids, count), data.new_zeros(()))

    return run


product = _scattered("prod", lambda dtype: 1)
largest = _scattered("amax", lambda dtype: _limits(dtype).min)
smallest = _scattered("amin", lambda dtype: _limits(dtype).max)
_OWN: dict[Any, Reduction] = {
    segments.total: total,
    segments.mean: mean,
    segments.root_mean: root_mean,
    segments.product: product,
    segments.largest: largest,
    segments.smallest: smallest,
    segments.SORTED["SegmentMax"]: zero_if_empty(largest),
    segments.SORTED["SegmentMin"]: zero_if_empty(smallest),
}


def _last(ids: Any) -> int:
    return scalar(ids[-1:]) + 1 if len(ids) else 0


def over_sorted(reduce: Reduction) -> Callable[..., Any]:
    """The lowering that reduces segments up to the last id."""

    def run(data: Any, segment_ids: Any) -> torch.Tensor:
        """Segments up to the last id."""
        data = tensor(data)
        return reduce(data, tensor(segment_ids, data.device), _last(segment_ids))

    return run


def _counted(reduce: Reduction) -> Callable[..., Any]:
    def run(data: Any, segment_ids: Any, num_segments: Any) -> torch.Tensor:
        """`num_segments` segments; ids of several dimensions speak of as many of the data's."""
        data = tensor(data)
        ids = tensor(segment_ids, data.device)
        rows = data.reshape(ids.numel(), *data.shape[ids.ndim :])
        return reduce(rows, ids.reshape(-1), scalar(num_segments))

    return run


def _sparse(reduce: Reduction) -> Callable[..., Any]:
    def run(data: Any, indices: Any, segment_ids: Any, *, sparse_gradient: bool = False) -> torch.Tensor:
        """Segments of the rows of `data` at `indices`, up to the last id."""
        rows = gather(data, indices)
        return reduce(rows, tensor(segment_ids, rows.device), _last(segment_ids))

    return run


def _sparse_counted(reduce: Reduction) -> Callable[..., Any]:
    def run(
        data: Any, indices: Any, segment_ids: Any, num_segments: Any, *, sparse_gradient: bool = False
    ) -> torch.Tensor:
        """`num_segments` segments of the rows of `data` at `indices`."""
        rows = gather(data, indices)
        return reduce(rows, tensor(segment_ids, rows.device), scalar(num_segments))

    return run


for _op, _reduce in segments.SORTED.items():
    lowers(_op, backend="torch")(over_sorted(_OWN[_reduce]))
for _op, _reduce in segments.COUNTED.items():
    lowers(_op, backend="torch")(_counted(_OWN[_reduce]))
for _op, _reduce in segments.SPARSE.items():
    lowers(_op, backend="torch")(_sparse(_OWN[_reduce]))
    lowers(f"{_op}WithNumSegments", backend="torch")(_sparse_counted(_OWN[_reduce]))


@lowers("SparseTensorDenseMatMul", backend="torch")
def _sparse_tensor_dense_mat_mul(
    a_indices: Any, a_values: Any, a_shape: Any, b: Any, *, adjoint_a: bool = False, adjoint_b: bool = False
) -> torch.Tensor:
    b = tensor(b)
    at, values = tensor(a_indices, b.device), tensor(a_values, b.device)
    rows, columns = at.unbind(1)
    count = integers(a_shape)[1 if adjoint_a else 0]
    if adjoint_a:
        rows, columns, values = columns, rows, values.conj()
    b = b.mH if adjoint_b else b
    return total(values[:, None] * b[columns], rows, count)
