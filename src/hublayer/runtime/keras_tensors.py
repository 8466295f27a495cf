"""Tensors of any Keras backend as input matching sees them."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np

from hublayer.lowering.dtypes import backend_dtype, dtype_of
from hublayer.savedmodel.specs import Shape, Spec


class KerasTensors:
    """See hublayer.runtime.program.Tensors."""

    def is_tensor(self, value: object) -> bool:
        """True for the backend's tensors and for Keras's variables."""
        return keras.ops.is_tensor(value) or isinstance(value, keras.Variable)

    def kind(self, value: Any) -> str:
        """``"dense"``: the translated runtime has no others."""
        return "dense"

    def dtype(self, value: Any) -> str:
        """The dtype's name."""
        return dtype_of(value)

    def shape(self, value: Any) -> Shape:
        """The static shape."""
        return tuple(dim if isinstance(dim, int) else None for dim in keras.ops.shape(value))

    def concrete(self, value: Any) -> np.ndarray | None:
        """The value as a NumPy array, None while it is traced."""
        try:
            return np.asarray(keras.ops.convert_to_numpy(value))
        except Exception:  # noqa: BLE001 each backend raises something else for a tracer
            return None

    def convert(self, value: Any, spec: Spec) -> Any:
        """`value` as a tensor of the dtype that the backend has for spec.dtype."""
        dtype = None if spec.dtype is None else backend_dtype(spec.dtype)
        if isinstance(value, np.ndarray) and dtype is not None:
            value = value.astype(dtype) if dtype != "bfloat16" else value
        return keras.ops.convert_to_tensor(value, dtype=dtype)
