"""Elementwise ops by TensorFlow's kernels: one op each, which its graph optimiser knows, and no need for sizes."""

from hublayer.lowering.backends.tensorflow.native import lowers_native

lowers_native("Abs", "Add", "AddN", "AddV2", "BiasAdd", "BiasAddGrad", "Bitcast", "Cos", "Erf", "Exp", "Log", "Maximum")
lowers_native("Minimum", "Mul", "Neg", "Pow", "RealDiv", "Reciprocal", "Rsqrt", "RsqrtGrad", "Sin", "Sqrt", "SqrtGrad")
lowers_native("Div", "FloorDiv", "FloorMod", "Mod", "TruncateDiv", "TruncateMod")
lowers_native("Square", "SquaredDifference", "Sub", "Tanh", "TanhGrad")
