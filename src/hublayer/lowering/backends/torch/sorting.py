"""Sorting in plain PyTorch, and ops whose number of results depends on values, which PyTorch reads while it runs."""

from __future__ import annotations

from typing import Any

import torch

from hublayer.lowering.backends.torch.shape import scalar
from hublayer.lowering.backends.torch.tensors import tensor
from hublayer.lowering.registry import lowers


@lowers("TopKV2", backend="torch")
def _top_k(input: Any, k: Any, *, sorted: bool = True, index_type: str = "int32") -> tuple[torch.Tensor, torch.Tensor]:
    """torch.topk leaves open which of equal elements it takes: TensorFlow takes the first, as a stable sort does."""
    x, count = tensor(input), scalar(k)
    if x.is_floating_point():  # NaN from place k on is taken last, see hublayer.lowering.sorting
        late = torch.isnan(x) & (torch.arange(x.shape[-1], device=x.device) >= count)
        x = torch.where(late, -torch.inf, x)
    values, indices = x.sort(dim=-1, descending=True, stable=True)
    return values[..., :count], indices[..., :count].to(getattr(torch, index_type))


@lowers("Where", backend="torch")
def _where(input: Any) -> torch.Tensor:
    return tensor(input).nonzero()


def _half_as_bits(x: torch.Tensor) -> torch.Tensor:
    """Half floats as integers that are equal where TensorFlow says so: 0 and -0 are two, each NaN is one."""
    if not x.is_floating_point() or x.itemsize > 2:
        return x
    own = 2**16 + torch.arange(x.numel(), device=x.device).reshape(x.shape)
    return torch.where(torch.isnan(x), own, x.view(torch.int16).long())


def _unique(x: torch.Tensor, axis: int | None, out_idx: str) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """PyTorch sorts the values; TensorFlow keeps the order in which they first appear."""
    _, place, counts = torch.unique(
        _half_as_bits(x) if axis is None else x, return_inverse=True, return_counts=True, dim=axis
    )
    place = place.reshape(-1)
    order = torch.arange(place.numel(), device=x.device)
    first = torch.full_like(counts, place.numel()).scatter_reduce(0, place, order, "amin")
    first, kept = first.sort()
    rank = torch.empty_like(kept).scatter(0, kept, torch.arange(kept.numel(), device=x.device))
    values = x.index_select(0 if axis is None else axis, first)
    dtype = getattr(torch, out_idx)
    return values, rank[place].to(dtype), counts[kept].to(dtype)


def _axis(axis: Any) -> int | None:
    return scalar(axis) if axis.shape[0] else None


@lowers("Unique", backend="torch")
def _unique_v1(x: Any, *, out_idx: str = "int32") -> tuple[torch.Tensor, ...]:
    return _unique(tensor(x), None, out_idx)[:2]


@lowers("UniqueV2", backend="torch")
def _unique_v2(x: Any, axis: Any, *, out_idx: str = "int32") -> tuple[torch.Tensor, ...]:
    return _unique(tensor(x), _axis(axis), out_idx)[:2]


@lowers("UniqueWithCounts", backend="torch")
def _unique_with_counts(x: Any, *, out_idx: str = "int32") -> tuple[torch.Tensor, ...]:
    return _unique(tensor(x), None, out_idx)


@lowers("UniqueWithCountsV2", backend="torch")
def _unique_with_counts_v2(x: Any, axis: Any, *, out_idx: str = "int32") -> tuple[torch.Tensor, ...]:
    return _unique(tensor(x), _axis(axis), out_idx)


@lowers("ListDiff", backend="torch")
def _list_diff(x: Any, y: Any, *, out_idx: str = "int32") -> tuple[torch.Tensor, torch.Tensor]:
    x = tensor(x)
    kept = (~torch.isin(x, tensor(y, x.device))).nonzero()[:, 0]
    return x[kept], kept.to(getattr(torch, out_idx))
