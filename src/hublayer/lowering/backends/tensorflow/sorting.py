"""Ops by TensorFlow's kernels whose number of results depends on values."""

from hublayer.lowering.backends.tensorflow.native import lowers_native

lowers_native(
    "Bincount",
    "CombinedNonMaxSuppression",
    "DenseBincount",
    "HistogramFixedWidth",
    "InvertPermutation",
    "ListDiff",
    "LowerBound",
    "NonMaxSuppression",
    "NonMaxSuppressionV2",
    "NonMaxSuppressionV3",
    "NonMaxSuppressionV4",
    "NonMaxSuppressionV5",
    "NonMaxSuppressionWithOverlaps",
    "NthElement",
    "TopKV2",
    "Unique",
    "UniqueV2",
    "UniqueWithCounts",
    "UniqueWithCountsV2",
    "UpperBound",
    "Where",
)
