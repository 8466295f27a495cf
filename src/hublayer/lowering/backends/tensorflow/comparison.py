"""TensorFlow's own comparisons: whether shapes broadcast may be known only when they run.

And keras.ops has no uint64 in these.
"""

from __future__ import annotations

from hublayer.lowering.backends.tensorflow.native import lowers_native

lowers_native("Equal", "NotEqual", "Greater", "GreaterEqual", "Less", "LessEqual", "SelectV2")
lowers_native("BitwiseAnd", "BitwiseOr", "BitwiseXor", "Invert", "LeftShift", "RightShift")
