"""What a user is told who puts the layer, which belongs to Keras 3, into a model of tf_keras, which is Keras 2."""

from __future__ import annotations

import sys
from typing import Any

import keras

from hublayer.errors import BackendError

_CANNOT_HOLD = "a layer of Keras 3, which a model of tf_keras (Keras 2) cannot hold"
_INSTEAD = (
    "Make the model with `import keras`. `tf.keras` is Keras 3 too, unless the environment variable "
    "TF_USE_LEGACY_KERAS is 1."
)


def remark() -> str:
    """What stands behind a layer's name in messages, while tf_keras is imported: its own errors name neither Keras."""
    return f" ({_CANNOT_HOLD}. {_INSTEAD})" if "tf_keras" in sys.modules else ""


def refuse_in_legacy_model(layer: keras.layers.Layer, inputs: Any) -> None:
    """Raise BackendError if `layer` is called on symbols of tf_keras, or in a model of tf_keras that is to train it.

    A frozen layer is let through where it is called on tensors: it needs nothing of tf_keras.
    """
    if "tf_keras" not in sys.modules:
        return
    symbols = any(type(leaf).__module__.startswith("tf_keras.") for leaf in keras.tree.flatten(inputs))
    if symbols or (layer.trainable_weights and _is_in_legacy_call()):
        raise BackendError(f"This is {_CANNOT_HOLD}. {_INSTEAD}")


def _is_in_legacy_call() -> bool:
    from tf_keras.src.engine.base_layer_utils import call_context  # tf_keras has no public question for it

    return bool(call_context().in_call)
