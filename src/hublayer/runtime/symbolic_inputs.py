"""KerasTensors for the shapes that a user gave, and what an endpoint makes of them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import keras

from hublayer.errors import InputError
from hublayer.runtime.inputs import match_inputs
from hublayer.savedmodel.endpoints import Endpoint, Trace
from hublayer.savedmodel.specs import CompositeSpec, Shape, Spec, TensorSpec


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


class _Symbols:
    """KerasTensors as input matching sees them; `fixed` gets the shapes that the endpoint asks of them."""

    def __init__(self) -> None:
        self.fixed: dict[int, tuple[int | None, ...]] = {}
        self.filled = 0

    def is_tensor(self, value: object) -> bool:
        """True for a KerasTensor."""
        return isinstance(value, keras.KerasTensor)

    def kind(self, value: Any) -> str:
        """``"dense"``, ``"ragged"`` or ``"sparse"``."""
        kinds = [kind for kind in ("ragged", "sparse") if getattr(value, kind, False)]
        return kinds[0] if kinds else "dense"

    def dtype(self, value: Any) -> str:
        """The dtype's name."""
        return value.dtype

    def shape(self, value: Any) -> Shape:
        """The shape, None for unknown dimensions."""
        return tuple(value.shape)

    def concrete(self, value: Any) -> None:
        """None: there is no value."""
        return

    def composite(self, value: Any, spec: CompositeSpec) -> Any:
        """Composites that are no KerasTensors stay as they are."""
        return value

    def convert(self, value: Any, spec: Spec) -> Any:
        """`value`; the shape that it must have is noted."""
        if self.is_tensor(value) and isinstance(spec, TensorSpec) and spec.shape is not None:
            pairs = list(zip(value.shape, spec.shape, strict=True))
            self.fixed[id(value)] = tuple(other if dim is None else dim for dim, other in pairs)
            self.filled += sum(dim is None and other is not None for dim, other in pairs)
        return value


def with_fixed_dimensions(endpoint: Endpoint, traces: Iterable[Trace], inputs: Any) -> Any:
    """`inputs`, a nest of KerasTensors, with the dimensions that the endpoint fixes where theirs are unknown.

    A model of batches of one takes (1, 224, 224, 3), for example, and keras.Input gives (None, 224, 224, 3). Of several
    traces that fit, the one that fixes the fewest counts. Inputs that fit none are returned as they are.
    """
    found: list[_Symbols] = []
    for trace in traces:
        symbols = _Symbols()
        try:
            match_inputs(endpoint, [trace], inputs, symbols)
        except InputError:
            continue  # a call says what is wrong
        found.append(symbols)
    if not found:
        return inputs
    fixed = min(found, key=lambda symbols: symbols.filled).fixed

    def complete(tensor: Any) -> Any:
        if id(tensor) not in fixed or fixed[id(tensor)] == tuple(tensor.shape):
            return tensor
        return keras.KerasTensor(fixed[id(tensor)], dtype=tensor.dtype)

    return keras.tree.map_structure(complete, inputs)
