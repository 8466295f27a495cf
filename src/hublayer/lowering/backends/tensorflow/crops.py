"""Crops and patches by TensorFlow's kernels: the images' size need not be known."""

from hublayer.lowering.backends.tensorflow.native import lowers_native

lowers_native(
    "CropAndResize",
    "ExtractImagePatches",
    "ExtractVolumePatches",
    "ImageProjectiveTransformV2",
    "ImageProjectiveTransformV3",
)
