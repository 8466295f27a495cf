"""Image and audio files: what cases as data cannot say. Encoded files, damaged files."""

from __future__ import annotations

import importlib.util
import struct

import numpy as np
import pytest

from host.cases.images import PNGS, file, png, wav
from hublayer.host import image_files
from hublayer.host.audio import decode_wav
from hublayer.host.image_encoding import encode_jpeg, encode_jpeg_variable_quality, encode_png
from hublayer.host.images import (
    decode_and_crop_jpeg,
    decode_bmp,
    decode_gif,
    decode_image,
    decode_jpeg,
    decode_png,
    extract_jpeg_shape,
)
from hublayer.host.string_tensor import StringTensor

with_tensorflow = pytest.mark.skipif(
    importlib.util.find_spec("tensorflow") is None, reason="TensorFlow's own decoder is compared"
)
PICTURE = decode_jpeg(StringTensor.from_list([file("color_444.jpg")], ()))


def scalar(contents: bytes) -> StringTensor:
    return StringTensor.from_list([contents], ())


@pytest.mark.parametrize("dtype", ["uint8", "uint16"])
@pytest.mark.parametrize("shape", [(5, 7, 1), (5, 7, 2), (1, 1, 3), (5, 7, 4), (2, 5, 7, 3), (2, 3, 4, 4, 1)])
def test_png_files_keep_the_pixels(shape, dtype):
    images = np.random.default_rng(0).integers(0, np.iinfo(dtype).max, shape, dtype)
    files = encode_png(images)
    assert files.shape == shape[:-3]
    again = [decode_png(scalar(contents), dtype=dtype) for contents in files.to_list()]
    np.testing.assert_array_equal(np.stack(again).reshape(shape), images)


@with_tensorflow
@pytest.mark.parametrize(
    "attrs",
    [{}, {"quality": 50}, {"quality": 0}, {"progressive": True}, {"optimize_size": True},
     {"chroma_downsampling": False}, {"density_unit": "cm", "x_density": 100}, {"xmp_metadata": "<x/>"}],
    ids=str,
)  # fmt: skip
@pytest.mark.parametrize("channels", [1, 3])
def test_jpeg_files_hold_the_pixels_of_tensorflows(attrs, channels):
    import tensorflow as tf

    image = np.ascontiguousarray(PICTURE[:, :, :channels])
    ours, theirs = encode_jpeg(image, **attrs).item(), tf.io.encode_jpeg(image, **attrs).numpy()
    np.testing.assert_array_equal(decode_jpeg(scalar(ours)), decode_jpeg(scalar(theirs)))


@with_tensorflow
@pytest.mark.parametrize("quality", [1, 60, 100])
def test_jpeg_files_of_variable_quality(quality):
    import tensorflow as tf

    ours = encode_jpeg_variable_quality(PICTURE, np.array(quality, np.int32)).item()
    theirs = tf.raw_ops.EncodeJpegVariableQuality(images=PICTURE, quality=quality).numpy()
    np.testing.assert_array_equal(decode_jpeg(scalar(ours)), decode_jpeg(scalar(theirs)))


@pytest.mark.parametrize(("name", "window"), [("color_420.jpg", (1, 0, 20, 30)), ("cmyk.jpg", (3, 16, 9, 2))])
def test_a_window_that_no_block_bounds_is_cut_out(name, window):
    contents, (y, x, height, width) = scalar(file(name)), window
    whole = decode_jpeg(contents, fancy_upscaling=name == "cmyk.jpg")
    cut = decode_and_crop_jpeg(contents, np.array(window, np.int32), fancy_upscaling=name == "cmyk.jpg")
    np.testing.assert_array_equal(cut, whole[y : y + height, x : x + width])


def test_a_truncated_jpeg_is_an_error_or_filled_up():
    contents = file("color_420.jpg")[:-200]
    with pytest.raises(ValueError, match="damaged JPEG"):
        decode_jpeg(scalar(contents))
    filled = decode_jpeg(scalar(contents), try_recover_truncated=True, acceptable_fraction=0.3)
    np.testing.assert_array_equal(filled[:8], decode_jpeg(scalar(file("color_420.jpg")))[:8])


def _bmp(width: int, height: int, bits: int) -> bytes:
    head = bytearray(file("rgb.bmp"))
    head[18:30] = struct.pack("<iiHH", width, height, 1, bits)
    return bytes(head)


