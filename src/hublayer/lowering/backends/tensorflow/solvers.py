"""TensorFlow's own kernels, which need no known shapes."""

from hublayer.lowering.backends.tensorflow.native import lowers_native

lowers_native("Lu", "MatrixSolveLs", "TridiagonalMatMul", "TridiagonalSolve")
