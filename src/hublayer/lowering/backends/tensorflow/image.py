"""Resizing by TensorFlow's kernels: the images' size need not be known."""

from hublayer.lowering.backends.tensorflow.native import lowers_native

lowers_native("ResizeArea", "ResizeBicubic", "ResizeBilinear", "ResizeNearestNeighbor", "ScaleAndTranslate")
