"""Keras weights that keep TensorFlow's names."""

from __future__ import annotations

import itertools
from collections.abc import Iterable
from typing import Any

import keras
import numpy as np

from hublayer.lowering import dtypes

# TensorFlow saves integer variables as trainable unless told otherwise; no gradient reaches them.
_DIFFERENTIABLE = ("float", "bfloat", "complex")


def in_layer_order(variables: Iterable[tuple[Any, bool]], trainable: Iterable[Any] | None = None) -> list[Any]:
    """The variables of a TF2 model, each with whether it is trainable, in the order in which a layer holds them.

    trainable: the publisher's list, in its own order, where there is one. The layer of tensorflow_hub held those first,
    then the others, so the weights that it saved have that order.
    """
    variables = list(variables)
    first = [variable for variable, is_trainable in variables if is_trainable] if trainable is None else list(trainable)
    return list({id(variable): variable for variable in [*first, *(variable for variable, _ in variables)]}.values())


class NamedVariable(keras.Variable):
    """A weight of a loaded model.

    name: TensorFlow's name without the output index, such as ``block_1/conv/kernel``, which Keras itself would refuse.
    path: the same below the name of the layer that took it first.
    saved_dtype: the dtype's name in the SavedModel; `dtype` is what the backend has for it, except that on JAX 64-bit
        integers stay what they are, because ids and counters may need them. On PyTorch, where Keras has no uint64,
        int64 holds the same bits.
    may_train: whether it is trained where its layer is: its publisher said so, and there are gradients for its dtype.
    """

    def __init__(self, initializer: Any, name: str, dtype: str, trainable: bool, shape: Any = None):
        self._full_name = name.removesuffix(":0")
        self.saved_dtype = dtype
        if dtype == "uint64" and keras.config.backend() == "torch":
            initializer, dtype = np.asarray(initializer).view(np.int64), "int64"
        dtype = dtype if dtype in ("int64", "uint64") else dtypes.backend_dtype(dtype)
        self.may_train = trainable and dtype.startswith(_DIFFERENTIABLE)
        super().__init__(
            initializer=initializer,
            shape=shape,
            dtype=dtype,
            trainable=self.may_train,
            autocast=False,
            name=self._full_name.replace("/", "_"),
        )
        self._place: str | None = None

    def _initialize(self, value: Any) -> None:
        super()._initialize(value)
        if keras.config.backend() == "torch":
            from hublayer.runtime.torch_weight import weight

            self._value = weight(self._value)

    def _convert_to_tensor(self, value: Any, dtype: str | None = None) -> Any:
        if dtype is None or dtype == dtypes.backend_dtype(dtype):
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
        """TensorFlow's name below the name of the layer, with what makes it the only one there."""
        return self._place or self._full_name

    @property
    def trainable(self) -> bool:
        """Whether it is trained now."""
        return super().trainable

    @trainable.setter
    def trainable(self, value: bool) -> None:
        keras.Variable.trainable.fset(self, bool(value) and self.may_train)

    @property
    def is_placed(self) -> bool:
        """Whether a layer has taken it already."""
        return self._place is not None

    def place(self, layer: str, taken: set[str]) -> None:
        """Give it its path in the layer of that name, and add the path to `taken`, those of the layer's other weights.

        Keras keeps the weights of a layer on PyTorch by their paths: a dot is not allowed there, two weights that
        TensorFlow gave one name would be one, and a name such as ``keys`` would be an attribute of the container.
        """
        if self._place is None:
            stem = f"{layer}/{self._full_name}".replace(".", "_")
            paths = (stem if number == 0 else f"{stem}_{number}" for number in itertools.count())
            self._place = next(path for path in paths if path not in taken)
        taken.add(self._place)
