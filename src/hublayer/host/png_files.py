"""Pixels of PNG files as libpng gives them to TensorFlow.

Pillow reads the pixels; files of 16 bits and several channels, which it cannot keep, are read here (PNG specification,
third edition: sections 8, interlacing, and 9, filters).
"""

from __future__ import annotations

import io
import struct
import zlib
from dataclasses import dataclass

import numpy as np
from PIL.PngImagePlugin import PngImageFile

SIGNATURE = b"\x89PNG\r\n\x1a\n"
# Colour types: gray, RGB, palette, gray with alpha, RGBA; and how many samples a pixel has.
_SAMPLES = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}
_PALETTE = 3
_RGB_TO_GRAY = np.array([9797, 19234, 3737], np.int64)  # of 32768
# Adam7: first column, first row, column step, row step of each pass.
_PASSES = ((0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2))


@dataclass(frozen=True)
class PngHeader:
    """What the first chunk says. depth: bits of a sample."""

    width: int
    height: int
    depth: int
    color: int
    interlaced: bool


def png_header(contents: bytes) -> PngHeader:
    """The header. Raises ValueError if there is none that fits the format."""
    if len(contents) < 33 or contents[12:16] != b"IHDR":
        raise ValueError("a PNG file without a header")
    width, height, depth, color, _, _, interlace = struct.unpack(">IIBBBBB", contents[16:29])
    if not width or not height or color not in _SAMPLES or depth not in (1, 2, 4, 8, 16) or interlace > 1:
        raise ValueError(f"a PNG file with an impossible header: {width} x {height}, {depth} bits, colour type {color}")
    return PngHeader(width, height, depth, color, bool(interlace))


def png_pixels(contents: bytes, channels: int, wide: bool) -> np.ndarray:
    """uint8, or uint16 if `wide`, shape (height, width, channels); as many channels as the file has if it is 0.

    Raises ValueError for a damaged file.
    """
    header = png_header(contents)
    pixels, transparency = _samples(contents, header)
    filler = (1 << header.depth) - 1
    has_alpha = pixels.shape[2] in (2, 4)
    keeps_transparency = header.color == _PALETTE
    channels = channels or pixels.shape[2] + (transparency is not None and keeps_transparency)
    color = pixels[:, :, : pixels.shape[2] - has_alpha]
    alpha = pixels[:, :, -1:] if has_alpha else transparency
    if channels >= 3 and color.shape[2] == 1:
        color = np.repeat(color, 3, axis=2)
    if channels <= 2 and color.shape[2] == 3:
        color = _gray(color)
    if channels in (2, 4):
        if alpha is None:
            alpha = np.full((*color.shape[:2], 1), filler, color.dtype)
        color = np.concatenate((color, alpha), axis=2)
    if header.depth == 16:
        return color if wide else (color >> 8).astype(np.uint8)
    return color.astype(np.uint16) * np.uint16(257) if wide else color


def _gray(color: np.ndarray) -> np.ndarray:
    """The weights of libpng in whole numbers; 16 bits are rounded, 8 are not. Gray pixels stay what they are."""
    rounding = 0x4000 if color.dtype == np.uint16 else 0
    mixed = ((color.astype(np.int64) @ _RGB_TO_GRAY + rounding) >> 15).astype(color.dtype)
    same = (color[:, :, 0] == color[:, :, 1]) & (color[:, :, 0] == color[:, :, 2])
    return np.where(same, color[:, :, 0], mixed)[:, :, None]


def _samples(contents: bytes, header: PngHeader) -> tuple[np.ndarray, np.ndarray | None]:
    """The pixels with the file's channels, palettes as RGB, and the alpha that a transparent colour stands for."""
    if header.depth == 16:
        chunks = _chunks(contents)
        pixels = _wide_samples(b"".join(data for kind, data in chunks if kind == b"IDAT"), header)
        colors = next((data for kind, data in chunks if kind == b"tRNS"), None)
        if colors is None or header.color not in (0, 2) or len(colors) != 2 * pixels.shape[2]:
            return pixels, None
        return pixels, _alpha(pixels, np.frombuffer(colors, ">u2"), 0xFFFF)
    try:
        image = PngImageFile(io.BytesIO(contents))
        image.load()
    except (OSError, SyntaxError, ValueError, zlib.error, struct.error) as error:
        raise ValueError(f"a damaged PNG file: {error}") from error
    transparency = image.info.get("transparency")
    if header.color == _PALETTE:
        palette = np.zeros((256, 3), np.uint8)
        listed = np.array(image.getpalette("RGB"), np.uint8).reshape(-1, 3)
        palette[: len(listed)] = listed
        pixels = palette[np.asarray(image)]
        if transparency is None:
            return pixels, None
        opacities = np.full(256, 255, np.uint8)
        if isinstance(transparency, int):
            opacities[transparency] = 0
        else:
            opacities[: len(transparency)] = np.frombuffer(transparency, np.uint8)[:256]
        return pixels, opacities[np.asarray(image)][:, :, None]
    pixels = np.asarray(image.convert("L") if image.mode == "1" else image)
    pixels = pixels[:, :, None] if pixels.ndim == 2 else pixels
    if transparency is None or header.color not in (0, 2):
        return pixels, None
    scale = 255 // ((1 << header.depth) - 1) if image.mode != "1" else 1
    return pixels, _alpha(pixels, np.atleast_1d(transparency) * scale, 255)


