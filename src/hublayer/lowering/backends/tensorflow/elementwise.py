"""Elementwise ops by TensorFlow's kernels: one op each, which its graph optimiser knows, and no need for sizes.

keras.ops computes some of them in 32 bits whatever comes (complex128, uint64), or by several ops.
"""

from hublayer.lowering.backends.tensorflow.native import lowers_native

lowers_native("Abs", "Acos", "Acosh", "Add", "AddN", "AddV2", "Angle", "Asin", "Asinh", "Atan", "Atan2", "Atanh")
lowers_native(
    "BiasAdd", "BiasAddGrad", "BiasAddV1", "Bitcast", "Ceil", "ClipByValue", "ComplexAbs", "Conj", "Cos", "Cosh", "Div"
)
lowers_native("DivNoNan", "Erf", "Erfc", "Erfinv", "Exp", "Expm1", "Floor", "FloorDiv", "FloorMod", "Imag", "Inv")
lowers_native("InvGrad", "Log", "Log1p", "Maximum", "Minimum", "Mod", "Mul", "MulNoNan", "Neg", "NextAfter")
lowers_native("PopulationCount", "Pow")
lowers_native("Real", "RealDiv", "Reciprocal", "ReciprocalGrad", "Rint", "Rsqrt", "RsqrtGrad", "Sign", "Sin", "Sinh")
lowers_native("Sqrt", "SqrtGrad", "Square", "SquaredDifference", "Sub", "Tan", "Tanh", "TanhGrad", "TruncateDiv")
lowers_native("TruncateMod", "Xdivy", "Xlog1py", "Xlogy")
