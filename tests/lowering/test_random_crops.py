"""Random crops: their shape and area, the box that they show, and the whole image where nothing fits."""

from __future__ import annotations

import numpy as np
import pytest

from hublayer.errors import ExecutionError
from lowering.backends import to_numpy
from lowering.test_random import SEED, draw, new_run

SIZE = np.array([48, 100, 3], np.int32)
BOXES = np.float32([[[0.5, 0.5, 0.9, 0.75]], [[0.1, 0.0, 0.3, 0.2]]])
VERSIONS = [
    ("SampleDistortedBoundingBox", {}, True),
    ("SampleDistortedBoundingBoxV2", {}, False),
    ("StatelessSampleDistortedBoundingBox", {"seed": SEED}, False),
]


def crop(op, inputs, covered_by_attribute, covered=0.5, boxes=BOXES, run=None, **attrs):
    given = {"image_size": SIZE, "bounding_boxes": boxes}
    if covered_by_attribute:
        attrs["min_object_covered"] = covered
    else:
        given["min_object_covered"] = np.float32(covered)
    return [to_numpy(output) for output in draw(op, {**given, **inputs}, attrs, run or new_run())]


@pytest.mark.parametrize(("op", "inputs", "by_attribute"), VERSIONS)
def test_crops_are_what_was_asked_for(op, inputs, by_attribute):
    run, found = new_run(), set()
    for number in range(6):
        if "seed" in inputs:
            inputs = {"seed": SEED + number}
        options = {"aspect_ratio_range": [0.8, 1.25], "area_range": [0.1, 0.3], "max_attempts": 300}
        begin, size, box = crop(op, inputs, by_attribute, run=run, **options)
        (top, left, first), (height, width, rest) = begin.tolist(), size.tolist()
        assert (first, rest) == (0, -1) and begin.dtype == size.dtype == np.int32
        assert 0 <= top <= top + height <= 48 and 0 <= left <= left + width <= 100
        assert 480 <= height * width <= 1440 and 0.75 <= width / height <= 1.32
        np.testing.assert_allclose(
            box, [[[top / 48, left / 100, (top + height) / 48, (left + width) / 100]]], rtol=1e-5
        )
        shares = [
            max(0, min(y1, top + height) - max(y0, top)) * max(0, min(x1, left + width) - max(x0, left))
            / ((y1 - y0) * (x1 - x0))
            for y0, x0, y1, x1 in np.floor(BOXES.reshape(-1, 4) * np.float32([48, 100, 48, 100]))
        ]  # fmt: skip
        assert max(shares) >= 0.5
        found.add((top, left, height, width))
    assert len(found) > 3


@pytest.mark.parametrize(("op", "inputs", "by_attribute"), VERSIONS)
def test_where_nothing_fits_it_is_the_whole_image(op, inputs, by_attribute):
    begin, size, box = crop(op, inputs, by_attribute, aspect_ratio_range=[50.0, 51.0], area_range=[0.9, 1.0])
    assert begin.tolist() == [0, 0, 0] and size.tolist() == [48, 100, -1] and box.tolist() == [[[0, 0, 1, 1]]]


@pytest.mark.parametrize(("op", "inputs", "by_attribute"), VERSIONS)
def test_without_boxes_the_image_may_stand_for_one(op, inputs, by_attribute):
    none = np.zeros((1, 0, 4), np.float32)
    options = {"covered": 0.3, "area_range": [0.3, 0.9], "use_image_if_no_bounding_boxes": True}
    _, size, _ = crop(op, inputs, by_attribute, boxes=none, **options)
    assert size[0] * size[1] >= 0.3 * 4800
    with pytest.raises(ExecutionError, match="no bounding boxes"):
        crop(op, inputs, by_attribute, boxes=none)
