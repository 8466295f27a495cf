"""Ops on images: batches of height, width and channels."""

from __future__ import annotations

from typing import Any

from values.drawers.registry import draws, draws_op
from values.drawing import Drawing, Shape


def image_shape(d: Drawing, channels: int | None = None) -> Shape:
    """Few small images."""
    return (d.choose([1, 2]), d.choose([3, 2, 1, 4]), d.choose([3, 2, 1, 5]), channels or d.choose([1, 2, 3]))


@draws("images size")
def resize(d: Drawing) -> list[Any]:
    """Larger and smaller; corners align or pixels have centers, not both."""
    if d.attrs.get("half_pixel_centers") and d.attrs.get("align_corners"):
        d.attrs["align_corners"] = False
    return [d.given(0, image_shape(d)), d.whole_array(1, [d.whole(1, 6), d.whole(1, 6)])]


@draws_op("RGBToHSV", "HSVToRGB")
def colors(d: Drawing) -> list[Any]:
    """Three channels."""
    return [d.given(0, (*d.shape(1, 3), 3), d.choose(["unit", "any"]))]


@draws_op("AdjustContrastv2", "AdjustHue", "AdjustSaturation")
def adjust(d: Drawing) -> list[Any]:
    """Images of three channels and one factor."""
    return [
        d.given(0, (*d.shape(2, 3), 3), d.choose(["unit", "moderate"])),
        d.whole_array(1, d.choose([0.5, 1.5, 0, -0.25])),
    ]


@draws_op("ScaleAndTranslate")
def scale_and_translate(d: Drawing) -> list[Any]:
    """A scale and a shift for height and width."""
    d.attrs["kernel_type"] = d.choose(
        ["lanczos3", "lanczos1", "lanczos5", "gaussian", "box", "triangle", "keyscubic", "mitchellcubic"]
    )
    scale = d.whole_array(2, [d.choose([1.0, 2.0, 0.5, 0.7]), d.choose([1.0, 1.5, 0.5])])
    shift = d.whole_array(3, [d.choose([0.0, 1.0, -0.5]), d.choose([0.0, -1.0, 0.25])])
    return [d.given(0, image_shape(d), "moderate"), d.whole_array(1, [d.whole(1, 5), d.whole(1, 5)]), scale, shift]


@draws_op("CropAndResize")
def crop(d: Drawing) -> list[Any]:
    """Boxes within an image, beyond it, and upside down."""
    shape = image_shape(d)
    boxes = d.whole(0, 3)
    d.attrs["extrapolation_value"] = d.choose([0.0, -1.5])
    corners = d.picked("float32", (boxes, 4), [0.0, 1.0, 0.5, 0.25, -0.2, 1.3, 0.9])
    numbers = d.indices("int32", (boxes,), shape[0])
    return [d.given(0, shape, "moderate"), corners, numbers, d.whole_array(3, [d.whole(1, 4), d.whole(1, 4)])]


@draws("images transforms output_shape", "images transforms output_shape fill_value")
def project(d: Drawing) -> list[Any]:
    """A projection for each image or one for all."""
    shape = image_shape(d)
    d.attrs["interpolation"] = d.choose(["NEAREST", "BILINEAR"])
    d.attrs["fill_mode"] = d.choose(["CONSTANT", "REFLECT", "WRAP", "NEAREST"])
    rows = d.choose([1, shape[0]])
    transforms = d.picked("float32", (rows, 8), [0.0, 1.0, 0.5, -1.0, 0.1])
    transforms[:, 6:] *= 0.1
    inputs = [d.given(0, shape, "moderate"), transforms, d.whole_array(2, [d.whole(1, 4), d.whole(1, 4)])]
    return inputs if len(d.schema.inputs) == 3 else [*inputs, d.whole_array(3, d.choose([0.0, 2.5]))]


@draws_op("ExtractImagePatches")
def patches(d: Drawing) -> list[Any]:
    """Windows with steps and gaps."""
    for name, sizes in (("ksizes", [2, 1, 3]), ("strides", [1, 2]), ("rates", [1, 2])):
        d.attrs[name] = [1, d.choose(sizes), d.choose(sizes), 1]
    return [d.given(0, image_shape(d))]


@draws_op("ExtractVolumePatches")
def volume_patches(d: Drawing) -> list[Any]:
    """Windows of volumes."""
    for name, sizes in (("ksizes", [2, 1]), ("strides", [1, 2])):
        d.attrs[name] = [1, d.choose(sizes), d.choose(sizes), d.choose(sizes), 1]
    return [d.given(0, (1, *(d.choose([2, 3]) for _ in range(3)), d.choose([1, 2])))]


@draws("boxes scores max_output_size", "boxes scores max_output_size iou_threshold",
       "boxes scores max_output_size iou_threshold score_threshold",
       "boxes scores max_output_size iou_threshold score_threshold soft_nms_sigma")  # fmt: skip
def suppress(d: Drawing) -> list[Any]:
    """Boxes with scores, some of them equal, some upside down."""
    count = d.choose([4, 1, 3, 0])
    boxes = d.picked(d.of(0), (count, 4), [0.0, 1.0, 0.5, 0.25, 0.75, 0.9])
    scores = d.picked(d.of(1), (count,), [0.9, 0.5, 0.1, 0.75, 0.0, -0.5])
    inputs = [boxes, scores, d.whole_array(2, d.whole(0, 5))]
    names = [argument.name for argument in d.schema.inputs]
    d.attrs["iou_threshold"] = d.choose([0.5, 0.1, 0.9])
    if "iou_threshold" in names:
        del d.attrs["iou_threshold"]
    for i, name in enumerate(names[3:], 3):
        choices = {"soft_nms_sigma": [0.0, 0.5], "score_threshold": [0.2, -1.0]}.get(name, [0.5, 0.1, 0.9])
        inputs.append(d.whole_array(i, d.choose(choices)))
    return inputs
