"""Ops that decode image files, to the pixels of TensorFlow's kernels."""

from __future__ import annotations

import numpy as np

from hublayer.host.image_files import (
    bmp_pixels,
    check_png,
    gif_pixels,
    image_format,
)
from hublayer.host.jpeg_files import JpegModes, jpeg_pixels, jpeg_shape, jpeg_window
from hublayer.host.png_files import png_pixels
from hublayer.host.registry import host_op
from hublayer.host.string_tensor import StringTensor

_USUAL = JpegModes()


def _contents(contents: StringTensor) -> bytes:
    if contents.shape != ():
        raise ValueError(f"the contents must be one string, but their shape is {contents.shape}")
    return contents.item()


def _check_channels(channels: int) -> None:
    if channels not in (0, 1, 3, 4):
        raise ValueError(f"channels must be 0, 1, 3 or 4, but it is {channels}")


def _decoded(
    contents: bytes, channels: int, dtype: str, *, animated: bool, modes: JpegModes = _USUAL, bmp: bool = False
) -> np.ndarray:
    """The image in `dtype`: uint8, uint16 or float32 in 0..1. animated: a GIF has one more dimension, its frames."""
    _check_channels(channels)
    kind = image_format(contents)
    if kind == "png":
        check_png(contents, 1 if dtype == "uint8" else 2)
        pixels = png_pixels(contents, channels, wide=dtype != "uint8")
        return pixels if dtype != "float32" else pixels * np.float32(1 / 65535)
    if kind == "gif":
        if channels not in (0, 3):
            raise ValueError(f"a GIF file has 3 channels, not {channels}")
        frames = gif_pixels(contents, only_first=not animated)
        pixels = frames if animated else frames[0]
    elif kind == "bmp":
        if not bmp:
            raise ValueError("a BMP file, which only DecodeBmp and DecodeImage take")
        pixels = bmp_pixels(contents, channels)
    else:
        if channels == 4:
            raise ValueError("a JPEG file has 1 or 3 channels, not 4")
        pixels = jpeg_pixels(contents, channels, modes)
    if dtype == "uint16":
        return pixels.astype(np.uint16) * np.uint16(256)
    return pixels if dtype == "uint8" else pixels * np.float32(1 / 255)


def _one_frame(contents: bytes, channels: int, dtype: str, modes: JpegModes = _USUAL) -> np.ndarray:
    """For ops of other formats, which take a GIF of one frame too."""
    result = _decoded(contents, channels, dtype, animated=True, modes=modes)
    if result.ndim == 4:
        if len(result) > 1:
            raise ValueError(f"a GIF of {len(result)} frames, where one image is wanted")
        result = result[0]
    return result


def _modes(ratio: int, fancy: bool, recover: bool, dct_method: str) -> JpegModes:
    if ratio not in (1, 2, 4, 8):
        raise ValueError(f"ratio must be 1, 2, 4 or 8, but it is {ratio}")
    if dct_method not in ("", "INTEGER_FAST", "INTEGER_ACCURATE"):
        raise ValueError(f"dct_method must be '', 'INTEGER_FAST' or 'INTEGER_ACCURATE', but it is {dct_method!r}")
    return JpegModes(ratio, fancy, dct_method != "INTEGER_ACCURATE", recover)


# acceptable_fraction changes nothing: the decoder fills a truncated file up to its last row.
@host_op("DecodeJpeg")
def decode_jpeg(
    contents, *, channels=0, ratio=1, fancy_upscaling=True, try_recover_truncated=False, acceptable_fraction=1.0,
    dct_method="",
):  # fmt: skip
    """uint8 [height, width, channels] of a JPEG file, or of a PNG file or a GIF file of one frame."""
    modes = _modes(ratio, fancy_upscaling, try_recover_truncated, dct_method)
    return _one_frame(_contents(contents), channels, "uint8", modes)


@host_op("DecodeAndCropJpeg")
def decode_and_crop_jpeg(
    contents, crop_window, *, channels=0, ratio=1, fancy_upscaling=True, try_recover_truncated=False,
    acceptable_fraction=1.0, dct_method="",
):  # fmt: skip
    """A part of a JPEG file. crop_window: y, x, height and width, in pixels of the (smaller) image."""
    modes = _modes(ratio, fancy_upscaling, try_recover_truncated, dct_method)
    _check_channels(channels)
    data = _contents(contents)
    if image_format(data) != "jpeg" or crop_window.shape != (4,):
        raise ValueError(f"a JPEG file and a window of 4 numbers are wanted, not a shape of {crop_window.shape}")
    y, x, height, width = crop_window.tolist()
    return jpeg_window(data, channels, modes, (y, x, height, width))


@host_op("ExtractJpegShape")
def extract_jpeg_shape(contents, *, output_type="int32"):
    """Height, width and number of components of a JPEG file."""
    data = _contents(contents)
    if image_format(data) != "jpeg":
        raise ValueError("no JPEG file")
    return np.array(jpeg_shape(data), output_type)


@host_op("DecodePng")
def decode_png(contents, *, channels=0, dtype="uint8"):
    """[height, width, channels] of a PNG file, or of a JPEG file or a GIF file of one frame."""
    return _one_frame(_contents(contents), channels, dtype)


@host_op("DecodeGif")
def decode_gif(contents):
    """uint8 [frames, height, width, 3]."""
    result = _decoded(_contents(contents), 0, "uint8", animated=True)
    return result if result.ndim == 4 else result[None]


@host_op("DecodeBmp")
def decode_bmp(contents, *, channels=0):
    """uint8 [height, width, channels] of a BMP file."""
    data = _contents(contents)
    if image_format(data) != "bmp":
        raise ValueError(f"a {image_format(data).upper()} file, where a BMP file is wanted")
    return _decoded(data, channels, "uint8", animated=False, bmp=True)


@host_op("DecodeImage")
def decode_image(contents, *, channels=0, dtype="uint8", expand_animations=True):
    """[height, width, channels] of a file of any of the formats; [frames, height, width, 3] of a GIF file.

    Without expand_animations a GIF file gives its first frame.
    """
    return _decoded(_contents(contents), channels, dtype, animated=expand_animations, bmp=True)
