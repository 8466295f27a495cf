"""What Keras computes in 32 bits on PyTorch even of 64-bit tensors: ops.maximum of int64 is int32 there."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import keras
import torch

_WIDE = (torch.int64, torch.float64)


def _cross(x: torch.Tensor, y: torch.Tensor, axis: int = -1) -> torch.Tensor:
    return torch.linalg.cross(x, y, dim=axis)


_OF_TENSORS: dict[str, Callable[..., torch.Tensor]] = {
    "arctan2": torch.atan2,
    "ceil": torch.ceil,
    "cross": _cross,
    "floor": torch.floor,
    "floor_divide": torch.floor_divide,
    "logaddexp": torch.logaddexp,
    "matmul": torch.matmul,
    "maximum": torch.maximum,
    "minimum": torch.minimum,
    "nextafter": torch.nextafter,
}
_WITH_DTYPE = ("cumprod", "cumsum", "prod")


def keeping_width() -> SimpleNamespace:
    """The functions of keras.ops, with PyTorch's own in place of those that cut 64-bit tensors."""
    functions: dict[str, Any] = dict(vars(keras.ops))
    for name, function in _OF_TENSORS.items():
        functions[name] = _on_tensors(function, functions[name])
    for name in _WITH_DTYPE:
        functions[name] = _in_own_dtype(functions[name])
    return SimpleNamespace(**functions)


def _on_tensors(function: Callable[..., torch.Tensor], of_keras: Callable[..., Any]) -> Callable[..., Any]:
    """`function` where a tensor is of 64 bits, with numbers and arrays made tensors of its dtype; else Keras's."""

    def run(*values: Any, **keywords: Any) -> Any:
        wide = next((x for x in values if isinstance(x, torch.Tensor) and x.dtype in _WIDE), None)
        if wide is None:
            return of_keras(*values, **keywords)
        return function(*(torch.as_tensor(x, dtype=wide.dtype, device=wide.device) for x in values), **keywords)

    return run


def _in_own_dtype(of_keras: Callable[..., Any]) -> Callable[..., Any]:
    def run(x: Any, *arguments: Any, **keywords: Any) -> Any:
        if isinstance(x, torch.Tensor) and x.dtype in _WIDE:
            keywords.setdefault("dtype", keras.backend.standardize_dtype(x.dtype))
        return of_keras(x, *arguments, **keywords)

    return run
