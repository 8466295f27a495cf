"""Pooling by TensorFlow's kernels."""

from hublayer.lowering.backends.tensorflow.native import lowers_native

lowers_native("AvgPool", "AvgPool3D", "MaxPool", "MaxPool3D", "MaxPoolV2", "MaxPoolWithArgmax")
