"""Glimpses that reach beyond the image are filled with noise like its pixels."""

from __future__ import annotations

import numpy as np
import pytest

from lowering.case import floats
from lowering.test_random import draw, values

X = floats(2, 40, 50, 1, low=-3, high=5)
OFFSETS = np.float32([[9, 9], [9, 9]])  # nothing of the image is seen


@pytest.mark.parametrize("op", ["ExtractGlimpse", "ExtractGlimpseV2"])
@pytest.mark.parametrize("kind", ["uniform", "gaussian"])
def test_noise_has_the_spread_of_the_image(op, kind):
    inputs = {"input": X, "size": np.int32([40, 50]), "offsets": OFFSETS}
    array = values(draw(op, inputs, {"uniform_noise": False, "noise": kind}))
    assert array.shape == X.shape and abs(array.mean() - 1) < 0.3
    assert abs(array.std() - X.std()) < 0.3
    assert array.min() >= X.min() and array.max() <= X.max()
    assert (np.isin(array, [X.min(), X.max()]).mean() > 0.02) == (kind == "gaussian")
    assert np.unique(array).size > 3000
