"""Products in plain PyTorch: keras.ops.matmul costs three times as much per call when eager (performance.md)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch

from hublayer.lowering.backends.torch.tensors import tensor
from hublayer.lowering.linalg import einsum_with
from hublayer.lowering.registry import lowers


def _product(x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
    if x.is_cuda and not (x.is_floating_point() or x.is_complex()):
        # cuBLAS has no integers; float64 has the products and sums of up to 53 bits.
        return torch.matmul(x.double(), y.double()).to(x.dtype)
    return torch.matmul(x, y)


@lowers("MatMul", backend="torch")
def matmul(
    a: Any, b: Any, *, transpose_a: bool = False, transpose_b: bool = False, grad_a: bool = False, grad_b: bool = False
) -> torch.Tensor:
    """The product of two matrices."""
    a, b = tensor(a), tensor(b)
    return _product(a.mT if transpose_a else a, b.mT if transpose_b else b)


@lowers("BatchMatMul", "BatchMatMulV2", backend="torch")
def batch_matmul(
    x: Any, y: Any, *, adj_x: bool = False, adj_y: bool = False, grad_x: bool = False, grad_y: bool = False
) -> torch.Tensor:
    """Products of matrices, batch dimensions broadcast."""
    x, y = tensor(x), tensor(y)
    return _product(x.mH if adj_x else x, y.mH if adj_y else y)


@lowers("Einsum", backend="torch")
def einsum(inputs: Sequence[Any], *, equation: str) -> torch.Tensor:
    """Sums of products by labels."""
    tensors = [tensor(x) for x in inputs]
    dtype = tensors[0].dtype
    if tensors[0].is_cuda and not (dtype.is_floating_point or dtype.is_complex):
        tensors = [x.double() for x in tensors]
    return einsum_with(torch.einsum, tensors, equation).to(dtype)
