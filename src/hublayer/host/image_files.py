"""What format an image file has; pixels of GIF and BMP files."""

from __future__ import annotations

import io
import struct

import numpy as np
from PIL.GifImagePlugin import GifImageFile

from hublayer.host.png_files import SIGNATURE, png_header

# Uncompressed sizes are checked before memory is taken: a few bytes can claim any number of pixels.
MOST_BYTES = 1 << 29


def image_format(contents: bytes) -> str:
    """ "jpeg", "png", "gif" or "bmp", by the first bytes. Raises ValueError for anything else."""
    for name, start in (("png", SIGNATURE), ("jpeg", b"\xff\xd8\xff"), ("gif", b"GIF8"), ("bmp", b"BM")):
        if contents.startswith(start):
            return name
    raise ValueError(f"neither a JPEG, PNG, GIF nor BMP file: it begins with {contents[:8]!r}")


def check_size(width: int, height: int, bytes_of_pixel: int) -> None:
    """Raise ValueError for an image without pixels, or of more than MOST_BYTES."""
    if width <= 0 or height <= 0 or width * height * bytes_of_pixel > MOST_BYTES:
        raise ValueError(f"an image of {width} x {height} pixels, of {bytes_of_pixel} bytes each")


def check_png(contents: bytes, bytes_of_sample: int) -> None:
    """Raise ValueError for a PNG file that is too large."""
    header = png_header(contents)
    check_size(header.width, header.height, 4 * bytes_of_sample)


def gif_pixels(contents: bytes, only_first: bool) -> np.ndarray:
    """uint8, shape (frames, height, width, 3). Raises ValueError for a damaged file."""
    frames = []
    try:
        image = GifImageFile(io.BytesIO(contents))
        while True:
            check_size(*image.size, 3 * (len(frames) + 1))
            frames.append(np.asarray(image.convert("RGB")))
            if only_first:
                break
            image.seek(len(frames))
    except EOFError:
        pass
    except (OSError, SyntaxError, IndexError, struct.error) as error:
        raise ValueError(f"a damaged GIF file: {error}") from error
    if not frames:
        raise ValueError("a GIF file without a frame")
    return np.stack(frames)


def bmp_pixels(contents: bytes, channels: int) -> np.ndarray:
    """uint8, shape (height, width, channels); 3 or 4 channels, or 1, 3 or 4, as the file has, if it is 0.

    Raises ValueError for a damaged file.
    """
    if channels == 1:
        raise ValueError("a BMP file gives 3 or 4 channels, or as many as it has, not 1")
    if len(contents) < 32:
        raise ValueError(f"a BMP file of {len(contents)} bytes")
    start, width, height, bits = struct.unpack("<i", contents[10:14]) + struct.unpack("<ii2xh", contents[18:30])
    found, rows = bits // 8, abs(height)
    if bits not in (8, 24, 32):
        raise ValueError(f"a BMP file of {bits} bits a pixel, where 8, 24 or 32 are known")
    check_size(width, rows, found)
    line = (found * width + 3) // 4 * 4
    if start < 0 or start + line * rows > len(contents):
        raise ValueError(f"a truncated BMP file: {len(contents)} bytes for {width} x {rows} pixels of {bits} bits")
    lines = np.frombuffer(contents, np.uint8, line * rows, start).reshape(rows, line)[:, : found * width]
    pixels = lines.reshape(rows, width, found)
    if height > 0:
        pixels = pixels[::-1]
    wanted = channels or found
    grown = 3 if wanted > 1 else 1
    color = np.repeat(pixels, grown, axis=2) if found == 1 else pixels[:, :, 2::-1]
    if wanted == 4:
        alpha = pixels[:, :, 3:] if found == 4 else np.full((rows, width, 1), 255, np.uint8)
        color = np.concatenate((color, alpha), axis=2)
    return np.ascontiguousarray(color)
