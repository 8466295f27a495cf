"""Slices by TensorFlow's kernels: begins, ends and sizes may be traced."""

from hublayer.lowering.backends.tensorflow.native import lowers_native

lowers_native("Slice", "StridedSlice", "StridedSliceGrad", "TensorStridedSliceUpdate")
