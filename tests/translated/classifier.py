"""A sentiment classifier on raw strings, the same on every backend: what docs/text.md shows, with its losses."""

from __future__ import annotations

from pathlib import Path

import keras
import numpy as np

import hublayer as hub

ROOT = Path(__file__).parents[2]
GOOD = ["a wonderful film", "great fun, and moving!", "i loved every minute of it", "the best of the year"]
BAD = ["a terrible film", "boring and far too long...", "i hated every minute of it", "the worst of the year"]
TEXTS = np.array([*GOOD, *BAD, "", "good bad good"], object)
LABELS = np.array([1.0] * 4 + [0.0] * 4 + [0.0, 1.0], "float32")[:, None]


def losses(trainable: bool, runtime: str = "auto") -> list[float]:
    """The losses of ten steps of a classifier over the NNLM-like sample."""
    layer = hub.KerasLayer(ROOT / "tests" / "samples" / "text_embedding", trainable=trainable, runtime=runtime)
    features = layer.preprocessor(TEXTS)
    head = keras.layers.Dense(1, "sigmoid", kernel_initializer=keras.initializers.Constant(0.02))
    model = keras.Sequential([layer.encoder, head])
    model.compile(keras.optimizers.SGD(0.5), "binary_crossentropy")
    return [float(model.train_on_batch(features, LABELS)) for _ in range(10)]
