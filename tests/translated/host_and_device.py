"""What the sample host_and_device is called with: functions in which strings and weights take turns."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from hublayer.host.image_encoding import encode_png

FOLDER = Path(__file__).parents[1] / "samples" / "host_and_device"
X = np.random.default_rng(0).random((3, 4)).astype("float32")
WORDS = np.array(["cat", "unicorn", "", "fish"], object)
LINES = np.array(["1,2,3,4", "5,-6,7.5,0"], object)


def _files() -> np.ndarray:
    files = []
    for height, width in ((6, 6), (9, 12), (7, 5)):
        y, x = np.mgrid[:height, :width]
        pixels = np.stack([x * 20, y * 25, (x + y) * 10], -1).astype("uint8")
        files.append(encode_png(pixels).item())
    return np.array([*files, None], object)[:-1]


FILES = _files()
INPUTS = {
    "labels": X,
    "named": X,
    "row_of_names": X,
    "printed": X,
    "label_of_each": X,
    "best_of_dataset": X,
    "again": WORDS,
    "looked_up_in_loop": WORDS,
    "parsed": LINES,
    "resized": FILES,
    "cropped": FILES,
}
