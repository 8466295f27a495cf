"""Normalisation by TensorFlow's kernels. (Its kernel of BatchNormWithGlobalNormalization is gone.)"""

from hublayer.lowering.backends.tensorflow.native import lowers_native

lowers_native("FusedBatchNorm", "FusedBatchNormV2", "FusedBatchNormV3", "LRN")
