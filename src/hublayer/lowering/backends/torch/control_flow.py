"""Tensors of PyTorch have values, so Python's own control flow runs; torch.compile breaks its graph at a value."""

from __future__ import annotations

from typing import Any


class VaryingError(ValueError):
    """Never raised: values may change their shapes."""


def eager() -> bool:
    """Always."""
    return True


def checked(passes: Any, message: str) -> bool:
    """True: what does not pass raises ValueError here. On the meta device nothing has a value to fail."""
    if not passes.is_meta and not bool(passes):
        raise ValueError(message)
    return True


def has_value(value: Any) -> bool:
    """Always."""
    return True
