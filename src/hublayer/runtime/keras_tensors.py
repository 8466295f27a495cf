"""Tensors of any Keras backend as input matching sees them."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np

from hublayer.lowering.dtypes import backend_dtype, dtype_of
from hublayer.runtime.host_tensors import HostTensors, as_strings, with_values
from hublayer.runtime.wide import WIDE_INTEGERS, as_wide, fits
from hublayer.savedmodel.specs import CompositeSpec, Shape, Spec, TensorSpec

# Keras on PyTorch has these in wider dtypes, or not at all.
UNSIGNED = frozenset({"uint16", "uint32", "uint64"})


class KerasTensors:
    """See hublayer.runtime.program.Tensors."""

    _host = HostTensors()

    def is_tensor(self, value: object) -> bool:
        """True for the backend's tensors, Keras's variables, Ragged and Sparse."""
        return keras.ops.is_tensor(value) or isinstance(value, keras.Variable) or self._host.is_tensor(value)

    def kind(self, value: Any) -> str:
        """``"dense"``, ``"ragged"`` or ``"sparse"``."""
        return self._host.kind(value)

    def dtype(self, value: Any) -> str:
        """The dtype's name."""
        return value.dtype if self._host.is_tensor(value) else dtype_of(value)

    def shape(self, value: Any) -> Shape:
        """The static shape, None for ragged dimensions."""
        if self._host.is_tensor(value):
            return value.shape
        return tuple(dim if isinstance(dim, int) else None for dim in keras.ops.shape(value))

    def concrete(self, value: Any) -> np.ndarray | None:
        """The value as a NumPy array, None while it is traced."""
        value = value.values if self._host.kind(value) != "dense" else value
        try:
            return np.asarray(keras.ops.convert_to_numpy(value))
        except Exception:  # noqa: BLE001 each backend raises something else for a tracer
            return None

    def composite(self, value: Any, spec: CompositeSpec) -> Any:
        """See hublayer.runtime.program.Tensors."""
        return self._host.composite(value, spec)

    def convert(self, value: Any, spec: Spec) -> Any:
        """`value` as a tensor of the dtype that the backend has for spec.dtype; strings as a StringTensor."""
        if isinstance(spec, CompositeSpec):
            return with_values(value, spec, lambda part, dtype: self.convert(part, TensorSpec(dtype, None)))
        if spec.dtype == "string":
            # A tensor of a graph of TensorFlow's has no strings yet.
            return value if keras.ops.is_tensor(value) and not hasattr(value, "numpy") else as_strings(value)
        dtype = None if spec.dtype is None else backend_dtype(spec.dtype)
        if dtype != spec.dtype and spec.dtype in WIDE_INTEGERS:
            return _wide_integers(value, spec.dtype, dtype)
        if spec.dtype in UNSIGNED and keras.config.backend() == "torch":
            from hublayer.lowering.backends.torch.unsigned import unsigned_tensor

            return unsigned_tensor(value, spec.dtype)
        if isinstance(value, np.ndarray) and dtype is not None:
            with np.errstate(over="ignore"):  # what is beyond the range is infinite, as in TensorFlow
                value = value.astype(dtype) if dtype != "bfloat16" else value
        return keras.ops.convert_to_tensor(value, dtype=dtype)


def _wide_integers(value: Any, declared: str, narrow: str) -> Any:
    """64-bit integers on JAX: in 32 bits if they fit, else in 64, which their dtype then tells."""
    if keras.ops.is_tensor(value):
        return value if str(value.dtype) == declared else keras.ops.convert_to_tensor(value, dtype=narrow)
    array = np.asarray(value).astype(declared, copy=False)
    return keras.ops.convert_to_tensor(array, dtype=narrow) if fits(array) else as_wide(array)
