"""The greatest or least elements of any dimension: what TensorFlow has on accelerators only."""

from __future__ import annotations

import numpy as np
import pytest

from lowering.backends import to_numpy
from lowering.case import floats
from lowering.test_random import draw


@pytest.mark.parametrize("greatest", [True, False])
@pytest.mark.parametrize("axis", [0, 1, -2])
def test_elements_of_any_dimension(greatest, axis):
    x = floats(5, 6, 4)
    attrs = {"k": 3, "reduction_dimension": axis, "is_max_k": greatest}
    values, indices = (to_numpy(found) for found in draw("ApproxTopK", {"input": x}, attrs))
    order = np.argsort(-x if greatest else x, axis=axis).take(range(3), axis=axis)
    np.testing.assert_array_equal(indices, order)
    np.testing.assert_array_equal(values, np.take_along_axis(x, order, axis))
