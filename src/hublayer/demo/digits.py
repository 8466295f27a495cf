"""The demo's data: handwritten digits 5 to 9, and the model that has only seen 0 to 4."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.resources import as_file, files
from pathlib import Path

import numpy as np

CLASSES = 5
_FIRST_DIGIT = 5
_WHITE = 16.0


@dataclass(frozen=True)
class Digits:
    """Images, float32 (n, 8, 8, 1) in 0..1, and their labels, int (n,) in 0..4 for the digits 5 to 9."""

    train_images: np.ndarray
    train_labels: np.ndarray
    test_images: np.ndarray
    test_labels: np.ndarray


def load_digits() -> Digits:
    """Read the bundled images."""
    with files("hublayer.demo").joinpath("digits.npz").open("rb") as file, np.load(file) as arrays:
        return Digits(
            _images(arrays["x_train"]),
            _labels(arrays["y_train"]),
            _images(arrays["x_test"]),
            _labels(arrays["y_test"]),
        )


@contextmanager
def feature_vector_folder() -> Iterator[Path]:
    """The folder of the bundled SavedModel, images (n, 8, 8, 1) to features (n, 64)."""
    with as_file(files("hublayer.demo").joinpath("digits_feature_vector")) as folder:
        yield folder


def _images(pixels: np.ndarray) -> np.ndarray:
    return pixels[..., None].astype(np.float32) / _WHITE


def _labels(digits: np.ndarray) -> np.ndarray:
    return digits.astype(np.int32) - _FIRST_DIGIT
