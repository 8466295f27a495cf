"""Functional and Sequential models on JAX hand their layers 64-bit integers whole.

Keras turns a model's arrays into tensors before any layer sees them, and JAX would cut integers beyond 32 bits there.
Keras has no public place to say otherwise. Models without a layer of ours, and values that fit, are left alone.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from hublayer.lowering.dtypes import has_wide_types
from hublayer.runtime.wide import as_wide, fits


def keep_wide_inputs(ours: type) -> None:
    """Let models with a layer of the class `ours` get integer arrays whose values need 64 bits in 64 bits."""
    from keras.src.models.functional import Functional

    original = getattr(Functional, "_convert_inputs_to_tensors", None)
    if original is None or hasattr(original, "keeps_wide"):
        return

    def convert(self: Any, flat_inputs: list[Any]) -> Any:
        cut = [isinstance(x, np.ndarray) and not fits(x) for x in flat_inputs]
        if any(cut) and not has_wide_types() and any(isinstance(layer, ours) for layer in self._flatten_layers()):
            flat_inputs = [as_wide(x) if is_cut else x for x, is_cut in zip(flat_inputs, cut, strict=True)]
        return original(self, flat_inputs)

    convert.keeps_wide = True  # pyright: ignore[reportFunctionMemberAccess]
    Functional._convert_inputs_to_tensors = convert
