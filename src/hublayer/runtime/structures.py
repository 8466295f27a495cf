"""Flat tensors as the structure that an endpoint returns. Imports no backend."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from hublayer.composite import Ragged, Sparse
from hublayer.savedmodel.specs import CompositeSpec, components, is_spec


def pack(structure: Any, values: Iterator[Any]) -> Any:
    """`structure` with the next of `values` in place of each spec, dict keys sorted."""
    if isinstance(structure, CompositeSpec):
        parts = [next(values) for _ in components(structure)]
        return Sparse(*parts) if structure.kind == "sparse" else Ragged(parts[0], tuple(parts[1:]))
    if is_spec(structure):
        return next(values)
    if isinstance(structure, dict):
        packed = {key: pack(structure[key], values) for key in sorted(structure)}
        return {key: packed[key] for key in structure}
    if isinstance(structure, list | tuple):
        items = [pack(item, values) for item in structure]
        return type(structure)(*items) if hasattr(structure, "_fields") else type(structure)(items)
    return structure
