"""Slices by TensorFlow's kernels: begins, ends and sizes may be traced."""

from __future__ import annotations

from typing import Any

import numpy as np
import tensorflow as tf

from hublayer.lowering.backends.tensorflow.native import lowers_native
from hublayer.lowering.registry import lowers

lowers_native("StridedSlice", "StridedSliceGrad", "TensorStridedSliceUpdate")


@lowers("Slice", backend="tensorflow")
def _slice(input: Any, begin: Any, size: Any) -> Any:
    # Of a vector, a shape for example, a graph still knows the elements after a strided slice, and not after a Slice.
    shape = tf.TensorShape(input.shape)
    dim = shape[0] if shape.rank == 1 else None
    if dim is None or not isinstance(begin, np.ndarray) or not isinstance(size, np.ndarray):
        return tf.raw_ops.Slice(input=input, begin=begin, size=size)
    first, length = int(begin.item()), int(size.item())
    end = dim if length == -1 else first + length
    if not 0 <= first <= end <= dim:  # the kernel says what is wrong
        return tf.raw_ops.Slice(input=input, begin=begin, size=size)
    return tf.convert_to_tensor(input)[first:end]
