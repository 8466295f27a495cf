"""The decompositions that TensorFlow does not differentiate, refused alike on the backends that differentiate here."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NoReturn

from hublayer.errors import UnsupportedOpsError


def refuse_gradient(op: str, shape: Sequence[int]) -> NoReturn:
    """Raise for the gradient of `op`, whose full_matrices has vectors that matrices of `shape` do not determine."""
    rows, columns = shape[-2:]
    raise UnsupportedOpsError(
        f"{op} with full_matrices=True has no gradient for matrices of {rows} rows and {columns} columns, nor has it "
        "in TensorFlow: the matrix does not determine the vectors that full_matrices adds. Use the layer with "
        "trainable=False and outside of a gradient, or export the model with full_matrices=False.",
        {f"{op} with full_matrices=True": f"its gradient, for {rows} rows and {columns} columns"},
    )
