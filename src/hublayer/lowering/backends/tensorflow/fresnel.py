"""TensorFlow's own kernels."""

from hublayer.lowering.backends.tensorflow.native import lowers_native

lowers_native("FresnelCos", "FresnelSin")
