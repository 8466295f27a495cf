"""Lu: Keras gives pivots, not the permutation."""

from __future__ import annotations

from typing import Any

import torch

from hublayer.lowering.backends.torch.tensors import tensor
from hublayer.lowering.dtypes import cast
from hublayer.lowering.registry import lowers


@lowers("Lu", backend="torch")
def lu(input: Any, *, output_idx_type: str = "int32") -> tuple[Any, Any]:
    """L and U in one matrix, and the rows p of input[p] = L U. Complex pivots are LAPACK's, not Eigen's."""
    factors, pivots = torch.linalg.lu_factor(tensor(input))
    if not factors.shape[-1]:
        return factors, cast(pivots.new_zeros(factors.shape[:-1]), output_idx_type)
    permutation = torch.lu_unpack(factors.detach(), pivots, unpack_data=False)[0]
    return factors, cast(permutation.real.argmax(dim=-2), output_idx_type)
