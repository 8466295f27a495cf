"""What TensorFlow's kernels on the CPU cannot show: channels first, and dimensions that are unknown while tracing."""

from __future__ import annotations

import numpy as np
import pytest

from hublayer.lowering.registry import find_lowering
from lowering.backends import BACKEND, to_numpy, to_tensor
from lowering.case import floats

tensorflow_only = pytest.mark.skipif(BACKEND != "tensorflow", reason="only TensorFlow has unknown dimensions")


@pytest.mark.parametrize(("op", "shape"), [("SpaceToDepth", (2, 4, 6, 3)), ("DepthToSpace", (2, 2, 3, 8))])
def test_channels_first_is_channels_last_transposed(op, shape):
    function = find_lowering(op, BACKEND).function
    x = floats(*shape)
    last = to_numpy(function(to_tensor(x), block_size=2, data_format="NHWC"))
    first = to_numpy(function(to_tensor(x.transpose(0, 3, 1, 2)), block_size=2, data_format="NCHW"))
    np.testing.assert_array_equal(first, last.transpose(0, 3, 1, 2))


@tensorflow_only
def test_unknown_dimensions_are_read_when_the_function_runs():
    import tensorflow as tf

    lowerings = {op: find_lowering(op, BACKEND).function for op in ("Shape", "ShapeN", "Size", "Rank", "Reshape")}

    @tf.function(input_signature=[tf.TensorSpec([None, 3]), tf.TensorSpec(None)])
    def run(x, anything):
        assert type(lowerings["Rank"](x)) is np.ndarray
        shape = lowerings["Shape"](x, out_type="int64")
        flat = lowerings["Reshape"](x, [lowerings["Size"](x)])
        return shape, lowerings["ShapeN"]([anything, x])[0], lowerings["Rank"](anything), flat

    shape, other, rank, flat = run(floats(2, 3), floats(4, 1, 1))
    assert (shape.dtype, shape.numpy().tolist()) == (tf.int64, [2, 3])
    assert (other.dtype, other.numpy().tolist()) == (tf.int32, [4, 1, 1])
    assert int(rank) == 3
    assert flat.shape == (6,)
