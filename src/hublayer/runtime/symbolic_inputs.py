"""KerasTensors for the shapes that a user gave."""

from __future__ import annotations

from typing import Any

import keras


def _is_shape(value: Any) -> bool:
    return isinstance(value, list | tuple) and all(dim is None or isinstance(dim, int) for dim in value)


def symbolic_inputs(shapes: Any, dtypes: list[str], default: str) -> Any:
    """A nest of shapes as KerasTensors; the n-th (dict keys sorted) has dtypes[n], or `default` after the last."""
    remaining = iter(dtypes)

    def build(value: Any) -> Any:
        if _is_shape(value):
            return keras.KerasTensor(tuple(value), dtype=next(remaining, default))
        if isinstance(value, dict):
            return {key: build(value[key]) for key in sorted(value)}
        return type(value)([build(item) for item in value])

    return build(shapes)
