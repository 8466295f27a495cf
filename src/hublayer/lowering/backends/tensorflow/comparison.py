"""TensorFlow's own kernels: whether shapes broadcast may be known only when it runs, and Keras narrows integers."""

from __future__ import annotations

from hublayer.lowering.backends.tensorflow.native import lowers_native

lowers_native("ApproximateEqual", "BitwiseAnd", "BitwiseOr", "BitwiseXor", "Equal", "Greater", "GreaterEqual", "Invert")
lowers_native("IsFinite", "IsInf", "IsNan", "LeftShift", "Less", "LessEqual", "LogicalAnd", "LogicalNot", "LogicalOr")
lowers_native("NotEqual", "RightShift", "Select", "SelectV2")
