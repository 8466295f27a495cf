"""Which bucket a number falls into, and where it belongs in a sorted row."""

from __future__ import annotations

import numpy as np

from hublayer.host.registry import host_op
from hublayer.savedmodel.tensors import constant_dtype


def _bucketize(x: np.ndarray, boundaries: np.ndarray) -> np.ndarray:
    """int32: how many boundaries are not above x. Integers are compared as float32, which is what the kernel does."""
    if (boundaries[1:] < boundaries[:-1]).any():
        raise ValueError(f"boundaries must ascend, but are {boundaries[:20].tolist()}")
    values = x.astype(np.float32) if x.dtype.kind in "iu" else x
    return np.asarray(np.searchsorted(boundaries.astype(values.dtype), values, side="right"), np.int32)


@host_op("Bucketize")
def bucketize(input, *, boundaries):
    """How many boundaries are not above each number."""
    return _bucketize(input, np.array(boundaries, np.float32))


@host_op("BucketizeWithInputBoundaries")
def bucketize_with_input_boundaries(input, boundaries):
    """How many boundaries, a tensor of any shape, are not above each number. An op of TensorFlow Transform's."""
    return _bucketize(input, boundaries.reshape(-1))


@host_op("BoostedTreesBucketize")
def boosted_trees_bucketize(float_values, bucket_boundaries):
    """For each feature the first boundary that is not below each number, the last one if all are.

    int32, one array for each feature. TensorFlow 2.21 has the op without a kernel; this is what the last version with
    one (2.4) computed.
    """
    found = []
    for values, boundaries in zip(float_values, bucket_boundaries, strict=True):
        buckets = np.searchsorted(boundaries.reshape(-1), values, side="left")
        found.append(np.minimum(buckets, max(boundaries.size - 1, 0)).astype(np.int32))
    return found


def _search(sorted_inputs: np.ndarray, values: np.ndarray, out_type: str, side: str) -> np.ndarray:
    if sorted_inputs.ndim != 2 or values.ndim != 2 or len(sorted_inputs) != len(values):
        raise ValueError(
            f"two matrices of as many rows were expected, but {sorted_inputs.shape} and {values.shape} came"
        )
    found = np.empty(values.shape, constant_dtype(out_type))
    for row in range(len(values)):
        found[row] = np.searchsorted(sorted_inputs[row], values[row], side=side)  # pyright: ignore[reportCallIssue, reportArgumentType]
    return found


@host_op("LowerBound")
def lower_bound(sorted_inputs, values, *, out_type="int32"):
    """For each value the first place in the sorted row before which it can stand."""
    return _search(sorted_inputs, values, out_type, "left")


@host_op("UpperBound")
def upper_bound(sorted_inputs, values, *, out_type="int32"):
    """For each value the last place in the sorted row before which it can stand."""
    return _search(sorted_inputs, values, out_type, "right")