@pytest.mark.parametrize(
    ("decode", "contents"),
    [
        *((decode, contents) for decode in (decode_image, decode_jpeg, decode_png, decode_gif, decode_bmp)
          for contents in (b"", b"x", b"\xff\xd8\xff", b"GIF89a", b"BM", b"\x89PNG\r\n\x1a\n")),
        *((decode_png, PNGS[name][:-30]) for name in ("color2-8-False", "color2-16-False", "palette")),
        (decode_png, PNGS["color2-16-True"].replace(b"IDAT", b"IDAX")),
        (decode_png, PNGS["color2-16-True"][:60] + b"\0\0\0" + PNGS["color2-16-True"][63:]),
        (decode_png, file("rgb.bmp")), (decode_jpeg, file("frames.gif")), (decode_bmp, file("gray.jpg")),
        (decode_gif, file("frames.gif")[:60]), (decode_bmp, file("rgb.bmp")[:-10]), (decode_bmp, _bmp(1 << 20, 9, 24)),
        (decode_bmp, _bmp(11, -(1 << 31), 24)), (decode_bmp, _bmp(11, 9, 16)), (decode_bmp, _bmp(0, 9, 24)),
        (extract_jpeg_shape, file("one.gif")), (decode_jpeg, file("gray.jpg")[:100]),
    ],
)  # fmt: skip
def test_damaged_files_and_other_formats_are_errors(decode, contents):
    with pytest.raises(ValueError):
        decode(scalar(contents))


@pytest.mark.parametrize(("color", "depth"), [(2, 8), (6, 16), (0, 1)])
def test_sizes_are_checked_before_memory_is_taken(color, depth, monkeypatch):
    contents = bytearray(png(color, depth, False))
    contents[16:24] = struct.pack(">II", 200_000, 200_000)
    with pytest.raises(ValueError, match="200000 x 200000"):
        decode_png(scalar(bytes(contents)))
    monkeypatch.setattr(image_files, "MOST_BYTES", 1000)
    for decode, name in ((decode_jpeg, "color_444.jpg"), (decode_gif, "frames.gif"), (decode_bmp, "rgba.bmp")):
        if name != "rgba.bmp":
            with pytest.raises(ValueError, match="pixels, of"):
                decode(scalar(file(name)))


@pytest.mark.parametrize(
    "contents",
    [b"", wav(1, 5)[:40], wav(1, 5)[:-3], wav(1, 5) + b"junk", wav(1, 5).replace(b"data", b"date"),
     wav(1, 5)[:20] + b"\3\0" + wav(1, 5)[22:], wav(1, 5)[:34] + b"\x08\0" + wav(1, 5)[36:]],
)  # fmt: skip
def test_damaged_audio_is_an_error(contents):
    with pytest.raises(ValueError, match="WAV"):
        decode_wav(scalar(contents))


def test_audio_is_not_filled_up_without_end():
    with pytest.raises(ValueError, match="more than"):
        decode_wav(scalar(wav(1, 5)), desired_samples=2**31 - 1)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: decode_png(scalar(PNGS["pixel"]), channels=2), "channels"),
        (lambda: decode_jpeg(scalar(file("gray.jpg")), ratio=3), "ratio"),
        (lambda: decode_jpeg(scalar(file("gray.jpg")), dct_method="x"), "dct_method"),
        (lambda: decode_jpeg(scalar(file("gray.jpg")), channels=4), "not 4"),
        (lambda: decode_jpeg(scalar(file("cmyk.jpg")), channels=1), "four components"),
        (lambda: decode_image(scalar(file("one.gif")), channels=1), "3 channels"),
        (lambda: decode_png(StringTensor.from_list([b"a", b"b"])), "one string"),
        (lambda: decode_and_crop_jpeg(scalar(file("gray.jpg")), np.array([0, 0, 38, 5])), "leaves the image"),
        (lambda: encode_png(np.zeros((2, 2, 5), np.uint8)), "shape"),
        (lambda: encode_png(np.zeros((0, 2, 1), np.uint8)), "0"),
        (lambda: encode_jpeg(np.zeros((2, 2, 3), np.uint8), format="grayscale"), "grayscale"),
        (lambda: encode_jpeg(np.zeros((2, 2, 3), np.uint8), quality=101), "quality"),
        (lambda: encode_jpeg(np.zeros((2, 2, 3), np.uint8), density_unit="x"), "density_unit"),
    ],
)
def test_wrong_arguments_are_named(call, message):
    with pytest.raises(ValueError, match=message):
        call()
