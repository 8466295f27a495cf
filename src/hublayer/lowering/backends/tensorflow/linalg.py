"""TensorFlow's own kernels: keras.ops computes integers in float32 and needs known shapes there."""

from hublayer.lowering.backends.tensorflow.native import lowers_native

lowers_native(
    "BatchMatMul",
    "BatchMatMulV2",
    "BatchMatMulV3",
    "Cholesky",
    "Cross",
    "Eig",
    "Einsum",
    "LogMatrixDeterminant",
    "MatMul",
    "MatrixDeterminant",
    "MatrixInverse",
    "MatrixSolve",
    "MatrixTriangularSolve",
    "Qr",
    "SelfAdjointEigV2",
    "Svd",
)
