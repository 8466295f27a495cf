"""Products in plain PyTorch: keras.ops.matmul costs three times as much per call when eager (performance.md)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import torch

from hublayer.lowering.backends.torch.tensors import tensor
from hublayer.lowering.linalg import einsum_with
from hublayer.lowering.registry import lowers


def _in_float64(*inputs: torch.Tensor) -> list[torch.Tensor]:
    """Integers in float64, which has the products and sums of up to 53 bits; other tensors as they are."""
    return [x if x.is_floating_point() or x.is_complex() else x.double() for x in inputs]


def _lower_products(given: Callable[..., Sequence[torch.Tensor]], platform: str | None = None) -> None:
    """Register products. given: what the functions take in place of the tensors; the results keep their dtype."""

    @lowers("MatMul", backend="torch", platform=platform)
    def matmul(
        a: Any,
        b: Any,
        *,
        transpose_a: bool = False,
        transpose_b: bool = False,
        grad_a: bool = False,
        grad_b: bool = False,
    ) -> torch.Tensor:
        """The product of two matrices."""
        a, b = tensor(a), tensor(b)
        x, y = given(a, b)
        return torch.matmul(x.mT if transpose_a else x, y.mT if transpose_b else y).to(a.dtype)

    @lowers("BatchMatMul", "BatchMatMulV2", backend="torch", platform=platform)
    def batch_matmul(
        x: Any, y: Any, *, adj_x: bool = False, adj_y: bool = False, grad_x: bool = False, grad_y: bool = False
    ) -> torch.Tensor:
        """Products of matrices, batch dimensions broadcast."""
        x, y = tensor(x), tensor(y)
        a, b = given(x, y)
        return torch.matmul(a.mH if adj_x else a, b.mH if adj_y else b).to(x.dtype)

    @lowers("Einsum", backend="torch", platform=platform)
    def einsum(inputs: Sequence[Any], *, equation: str) -> torch.Tensor:
        """Sums of products by labels."""
        tensors = [tensor(x) for x in inputs]
        return einsum_with(torch.einsum, given(*tensors), equation).to(tensors[0].dtype)


_lower_products(lambda *tensors: tensors)
# cuBLAS has no integers.
_lower_products(_in_float64, platform="cuda")


@lowers("Eig", backend="torch")
def eig(input: Any, *, compute_v: bool = True, Tout: str = "complex64") -> tuple[torch.Tensor, torch.Tensor]:
    """Eigenvalues, in no order, and eigenvectors of length 1 of square matrices. Keras has no such function."""
    x = tensor(input)
    values, vectors = torch.linalg.eig(x)
    return values, vectors if compute_v else values.new_zeros(())


@lowers("Cholesky", backend="torch")
def cholesky(input: Any) -> torch.Tensor:
    """The lower triangular L of L Lᴴ = input; NaN, as in TensorFlow, where a matrix is not positive definite."""
    factor, failed = torch.linalg.cholesky_ex(tensor(input))
    return torch.tril(torch.where((failed == 0)[..., None, None], 1.0, torch.nan).to(factor.dtype) * factor)
