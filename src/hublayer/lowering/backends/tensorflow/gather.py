"""Gather, scatter and segments by TensorFlow's kernels: sizes may be unknown, and results may depend on values."""

from hublayer.lowering.backends.tensorflow.native import lowers_native

lowers_native(
    "DynamicPartition",
    "DynamicStitch",
    "Gather",
    "GatherNd",
    "GatherV2",
    "ParallelDynamicStitch",
    "ScatterNd",
    "ScatterNdNonAliasingAdd",
    "SparseTensorDenseMatMul",
    "SparseToDense",
    "TensorScatterAdd",
    "TensorScatterMax",
    "TensorScatterMin",
    "TensorScatterSub",
    "TensorScatterUpdate",
)
lowers_native(
    "SegmentMax",
    "SegmentMean",
    "SegmentMin",
    "SegmentProd",
    "SegmentSum",
    "SparseSegmentMean",
    "SparseSegmentMeanWithNumSegments",
    "SparseSegmentSqrtN",
    "SparseSegmentSqrtNWithNumSegments",
    "SparseSegmentSum",
    "SparseSegmentSumWithNumSegments",
    "UnsortedSegmentMax",
    "UnsortedSegmentMin",
    "UnsortedSegmentProd",
    "UnsortedSegmentSum",
)
