"""Keras weights that keep TensorFlow's names."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np

from hublayer.lowering.dtypes import backend_dtype

# TensorFlow saves integer variables as trainable unless told otherwise; no gradient reaches them.
_DIFFERENTIABLE = ("float", "bfloat", "complex")


class NamedVariable(keras.Variable):
    """A weight of a loaded model.

    name: TensorFlow's name without the output index, such as ``block_1/conv/kernel``, which Keras itself would refuse.
    path: the same below the layer's name. saved_dtype: the dtype's name in the SavedModel; `dtype` is what the backend
    has for it, except that on JAX 64-bit integers stay what they are, because ids and counters may need them. On
    PyTorch, where Keras has no uint64, int64 holds the same bits.
    """

    def __init__(self, initializer: Any, name: str, dtype: str, trainable: bool, shape: Any = None):
        self._full_name = name.removesuffix(":0")
        self.saved_dtype = dtype
        if dtype == "uint64" and keras.config.backend() == "torch":
            initializer, dtype = np.asarray(initializer).view(np.int64), "int64"
        dtype = dtype if dtype in ("int64", "uint64") else backend_dtype(dtype)
        super().__init__(
            initializer=initializer,
            shape=shape,
            dtype=dtype,
            trainable=trainable and dtype.startswith(_DIFFERENTIABLE),
            autocast=False,
            name=self._full_name.replace("/", "_"),
        )
        self._prefix = self._path.rpartition("/")[0]

    def _initialize(self, value: Any) -> None:
        super()._initialize(value)
        if keras.config.backend() == "torch":
            from hublayer.runtime.torch_weight import weight

            self._value = weight(self._value)

    def _convert_to_tensor(self, value: Any, dtype: str | None = None) -> Any:
        if dtype is None or dtype == backend_dtype(dtype):
            return super()._convert_to_tensor(value, dtype=dtype)
        from hublayer.runtime.wide import wide_types

        with wide_types():
            return super()._convert_to_tensor(value, dtype=dtype)

    @property
    def name(self) -> str:
        """TensorFlow's name."""
        return self._full_name

    @property
    def path(self) -> str:
        """TensorFlow's name below the name of the layer."""
        return f"{self._prefix}/{self._full_name}" if self._prefix else self._full_name
