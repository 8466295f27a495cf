"""Write the JPEG, GIF and BMP files that tests of host ops decode: tests/host/images.

They are kept, because encoders of other versions write other bytes. python tools/make_host_images.py
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image

FOLDER = Path(__file__).parents[1] / "tests" / "host" / "images"


def main() -> None:
    """Write all files."""
    FOLDER.mkdir(exist_ok=True)
    y, x = np.mgrid[0:37, 0:53]
    waves = (128 + 100 * np.sin(x / 7 + y / 9), 128 + 90 * np.cos(x / 5 - y / 11), x * 4 % 256)
    picture = np.stack(waves, -1).astype(np.uint8)
    image = Image.fromarray(picture)
    image.save(FOLDER / "color_444.jpg", subsampling=0, quality=80)
    image.save(FOLDER / "color_420.jpg", subsampling=2, quality=80)
    image.save(FOLDER / "progressive.jpg", progressive=True)
    image.convert("L").save(FOLDER / "gray.jpg")
    image.convert("CMYK").save(FOLDER / "cmyk.jpg")
    small = image.crop((0, 0, 11, 9))
    small.save(FOLDER / "rgb.bmp")
    small.convert("L").save(FOLDER / "gray.bmp")
    small.convert("RGBA").save(FOLDER / "rgba.bmp")
    frames = [Image.fromarray(np.roll(picture[:9, :11], step, 1)).quantize(16) for step in range(4)]
    frames[0].save(FOLDER / "one.gif")
    frames[0].save(FOLDER / "frames.gif", save_all=True, append_images=frames[1:])
    patched = [picture[:9, :11].copy() for _ in range(3)]
    for number, frame in enumerate(patched[1:]):
        frame[2:5, 3 : 6 + number] = 255 - frame[2:5, 3 : 6 + number]
    parts = [Image.fromarray(frame).quantize(16) for frame in patched]
    for disposal in (1, 2):
        parts[0].save(FOLDER / f"parts_{disposal}.gif", save_all=True, append_images=parts[1:], disposal=disposal)


if __name__ == "__main__":
    main()
