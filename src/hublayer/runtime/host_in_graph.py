"""The host's part of a text model inside a graph of TensorFlow: a call back into Python, one for each batch.

So Keras, which compiles its steps, can train a layer over strings in the translated runtime too. Such a graph cannot be
exported; the native runtime's can.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from hublayer.errors import EndpointError
from hublayer.host.stage import HostStage
from hublayer.host.string_tensor import StringTensor
from hublayer.runtime.preprocessor import probe
from hublayer.savedmodel.specs import TensorSpec


def is_symbolic(value: Any) -> bool:
    """Whether `value` is a tensor of a graph of TensorFlow's, which has no value yet."""
    import tensorflow as tf

    return bool(tf.is_tensor(value)) and not hasattr(value, "numpy")


class HostInGraph:
    """`stage` as an op. inputs: the specs of the endpoint's inputs. used: which of them the stage takes.

    Raises EndpointError if the device's program needs a value from the host while it is traced, or if the model refuses
    the strings it is tried on.
    """

    def __init__(self, stage: HostStage, inputs: Sequence[TensorSpec], used: Sequence[int]):
        if stage.plan.statics:
            raise EndpointError(
                "A shape in the model depends on the strings, so it cannot be part of a compiled function. Call the "
                "layer on the strings outside of it."
            )
        self._stage = stage
        self._used = list(used)
        self._number = len(inputs)
        try:
            tried = stage([probe(spec, 2) for spec in inputs])[1]
        except Exception as error:
            raise EndpointError(
                "The model refuses the strings that it was tried on, so it cannot be part of a compiled function: "
                f"{type(error).__name__}: {error}"
            ) from error
        self._forms = [(np.asarray(value).dtype, np.ndim(value)) for value in tried]

    def __call__(self, inputs: Sequence[Any]) -> list[Any]:
        """Tensors of what the device takes, of unknown sizes, for the endpoint's inputs."""
        import tensorflow as tf

        dtypes = [tf.as_dtype(dtype) for dtype, _ in self._forms]
        tensors = tf.numpy_function(self._run, [inputs[i] for i in self._used], dtypes)
        tensors = [tensors] if tf.is_tensor(tensors) else list(tensors)
        for tensor, (_, rank) in zip(tensors, self._forms, strict=True):
            tensor.set_shape([None] * rank)
        return tensors

    def _run(self, *arrays: np.ndarray) -> list[np.ndarray]:
        inputs: list[Any] = [None] * self._number
        for index, array in zip(self._used, arrays, strict=True):
            array = np.asarray(array)
            inputs[index] = StringTensor.from_numpy(array) if array.dtype.kind in "OSU" else array
        arguments = self._stage(inputs)[1]
        return [np.asarray(value, dtype) for value, (dtype, _) in zip(arguments, self._forms, strict=True)]
