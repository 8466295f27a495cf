"""Keras weights that keep TensorFlow's names."""

from __future__ import annotations

from typing import Any

import keras

# TensorFlow saves integer variables as trainable unless told otherwise; no gradient reaches them.
_DIFFERENTIABLE = ("float", "bfloat", "complex")


class NamedVariable(keras.Variable):
    """A weight of a loaded model.

    name: TensorFlow's name without the output index, such as ``block_1/conv/kernel``, which Keras itself would refuse.
    path: the same below the layer's name.
    """

    def __init__(self, initializer: Any, name: str, dtype: str, trainable: bool, shape: Any = None):
        self._full_name = name.removesuffix(":0")
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

    @property
    def name(self) -> str:
        """TensorFlow's name."""
        return self._full_name

    @property
    def path(self) -> str:
        """TensorFlow's name below the name of the layer."""
        return f"{self._prefix}/{self._full_name}" if self._prefix else self._full_name
