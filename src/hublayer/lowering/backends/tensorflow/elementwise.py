"""TensorFlow's own Bitcast: Keras's needs sizes, which a traced function may not know."""

from __future__ import annotations

from hublayer.lowering.backends.tensorflow.native import lowers_native

lowers_native("Bitcast")
