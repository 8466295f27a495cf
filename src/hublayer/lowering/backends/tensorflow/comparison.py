"""TensorFlow's own equality: whether shapes broadcast may be known only when it runs."""

from __future__ import annotations

from hublayer.lowering.backends.tensorflow.native import lowers_native

lowers_native("Equal", "NotEqual")
