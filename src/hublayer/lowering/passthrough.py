"""Ops that return what they are given, or nothing."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from hublayer.lowering.keras_ops import ops
from hublayer.lowering.registry import lowers, lowers_table


def stop_gradient(input: Any) -> Any:
    """`input`, as a constant for differentiation."""
    return input if isinstance(input, np.ndarray) else ops.stop_gradient(input)


lowers_table(
    {
        "DeepCopy": lambda x: x,
        "GuaranteeConst": lambda input: input,
        "Identity": lambda input: input,
        "IdentityN": list,
        "NoOp": lambda: (),
        "OnesLike": ops.ones_like,
        "Snapshot": lambda input: input,
        "StopGradient": stop_gradient,
        "ZerosLike": ops.zeros_like,
    },
    picks=True,
)


@lowers("PreventGradient", picks=True)
def prevent_gradient(input: Any, *, message: str = "") -> Any:
    """`input`. TensorFlow refuses to differentiate here; this runtime differentiates the identity."""
    return input


@lowers("Print")
def print_(input: Any, data: Sequence[Any], *, message: str = "", first_n: int = -1, summarize: int = 3) -> Any:
    """`input`; nothing is printed."""
    return input


@lowers("PrintV2")
def print_v2(input: Any, *, output_stream: str = "stderr", end: str = "\n") -> tuple[()]:
    """Nothing; nothing is printed."""
    return ()
