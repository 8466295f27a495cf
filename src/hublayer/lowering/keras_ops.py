"""keras.ops, as lowerings use it: each function keeps the dtype of its tensors, as TensorFlow's ops do."""

from __future__ import annotations

from typing import Any

import keras


def _of_backend() -> Any:
    if keras.config.backend() != "torch":
        return keras.ops
    from hublayer.lowering.backends.torch.keras_ops import keeping_width

    return keeping_width()


# Any, for Keras annotates many functions as if they could return None.
ops: Any = _of_backend()
