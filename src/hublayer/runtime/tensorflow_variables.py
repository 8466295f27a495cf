"""A loaded model's tf.Variable as a Keras weight that keeps TensorFlow's name."""

from __future__ import annotations

from typing import Any

import keras


class LoadedVariable(keras.Variable):
    """Shares its value with `variable`, a tf.Variable, so that Keras trains what the loaded functions read.

    name: TensorFlow's name without the output index, such as ``block_1/conv/kernel``.
    path: the same below the layer's name.
    """

    def __init__(self, variable: Any, trainable: bool):
        self._full_name = variable.name.removesuffix(":0")
        super().__init__(
            initializer=variable,
            shape=variable.shape,
            dtype=variable.dtype.base_dtype.name,
            trainable=trainable,
            autocast=False,
            name=self._full_name.replace("/", "_"),
        )
        self._prefix = self._path.rpartition("/")[0]
        self._watch()

    @property
    def name(self) -> str:
        """TensorFlow's name."""
        return self._full_name

    @property
    def path(self) -> str:
        """TensorFlow's name below the name of the layer."""
        return f"{self._prefix}/{self._full_name}" if self._prefix else self._full_name

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
