"""A loaded model's tf.Variable as a Keras weight."""

from __future__ import annotations

from typing import Any

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
        self._trainable = bool(value)
        self._watch()

    def _watch(self) -> None:
        # A publisher may list a variable as trainable that was saved as not trainable; a tape watches only by
        # tf.Variable's own mark, which has no public setter.
        self._value._trainable = self._trainable


def as_weight(variable: Any, trainable: bool) -> Any:
    """A Keras weight for `variable`: Keras's own variables stay as they are."""
    return variable if isinstance(variable, keras.Variable) else LoadedVariable(variable, trainable)
