"""Ops that encode image files.

The pixels of PNG files are exact; their bytes, as those of JPEG files, are the encoder's.
"""

from __future__ import annotations

import io
import struct
import zlib

import numpy as np
from PIL import Image

from hublayer.host.image_files import check_size
from hublayer.host.png_files import SIGNATURE
from hublayer.host.registry import host_op
from hublayer.host.string_tensor import StringTensor

# PNG's colour types by channels.
_COLORS = {1: 0, 2: 4, 3: 2, 4: 6}
_UNITS = {"in": 1, "cm": 2.54}


@host_op("EncodePng")
def encode_png(image, *, compression=-1):
    """PNG files of uint8 or uint16 [..., height, width, channels], of 1 to 4 channels; the strings' shape is [...]."""
    if image.ndim < 3 or image.shape[-1] not in _COLORS:
        raise ValueError(f"images must have the shape [..., height, width, 1 to 4], but have {image.shape}")
    if not -1 <= compression <= 9:
        raise ValueError(f"compression must be -1 to 9, but it is {compression}")
    height, width, channels = image.shape[-3:]
    check_size(width, height, channels * image.itemsize)
    files = [_png(pixels, compression) for pixels in image.reshape(-1, height, width, channels)]
    return StringTensor.from_list(files, image.shape[:-3])


def _png(pixels: np.ndarray, compression: int) -> bytes:
    """Each line is filtered by the one above (filter 2)."""
    height, width, channels = pixels.shape
    data = np.ascontiguousarray(pixels, ">u2" if pixels.itemsize == 2 else np.uint8).view(np.uint8)
    lines = data.reshape(height, width * channels * pixels.itemsize)
    filtered = np.full((height, 1 + lines.shape[1]), 2, np.uint8)
    filtered[:, 1:] = lines
    filtered[1:, 1:] -= lines[:-1]
    header = struct.pack(">IIBBBBB", width, height, 8 * pixels.itemsize, _COLORS[channels], 0, 0, 0)
    parts = ((b"IHDR", header), (b"IDAT", zlib.compress(filtered.tobytes(), compression)), (b"IEND", b""))
    return SIGNATURE + b"".join(
        struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body)) for kind, body in parts
    )


@host_op("EncodeJpeg")
def encode_jpeg(
    image, *, format="", quality=95, progressive=False, optimize_size=False, chroma_downsampling=True,
    density_unit="in", x_density=300, y_density=300, xmp_metadata="",
):  # fmt: skip
    """A JPEG file of uint8 [height, width, channels], of 1 or 3 channels."""
    if density_unit not in _UNITS:
        raise ValueError(f"density_unit must be 'in' or 'cm', but it is {density_unit!r}")
    if image.ndim != 3:
        raise ValueError(f"an image must have the shape [height, width, channels], but has {image.shape}")
    wanted = {"": image.shape[2], "grayscale": 1, "rgb": 3}.get(format)
    if wanted is None or image.shape[2] != wanted:
        raise ValueError(f"an image of {image.shape[2]} channels in the format {format!r}")
    options: dict = {"progressive": progressive, "optimize": optimize_size}
    options["dpi"] = (x_density * _UNITS[density_unit], y_density * _UNITS[density_unit])
    if xmp_metadata:
        options["xmp"] = xmp_metadata.encode() if isinstance(xmp_metadata, str) else xmp_metadata
    return StringTensor.from_list([_jpeg(image, quality, chroma_downsampling, options)], ())


@host_op("EncodeJpegVariableQuality")
def encode_jpeg_variable_quality(images, quality):
    """As EncodeJpeg, with the quality as a scalar tensor."""
    if quality.shape != () or images.ndim != 3:
        raise ValueError(f"one image and a scalar quality are wanted, not shapes {images.shape} and {quality.shape}")
    return StringTensor.from_list([_jpeg(images, int(quality), True, {"dpi": (300, 300)})], ())


def _jpeg(image: np.ndarray, quality: int, downsampled: bool, options: dict) -> bytes:
    if not 0 <= quality <= 100:
        raise ValueError(f"quality must be 0 to 100, but it is {quality}")
    height, width, channels = image.shape
    if channels not in (1, 3):
        raise ValueError(f"a JPEG file has 1 or 3 channels, not {channels}")
    check_size(width, height, channels)
    file = io.BytesIO()
    # Pillow takes 0 for its own default.
    Image.fromarray(image[:, :, 0] if channels == 1 else image).save(
        file, "JPEG", quality=max(quality, 1), subsampling=2 if downsampled else 0, **options
    )
    return file.getvalue()
