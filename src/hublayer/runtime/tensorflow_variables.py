"""A loaded model's tf.Variable as a Keras weight."""

from __future__ import annotations

from typing import Any
from weakref import WeakValueDictionary

import keras

from hublayer.runtime.weights import NamedVariable


class LoadedVariable(NamedVariable):
    """Shares its value with `variable`, a tf.Variable, so that Keras trains what the loaded functions read."""

    def __init__(self, variable: Any, trainable: bool):
        super().__init__(variable, variable.name, variable.dtype.base_dtype.name, trainable, variable.shape)
        self._watch()

    @property
    def trainable(self) -> bool:
        """Whether the weight is trained; also decides whether a gradient tape watches the tf.Variable."""
        return self._trainable

    @trainable.setter
    def trainable(self, value: bool) -> None:
        self._trainable = bool(value) and self.may_train
        self._watch()

    def _watch(self) -> None:
        # A publisher may list a variable as trainable that was saved as not trainable; a tape watches only by
        # tf.Variable's own mark, which has no public setter.
        variable: Any = self._value
        variable._trainable = self._trainable


_known: WeakValueDictionary[int, LoadedVariable] = WeakValueDictionary()


def as_weight(variable: Any, trainable: bool) -> Any:
    """The one Keras weight for `variable`: Keras's own variables stay as they are.

    trainable: as its owner said before there was a weight, whose mark is that of its layer.
    """
    if isinstance(variable, keras.Variable):
        return variable
    weight = _known.get(id(variable))  # which keeps its variable, so the number is still that of the same one
    if weight is None:
        weight = _known[id(variable)] = LoadedVariable(variable, trainable)
    return weight