def _alpha(pixels: np.ndarray, transparent: np.ndarray, opaque: int) -> np.ndarray:
    clear = (pixels == transparent).all(axis=2, keepdims=True)
    return np.where(clear, 0, opaque).astype(pixels.dtype)


def _chunks(contents: bytes) -> list[tuple[bytes, bytes]]:
    place, found = len(SIGNATURE), []
    while place + 12 <= len(contents):
        length = int.from_bytes(contents[place : place + 4])
        kind, data = contents[place + 4 : place + 8], contents[place + 8 : place + 8 + length]
        if len(data) != length:
            raise ValueError("a truncated PNG file")
        if zlib.crc32(kind + data) != int.from_bytes(contents[place + 8 + length : place + 12 + length]):
            raise ValueError(f"a PNG file whose chunk {kind!r} is damaged")
        found.append((kind, data))
        place += 12 + length
    return found


def _wide_samples(compressed: bytes, header: PngHeader) -> np.ndarray:
    """uint16, shape (height, width, samples), of 16-bit files."""
    samples = _SAMPLES[header.color]
    passes = _PASSES if header.interlaced else ((0, 0, 1, 1),)
    sizes = [
        (-(-(header.height - row) // row_step), -(-(header.width - column) // column_step))
        for column, row, column_step, row_step in passes
    ]
    expected = sum(rows * (1 + 2 * samples * columns) for rows, columns in sizes if columns > 0 and rows > 0)
    try:
        data = np.frombuffer(zlib.decompressobj().decompress(compressed, expected), np.uint8)
    except zlib.error as error:
        raise ValueError(f"a damaged PNG file: {error}") from error
    if len(data) != expected:
        raise ValueError(f"a truncated PNG file: {len(data)} bytes of pixels, not {expected}")
    pixels = np.zeros((header.height, header.width, samples), np.uint16)
    start = 0
    for (column, row, column_step, row_step), (rows, columns) in zip(passes, sizes, strict=True):
        if rows <= 0 or columns <= 0:
            continue
        stop = start + rows * (1 + 2 * samples * columns)
        lines = data[start:stop].reshape(rows, -1)
        plain = _unfiltered(lines[:, 0], lines[:, 1:].reshape(rows, columns, 2 * samples))
        pixels[row::row_step, column::column_step] = plain.view(">u2")
        start = stop
    return pixels


def _unfiltered(filters: np.ndarray, lines: np.ndarray) -> np.ndarray:
    """The bytes of the lines, uint8 of shape (rows, columns, bytes of a pixel), before each line was filtered.

    A pixel depends on those to the left, above, and above left. So all pixels of one diagonal can be found together.
    """
    rows, columns, width = lines.shape
    if filters.max() > 4:
        raise ValueError(f"a PNG file with the filter {filters.max()}, which is none")
    # One more row and column of zeros before the first; int16, because sums go beyond a byte.
    plain = np.zeros((rows + 1, columns + 1, width), np.int16)
    for diagonal in range(rows + columns - 1):
        row = np.arange(max(0, diagonal - columns + 1), min(rows, diagonal + 1))
        column = diagonal - row
        left, above, corner = plain[row + 1, column], plain[row, column + 1], plain[row, column]
        from_left, from_above = np.abs(above - corner), np.abs(left - corner)
        from_corner = np.abs(left + above - 2 * corner)
        paeth = np.where(
            (from_left <= from_above) & (from_left <= from_corner),
            left,
            np.where(from_above <= from_corner, above, corner),
        )
        kind = filters[row][:, None]
        predicted = np.choose(kind, [np.zeros_like(left), left, above, (left + above) >> 1, paeth])
        plain[row + 1, column + 1] = (lines[row, column] + predicted) & 0xFF
    return np.ascontiguousarray(plain[1:, 1:].astype(np.uint8))
