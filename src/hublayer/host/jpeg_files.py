"""Pixels of JPEG files, by libjpeg-turbo with the settings of TensorFlow's kernels."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import simplejpeg

from hublayer.host.image_files import check_size

_HALF = 1 << 15
_SCAN = 0xDA
_FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}


@dataclass(frozen=True)
class JpegModes:
    """ratio: how many times smaller the image becomes. fancy: colours are smoothed when they are upsampled.

    fast: the fast transform instead of the accurate one. recover: what is missing of a truncated file is filled up.
    """

    ratio: int = 1
    fancy: bool = True
    fast: bool = True
    recover: bool = False


@dataclass(frozen=True)
class _Frame:
    """sampling: how many times fewer columns and rows both colour differences have than luma."""

    height: int
    width: int
    components: int
    sampling: tuple[int, int]


def jpeg_shape(contents: bytes) -> tuple[int, int, int]:
    """Height, width and number of components. Raises ValueError for a damaged file."""
    frame = _frame(contents)
    return frame.height, frame.width, frame.components


def jpeg_pixels(contents: bytes, channels: int, modes: JpegModes) -> np.ndarray:
    """uint8, shape (height, width, channels); 1 or 3 channels, as the file has, if it is 0.

    Raises ValueError for a damaged file.
    """
    frame = _frame(contents)
    if channels == 1 and frame.components == 4:
        raise ValueError("a JPEG file of four components cannot become gray")
    check_size(frame.width, frame.height, frame.components)
    if frame.components == 4:
        ink = _decoded(contents, "CMYK", frame, modes).astype(np.int32)
        return (ink[:, :, :3] * ink[:, :, 3:] // 255).astype(np.uint8)
    return _decoded(contents, "GRAY" if (channels or frame.components) == 1 else "RGB", frame, modes)


def jpeg_window(contents: bytes, channels: int, modes: JpegModes, window: tuple[int, int, int, int]) -> np.ndarray:
    """The pixels of a window (y, x, height, width) of the image that `jpeg_pixels` gives.

    TensorFlow's kernel decodes whole blocks of columns, and where it starts and stops it smooths colours as at the
    image's own edges. Raises ValueError for a window that leaves the image.
    """
    pixels = jpeg_pixels(contents, channels, modes)
    y, x, height, width = window
    if min(y, x) < 0 or min(height, width) < 1 or y + height > pixels.shape[0] or x + width > pixels.shape[1]:
        raise ValueError(f"the window {list(window)} leaves the image of {pixels.shape[:2]} pixels")
    found = pixels[y : y + height, x : x + width].copy()
    sampling = _frame(contents).sampling
    smoothed = (sampling == (2, 1) and modes.ratio < 8) or (sampling == (2, 2) and modes.ratio == 1)
    if not (smoothed and modes.fancy) or found.shape[2] != 3:
        return found
    block = 16 // modes.ratio
    start, stop = x - x % block, x + width
    columns = list(range(width)) if stop - start <= 2 < pixels.shape[1] else []
    if x == start and x > 0:
        columns.append(0)
    if stop % 2 == 0 and stop < pixels.shape[1]:
        columns.append(width - 1)
    if columns:
        places = np.unique(columns)
        planes = _Planes(contents, modes)
        found[:, places] = planes.at_edge(y, height, places + x, sampling == (2, 2) and stop - start > 2)
    return found


class _Planes:
    """Luma and the two colour differences of an image, the latter as they are in the file."""

    def __init__(self, contents: bytes, modes: JpegModes):
        coarse = JpegModes(modes.ratio, False, modes.fast, modes.recover)
        self._planes = _decoded(_without_conversion(contents), "RGB", _frame(contents), coarse).astype(np.int32)

    def at_edge(self, y: int, height: int, columns: np.ndarray, vertical: bool) -> np.ndarray:
        """RGB of rows y … and `columns`, where no colour is smoothed across columns. vertical: across rows it is."""
        rows = np.arange(y, y + height)
        luma = self._planes[rows][:, columns, 0]
        colour = self._planes[:, columns, 1:]
        if vertical:
            beside = np.clip(np.where(rows % 2 == 0, rows - 1, rows + 1), 0, len(colour) - 1)
            summed = 3 * colour[rows] + colour[beside]
            colour = (summed * 4 + np.where(columns % 2 == 0, 8, 7)[None, :, None]) >> 4
        else:
            colour = colour[rows]
        return _rgb(luma, colour[..., 0] - 128, colour[..., 1] - 128)


def _rgb(luma: np.ndarray, blue: np.ndarray, red: np.ndarray) -> np.ndarray:
    """uint8 of BT.601's colours in 16 bits of fraction, as the JPEG standard's decoders round them."""
    r = luma + ((91881 * red + _HALF) >> 16)
    g = luma + ((-22554 * blue - 46802 * red + _HALF) >> 16)
    b = luma + ((116130 * blue + _HALF) >> 16)
    return np.clip(np.stack([r, g, b], -1), 0, 255).astype(np.uint8)


def _segments(contents: bytes) -> Iterator[tuple[int, bytes, int]]:
    """(marker, the segment with its marker, where it ends) of each segment up to the first scan's.

    Raises ValueError if there is no scan.
    """
    place = 2
    while place + 4 <= len(contents) and contents[place] == 0xFF:
        if contents[place + 1] == 0xFF:  # a marker may begin with several of them
            place += 1
            continue
        marker, end = contents[place + 1], place + 2 + int.from_bytes(contents[place + 2 : place + 4], "big")
        yield marker, contents[place:end], end
        if marker == _SCAN:
            return
        place = end
    raise ValueError(f"a damaged JPEG file: no scan follows the segments that end at byte {place}")


def _frame(contents: bytes) -> _Frame:
    for marker, segment, _ in _segments(contents):
        if marker in _FRAMES and len(segment) >= 10 and len(segment) == 10 + 3 * segment[9]:
            height, width = struct.unpack(">HH", segment[5:9])
            factors = [divmod(segment[place], 16) for place in range(11, len(segment), 3)]
            halved = len(factors) == 3 and factors[1:] == [(1, 1)] * 2
            return _Frame(height, width, len(factors), factors[0] if halved else (1, 1))
    raise ValueError("a damaged JPEG file: it does not say how large the image is")


def _without_conversion(contents: bytes) -> bytes:
    """The file with the note that its three components are red, green and blue, so that they are not converted."""
    kept, end = [contents[:2], b"\xff\xee\x00\x0eAdobe\x00\x64\x00\x00\x00\x00\x00"], 2
    for marker, segment, end in _segments(contents):  # noqa: B007 where the last one ends is used below
        if marker not in (0xE0, 0xEE):
            kept.append(segment)
    return b"".join((*kept, contents[end:]))


def _decoded(contents: bytes, space: str, frame: _Frame, modes: JpegModes) -> np.ndarray:
    options: dict[str, Any] = {"fastdct": modes.fast, "fastupsample": not modes.fancy}
    if modes.ratio > 1:
        options["min_height"], options["min_width"] = -(-frame.height // modes.ratio), -(-frame.width // modes.ratio)
        options["min_factor"] = modes.ratio
    try:
        return simplejpeg.decode_jpeg(contents, space, **options)
    except ValueError as error:
        # Other damage than a missing end is passed over, as TensorFlow does.
        if "Premature end of JPEG file" in str(error) and not modes.recover:
            raise ValueError(f"a damaged JPEG file: {error}") from error
    try:
        return simplejpeg.decode_jpeg(contents, space, strict=False, **options)
    except ValueError as error:
        raise ValueError(f"a damaged JPEG file: {error}") from error
