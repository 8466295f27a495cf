"""Shapes in plain PyTorch: keras.ops costs ten times as much per call when eager.

Sizes and axes may be computed by the model here: PyTorch reads their values while it runs.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch

from hublayer.lowering import shape
from hublayer.lowering.backends.torch.tensors import tensor
from hublayer.lowering.registry import lowers


def tensors(values: Sequence[Any]) -> list[torch.Tensor]:
    """All values as tensors; NumPy arrays follow the device of the first tensor."""
    device = next((x.device for x in values if isinstance(x, torch.Tensor)), None)
    return [x if isinstance(x, torch.Tensor) else tensor(x, device) for x in values]


def integers(values: Any) -> list[int]:
    """A vector, or a scalar as a vector of one, as integers; those of a tensor are read from it.

    torch.compile ends its graph here: to assume the result constant would be wrong, for what is constant in one run of
    a piece of code is not so in the next.
    """
    return values.reshape(-1).tolist() if isinstance(values, torch.Tensor) else shape.integers(values)


def scalar(value: Any) -> int:
    """A scalar, or a vector of one, as an integer."""
    return integers(value)[0]


@lowers("Reshape", backend="torch")
def _reshape(value: Any, shape: Any) -> torch.Tensor:
    return tensor(value).reshape(integers(shape))


@lowers("ExpandDims", backend="torch")
def _expand_dims(input: Any, dim: Any) -> torch.Tensor:
    return tensor(input).unsqueeze(scalar(dim))


@lowers("Squeeze", backend="torch")
def _squeeze(input: Any, *, squeeze_dims: Sequence[int] = ()) -> torch.Tensor:
    return tensor(input).reshape(shape.squeezed_shape(input.shape, squeeze_dims))


@lowers("Transpose", backend="torch")
def _transpose(x: Any, perm: Any) -> torch.Tensor:
    return tensor(x).permute(integers(perm))


@lowers("ConjugateTranspose", backend="torch")
def _conjugate_transpose(x: Any, perm: Any) -> torch.Tensor:
    return torch.conj_physical(tensor(x).permute(integers(perm)))


@lowers("Pack", backend="torch")
def _pack(values: Sequence[Any], *, axis: int = 0) -> torch.Tensor:
    return torch.stack(tensors(values), axis)


@lowers("Unpack", backend="torch")
def _unpack(value: Any, *, num: int, axis: int = 0) -> list[torch.Tensor]:
    return list(tensor(value).unbind(axis))


@lowers("ConcatV2", backend="torch")
def _concat_v2(values: Sequence[Any], axis: Any) -> torch.Tensor:
    return torch.cat(tensors(values), scalar(axis))


@lowers("Concat", backend="torch")
def _concat(concat_dim: Any, values: Sequence[Any]) -> torch.Tensor:
    return torch.cat(tensors(values), scalar(concat_dim))


@lowers("Split", backend="torch")
def _split(split_dim: Any, value: Any, *, num_split: int) -> list[torch.Tensor]:
    return list(tensor(value).tensor_split(num_split, scalar(split_dim)))


@lowers("SplitV", backend="torch")
def _split_v(value: Any, size_splits: Any, split_dim: Any, *, num_split: int) -> list[torch.Tensor]:
    axis = scalar(split_dim)
    return list(tensor(value).split(shape.split_sizes(integers(size_splits), value.shape[axis]), axis))
