"""Cases of hublayer.host.images and hublayer.host.audio. How close the other JPEG transform comes: test_images.py."""

import struct
import zlib
from pathlib import Path

import numpy as np
from lowering.case import Case, i32

from host.collect import text

FOLDER = Path(__file__).parents[1] / "images"
_RNG = np.random.default_rng(0)
_PASSES = ((0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2))


def _chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def png(color: int, depth: int, interlaced: bool, width: int = 13, height: int = 7, extra: bytes = b"") -> bytes:
    """A PNG file of random bytes with random filters, stored without compression."""
    samples = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}[color]
    lines = b""
    for column, row, column_step, row_step in _PASSES if interlaced else ((0, 0, 1, 1),):
        columns, rows = -(-(width - column) // column_step), -(-(height - row) // row_step)
        if columns > 0:
            size = (columns * samples * depth + 7) // 8
            lines += b"".join(bytes([_RNG.integers(5)]) + _RNG.bytes(size) for _ in range(rows))
    header = struct.pack(">IIBBBBB", width, height, depth, color, 0, 0, interlaced)
    chunks = _chunk(b"IHDR", header) + extra + _chunk(b"IDAT", zlib.compress(lines, 0)) + _chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + chunks


def wav(channels: int, samples: int, before: bytes = b"") -> bytes:
    """A WAV file of random 16-bit samples."""
    data = _RNG.bytes(2 * channels * samples)
    layout = struct.pack("<HHIIHH", 1, channels, 8000, 16000 * channels, 2 * channels, 16)
    body = b"WAVEfmt " + struct.pack("<I", 16) + layout + before + b"data" + struct.pack("<I", len(data)) + data
    return b"RIFF" + struct.pack("<I", len(body)) + body


def file(name: str) -> bytes:
    """A file of tests/host/images."""
    return (FOLDER / name).read_bytes()


_COLORS = _chunk(b"PLTE", _RNG.bytes(48))
PNGS = {
    **{
        f"color{color}-{depth}-{interlaced}": png(color, depth, interlaced)
        for color in (0, 2, 4, 6)
        for depth in (8, 16)
        for interlaced in (False, True)
    },
    **{f"gray-{depth}": png(0, depth, False) for depth in (1, 2, 4)},
    **{f"gray-{depth}-clear": png(0, depth, True, extra=_chunk(b"tRNS", b"\0\1")) for depth in (2, 8, 16)},
    **{f"rgb-{depth}-clear": png(2, depth, False, extra=_chunk(b"tRNS", b"\0\1\0\2\0\3")) for depth in (8, 16)},
    "palette": png(3, 4, False, extra=_COLORS),
    "palette-clear": png(3, 4, True, extra=_COLORS + _chunk(b"tRNS", b"\x10\x80")),
    "pixel": png(2, 16, True, 1, 1),
}
GIFS = ("one.gif", "frames.gif", "parts_1.gif", "parts_2.gif")
JPEGS = ("color_444.jpg", "color_420.jpg", "progressive.jpg", "gray.jpg", "cmyk.jpg")
ACCURATE = {"dct_method": "INTEGER_ACCURATE"}
_TOP_DOWN = bytearray(file("rgb.bmp"))
_TOP_DOWN[22:26] = struct.pack("<i", -9)

CASES = [
    *(
        Case("DecodePng", (text(contents),), {"channels": channels, "dtype": dtype}, f"{name}-{channels}-{dtype}")
        for name, contents in PNGS.items()
        for channels in (0, 1, 3, 4)
        for dtype in ("uint8", "uint16")
    ),
    *(
        Case("DecodeImage", (text(PNGS[name]),), {"channels": channels, "dtype": dtype}, f"{name}-{channels}-{dtype}")
        for name in ("color2-8-False", "color4-16-True")
        for channels in (0, 3)
        for dtype in ("uint8", "uint16", "float32")
    ),
    *(
        Case(
            "DecodeJpeg",
            (text(file(name)),),
            {"channels": channels, "ratio": ratio, **mode},
            f"{name}-{channels}-{ratio}-{list(mode)}",
        )
        for name in JPEGS
        for channels in (0, 1, 3)
        for ratio in (1, 2, 8)
        for mode in ({}, {**ACCURATE, "fancy_upscaling": False})
        if name != "cmyk.jpg" or channels != 1
    ),
    Case("DecodeJpeg", (text(PNGS["color6-8-False"]),), {"channels": 3}, "png"),
    Case("DecodePng", (text(file("one.gif")),), {"channels": 3}, "gif"),
    *(
        Case("DecodeAndCropJpeg", (text(file(name)), i32(*window)), {"ratio": ratio}, f"{name}-{window}-{ratio}")
        for name, ratio, window in (
            ("color_444.jpg", 1, (3, 5, 10, 20)),
            ("color_420.jpg", 1, (3, 16, 9, 20)),
            ("color_420.jpg", 1, (0, 20, 9, 16)),
            ("color_420.jpg", 1, (4, 16, 9, 2)),
            ("color_420.jpg", 2, (2, 8, 9, 8)),
            ("gray.jpg", 1, (3, 5, 10, 20)),
        )
    ),
    *(Case("ExtractJpegShape", (text(file(name)),), {"output_type": "int64"}, name) for name in JPEGS),
    *(Case("DecodeGif", (text(file(name)),), name=name) for name in GIFS),
    *(
        Case(
            "DecodeImage",
            (text(file(name)),),
            {"expand_animations": expand, "dtype": dtype},
            f"{name}-{expand}-{dtype}",
        )
        for name in GIFS
        for expand in (True, False)
        for dtype in ("uint8", "float32")
    ),
    *(
        Case("DecodeBmp", (text(contents),), {"channels": channels}, f"{name}-{channels}")
        for name, contents in (
            *((name, file(name)) for name in ("rgb.bmp", "gray.bmp", "rgba.bmp")),
            ("top-down", bytes(_TOP_DOWN)),
        )
        for channels in (0, 3, 4)
    ),
    Case("DecodeImage", (text(file("rgb.bmp")),), {"dtype": "uint16"}, "bmp"),
    *(
        Case(
            "DecodeWav",
            (text(wav(channels, samples)),),
            {"desired_channels": wanted, "desired_samples": length},
            f"{channels}-{samples}-{wanted}-{length}",
        )
        for channels in (1, 2)
        for samples in (0, 20)
        for wanted in (-1, 1, 3)
        for length in (-1, 5, 50)
    ),
    Case("DecodeWav", (text(wav(1, 5, b"LIST" + struct.pack("<I", 4) + b"abcd")),), name="parts"),
    Case("EncodeWav", (_RNG.normal(size=(50, 2)).astype("float32"), i32(16000))),
    Case(
        "EncodeWav",
        (np.float32([[1], [-1], [2], [-3], [np.inf], [0.5 / 32768], [1.5 / 32768], [-2.5 / 32768]]), i32(8000)),
        name="edges",
    ),
    Case("EncodeWav", (np.zeros((0, 2), "float32"), i32(8000)), name="none"),
]
