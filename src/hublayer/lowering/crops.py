"""Parts of images (N, H, W, C): crops, patches, and images seen through a projection."""

from __future__ import annotations

from typing import Any

from hublayer.lowering.correlate import Ints
from hublayer.lowering.dtypes import cast, dtype_of
from hublayer.lowering.registry import Static, lowers
from hublayer.lowering.taking import take
from hublayer.lowering.windows import ops, output_sizes, pad_spatial, taps, tensor, window_pads


def _pixels(x: Any, image: Any, row: Any, column: Any) -> Any:
    """x[image, row, column] of each pixel, positions outside moved to the edge."""
    batch, height, width, channels = x.shape
    row, column = (cast(ops.clip(v, 0, n - 1), "int32") for v, n in ((row, height), (column, width)))
    index = (cast(ops.clip(image, 0, max(batch - 1, 0)), "int32") * height + row) * width + column
    return take(ops.reshape(x, (batch * height * width, channels)), index, axis=0)


def _rounded(x: Any) -> Any:
    """The nearest integers, halves away from zero."""
    return ops.sign(x) * ops.floor(ops.abs(x) + 0.5)


@lowers("CropAndResize")
def crop_and_resize(
    image: Any,
    boxes: Any,
    box_ind: Any,
    crop_size: Static,
    *,
    method: str = "bilinear",
    extrapolation_value: float = 0.0,
) -> Any:
    """(boxes, h, w, C) of float32: the boxes (y1, x1, y2, x2), in parts of the image, as grids of h × w samples."""
    x, boxes, which = cast(tensor(image), "float32"), cast(tensor(boxes), "float32"), tensor(box_ind)
    places, inside = [], []
    for axis, out in enumerate(crop_size.tolist()):
        first, last, length = boxes[:, axis, None], boxes[:, axis + 2, None], x.shape[axis + 1]
        if out > 1:
            step = (last - first) * (length - 1) / (out - 1)
            place = first * (length - 1) + ops.arange(out, dtype="float32") * step
        else:
            place = 0.5 * (first + last) * (length - 1)
        places.append(place)
        inside.append((place >= 0) & (place <= length - 1))
    row, column = places[0][:, :, None], places[1][:, None, :]
    which = ops.reshape(which, (-1, 1, 1))
    if method == "nearest":
        crops = _pixels(x, which, _rounded(row), _rounded(column))
    else:
        crops = _bilinear(x, which, row, column)
    valid = inside[0][:, :, None, None] & inside[1][:, None, :, None]
    return ops.where(valid, crops, extrapolation_value)


def _bilinear(x: Any, which: Any, row: Any, column: Any) -> Any:
    top, left = ops.floor(row), ops.floor(column)
    down, right = (row - top)[..., None], (column - left)[..., None]
    rows = []
    # At a whole position both neighbours are that pixel, so the gradient for the boxes is zero there, as in TensorFlow.
    for y in (top, ops.ceil(row)):
        start, stop = _pixels(x, which, y, left), _pixels(x, which, y, ops.ceil(column))
        rows.append(start + (stop - start) * right)
    return rows[0] + (rows[1] - rows[0]) * down


@lowers("ExtractImagePatches")
def extract_image_patches(images: Any, *, ksizes: Ints, strides: Ints, rates: Ints, padding: str) -> Any:
    """(N, h, w, window · C): what each place of a sliding window sees, side by side in the channels."""
    x = tensor(images)
    kernel, steps, gaps = (list(v[1:-1]) for v in (ksizes, strides, rates))
    pads = window_pads(x.shape[1:-1], kernel, steps, gaps, padding)
    out = output_sizes(x.shape[1:-1], kernel, steps, gaps, pads)
    return ops.concatenate([view for _, view in taps(pad_spatial(x, pads), kernel, steps, gaps, out)], axis=-1)


@lowers("ExtractVolumePatches")
def extract_volume_patches(input: Any, *, ksizes: Ints, strides: Ints, padding: str) -> Any:
    """ExtractImagePatches of volumes (N, D, H, W, C)."""
    return extract_image_patches(input, ksizes=ksizes, strides=strides, rates=[1] * len(ksizes), padding=padding)


@lowers("ImageProjectiveTransformV3")
def image_projective_transform(
    images: Any,
    transforms: Any,
    output_shape: Static,
    fill_value: Any,
    *,
    dtype: str = "",
    interpolation: str,
    fill_mode: str = "CONSTANT",
) -> Any:
    """Output pixel (x, y) shows the input at (a0 x + a1 y + a2, b0 x + b1 y + b2) / (c0 x + c1 y + 1).

    transforms: (a0, a1, a2, b0, b1, b2, c0, c1) for each image, or one for all.
    """
    x, fill = tensor(images), cast(tensor(fill_value), "float32")
    a = tensor(transforms)[:, :, None, None]
    height, width = output_shape.tolist()
    rows, columns = ops.arange(height, dtype="float32")[:, None], ops.arange(width, dtype="float32")
    depth = a[:, 6] * columns + a[:, 7] * rows + 1
    safe = ops.where(depth == 0, 1.0, depth)
    column = _mapped((a[:, 0] * columns + a[:, 1] * rows + a[:, 2]) / safe, x.shape[2], fill_mode)
    row = _mapped((a[:, 3] * columns + a[:, 4] * rows + a[:, 5]) / safe, x.shape[1], fill_mode)
    which = ops.reshape(ops.arange(x.shape[0], dtype="int32"), (-1, 1, 1))

    def read(r: Any, c: Any) -> Any:
        inside = (r >= 0) & (r < x.shape[1]) & (c >= 0) & (c < x.shape[2])
        return ops.where(inside[..., None], cast(_pixels(x, which, r, c), "float32"), fill)

    if interpolation == "NEAREST":
        values = read(_rounded(row), _rounded(column))
    else:
        top, left = ops.floor(row), ops.floor(column)
        right, down = (column - left)[..., None], (row - top)[..., None]
        upper, lower = ((1 - right) * read(r, left) + right * read(r, left + 1) for r in (top, top + 1))
        values = (1 - down) * upper + down * lower
    return cast(ops.where((depth == 0)[..., None], fill, values), dtype_of(x))


@lowers("ImageProjectiveTransformV2")
def image_projective_transform_v2(
    images: Any,
    transforms: Any,
    output_shape: Static,
    *,
    dtype: str = "",
    interpolation: str,
    fill_mode: str = "CONSTANT",
) -> Any:
    """ImageProjectiveTransformV3 that fills with zeros."""
    fill = ops.zeros((), dtype="float32")
    return image_projective_transform(
        images, transforms, output_shape, fill, interpolation=interpolation, fill_mode=fill_mode
    )


def _mapped(place: Any, length: int, fill_mode: str) -> Any:
    """Positions outside 0 … length - 1 brought inside, as `fill_mode` says."""
    if fill_mode == "CONSTANT":
        return place
    if fill_mode == "REFLECT":
        period = 2.0 * length
        below = place + period * ops.floor(-place / period)
        below = ops.where(below < -length, below + period, -below - 1)
        above = place - period * ops.floor(place / period)
        above = ops.where(above >= length, period - above - 1, above)
        place = ops.where(place < 0, below, ops.where(place > length - 1, above, place))
    elif fill_mode == "WRAP":
        turn = max(length - 1, 1)
        below = place + length * (ops.floor(-place / turn) + 1)
        above = place - length * ops.floor(place / turn)
        place = ops.where(place < 0, below, ops.where(place > length - 1, above, place))
    return ops.clip(place, 0, length - 1)
