"""BoostedTreesBucketize, which TensorFlow 2.21 registers without a kernel, so that no golden can be made."""

from __future__ import annotations

import numpy as np

from hublayer.host.registry import find_host_op


def test_numbers_fall_into_the_first_bucket_whose_boundary_is_not_below_them():
    host = find_host_op("BoostedTreesBucketize")
    assert host is not None
    values = np.array([-1.0, 0.0, 0.5, 1.0, 1.5, 2.0, 9.0, np.nan], np.float32)
    found, empty = host.function([values, values[:2]], [np.array([0.0, 1.0, 2.0], np.float32), np.zeros(0, np.float32)])
    assert found.dtype == np.int32
    assert found[:-1].tolist() == [0, 0, 1, 1, 2, 2, 2]
    assert empty.tolist() == [0, 0]
