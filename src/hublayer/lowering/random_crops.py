"""Random crops of images that show enough of a bounding box. As in hublayer.lowering.random, not TensorFlow's numbers.

All attempts are drawn at once, and the first that fits is taken.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from keras import random as keras_random

from hublayer.lowering.dtypes import cast, dtype_of
from hublayer.lowering.execute import Run
from hublayer.lowering.keras_ops import ops
from hublayer.lowering.random import new_seed, of_seed
from hublayer.lowering.registry import lowers

_HALF = 0.5 - 1e-3  # what rounds down


def _round(x: Any) -> Any:
    return ops.floor(x + 0.5)


def _crops(
    image_height: Any, image_width: Any, ratios: Sequence[float], areas: Sequence[float], attempts: int, seed: Any
) -> tuple[Any, Any, Any, Any, Any]:
    """Top, left, height and width of `attempts` crops, and which of them have a shape and an area in the ranges."""
    draws = keras_random.uniform((4, attempts), dtype="float32", seed=seed)
    ratio = ratios[0] + (ratios[1] - ratios[0]) * draws[0]
    total = image_height * image_width
    smallest, largest = areas[0] * total, areas[1] * total
    highest = ops.minimum(_round(ops.sqrt(largest / ratio)), image_height)
    highest = ops.minimum(highest, ops.floor((image_width + _HALF) / ratio))
    lowest = ops.minimum(_round(ops.sqrt(smallest / ratio)), highest)
    height = ops.minimum(lowest + ops.floor(draws[1] * (highest - lowest + 1)), highest)
    # Rounding may have led out of the range of areas, by one row.
    height = ops.where(_round(height * ratio) * height < smallest, height + 1, height)
    height = ops.where(_round(height * ratio) * height > largest, height - 1, height)
    width = _round(height * ratio)
    area = width * height
    fits = ops.logical_and(area >= smallest, area <= largest)
    inside = ops.logical_and(height <= image_height, width <= image_width)
    fits = ops.logical_and(ops.logical_and(fits, inside), area > 0)
    top = ops.minimum(ops.floor(draws[2] * (image_height - height + 1)), image_height - height)
    left = ops.minimum(ops.floor(draws[3] * (image_width - width + 1)), image_width - width)
    return top, left, height, width, fits


def _covers(crop: tuple[Any, Any, Any, Any], boxes: Any, image_height: Any, image_width: Any, share: Any) -> Any:
    """For each crop, whether it shows `share` of one of the boxes, (number, 4), whose corners count from 0 to 1."""
    top, left, height, width = (x[:, None] for x in crop)
    sides = ops.floor(boxes * ops.stack([image_height, image_width, image_height, image_width]))
    y0, x0, y1, x1 = (sides[None, :, i] for i in range(4))
    rows = ops.maximum(ops.minimum(y1, top + height) - ops.maximum(y0, top), 0.0)
    columns = ops.maximum(ops.minimum(x1, left + width) - ops.maximum(x0, left), 0.0)
    area = (y1 - y0) * (x1 - x0)
    covered = ops.logical_and(area >= 1, rows * columns >= share * area)
    return ops.logical_or(ops.any(covered, axis=1), share <= 0)


def crop_of(
    image_size: Any,
    bounding_boxes: Any,
    min_object_covered: Any,
    ratios: Sequence[float],
    areas: Sequence[float],
    attempts: int,
    whole_image: bool,
    seed: Any,
) -> tuple[Any, Any, Any]:
    """Where a crop begins, its size, and its corners as a box, (1, 1, 4). The whole image if no attempt fits.

    Raises ValueError if there are no boxes and the image may not stand for one.
    """
    dtype = dtype_of(image_size)
    size = cast(image_size, "float32")
    image_height, image_width = size[0], size[1]
    boxes = ops.reshape(cast(bounding_boxes, "float32"), (-1, 4))
    if boxes.shape[0] == 0:
        if not whole_image:
            raise ValueError("there are no bounding boxes, and use_image_if_no_bounding_boxes is false")
        boxes = ops.convert_to_tensor(np.float32([[0, 0, 1, 1]]))
    *crop, fits = _crops(image_height, image_width, ratios, areas, attempts, seed)
    share = cast(min_object_covered, "float32")
    fits = ops.logical_and(fits, _covers((crop[0], crop[1], crop[2], crop[3]), boxes, image_height, image_width, share))
    first = ops.argmax(cast(fits, "int32"))
    found = ops.any(fits)
    whole = (ops.zeros_like(image_height), ops.zeros_like(image_width), image_height, image_width)
    top, left, height, width = (ops.where(found, x[first], y) for x, y in zip(crop, whole, strict=True))
    begin = cast(ops.stack([top, left, ops.zeros_like(top)]), dtype)
    extent = cast(ops.stack([height, width, -ops.ones_like(top)]), dtype)
    corners = [top / image_height, left / image_width, (top + height) / image_height, (left + width) / image_width]
    return begin, extent, ops.reshape(ops.stack(corners), (1, 1, 4))


@lowers("SampleDistortedBoundingBox")
def sample_distorted_bounding_box(
    run: Run,
    image_size: Any,
    bounding_boxes: Any,
    *,
    seed: int = 0,
    seed2: int = 0,
    min_object_covered: float = 0.1,
    aspect_ratio_range: Sequence[float] = (0.75, 1.33),
    area_range: Sequence[float] = (0.05, 1.0),
    max_attempts: int = 100,
    use_image_if_no_bounding_boxes: bool = False,
) -> tuple[Any, Any, Any]:
    """A random crop; see `crop_of`."""
    return crop_of(
        image_size,
        bounding_boxes,
        np.float32(min_object_covered),
        aspect_ratio_range,
        area_range,
        max_attempts,
        use_image_if_no_bounding_boxes,
        new_seed(run),
    )


@lowers("SampleDistortedBoundingBoxV2")
def sample_distorted_bounding_box_v2(
    run: Run,
    image_size: Any,
    bounding_boxes: Any,
    min_object_covered: Any,
    *,
    seed: int = 0,
    seed2: int = 0,
    aspect_ratio_range: Sequence[float] = (0.75, 1.33),
    area_range: Sequence[float] = (0.05, 1.0),
    max_attempts: int = 100,
    use_image_if_no_bounding_boxes: bool = False,
) -> tuple[Any, Any, Any]:
    """A random crop; see `crop_of`."""
    return crop_of(
        image_size,
        bounding_boxes,
        min_object_covered,
        aspect_ratio_range,
        area_range,
        max_attempts,
        use_image_if_no_bounding_boxes,
        new_seed(run),
    )


@lowers("StatelessSampleDistortedBoundingBox")
def stateless_sample_distorted_bounding_box(
    image_size: Any,
    bounding_boxes: Any,
    min_object_covered: Any,
    seed: Any,
    *,
    aspect_ratio_range: Sequence[float] = (0.75, 1.33),
    area_range: Sequence[float] = (0.05, 1.0),
    max_attempts: int = 100,
    use_image_if_no_bounding_boxes: bool = False,
) -> tuple[Any, Any, Any]:
    """A random crop that follows from `seed`, shape (2,); see `crop_of`."""
    return crop_of(
        image_size,
        bounding_boxes,
        min_object_covered,
        aspect_ratio_range,
        area_range,
        max_attempts,
        use_image_if_no_bounding_boxes,
        of_seed(seed),
    )
