"""Export networks of keras.applications (random weights) and a BERT-like encoder with a mask, with goldens.

    PYTHONPATH=src KERAS_BACKEND=tensorflow python tools/export_applications.py FOLDER [NAME ...]

Then, on any backend: python -m hublayer.conformance FOLDER/* --backend jax
"""

from __future__ import annotations

import sys
from pathlib import Path

import keras
import numpy as np

from hublayer import load
from hublayer.conformance.goldens import to_arrays
from hublayer.conformance.make import run_goldens

APPLICATIONS = (
    "MobileNetV2",
    "MobileNetV3Small",
    "EfficientNetV2B0",
    "ResNet50V2",
    "InceptionV3",
    "DenseNet121",
    "ConvNeXtTiny",
)


def encoder() -> keras.Model:
    """Two transformer blocks over token ids, with an attention mask and dropout."""
    ids = keras.Input((None,), dtype="int32", name="ids")
    mask = keras.Input((None,), dtype="int32", name="mask")
    x = keras.layers.Embedding(100, 64)(ids)
    attention_mask = keras.ops.cast(mask, "bool")[:, None, :]
    for _ in range(2):
        attended = keras.layers.MultiHeadAttention(4, 16, dropout=0.1)(x, x, attention_mask=attention_mask)
        x = keras.layers.LayerNormalization()(x + attended)
        hidden = keras.layers.Dense(128, activation="gelu")(x)
        x = keras.layers.LayerNormalization()(x + keras.layers.Dense(64)(hidden))
    pooled = keras.layers.Dense(64, activation="tanh")(x[:, 0])
    return keras.Model({"ids": ids, "mask": mask}, {"sequence": x, "pooled": pooled})


def main(folder: Path, names: list[str]) -> None:
    """Write each network to FOLDER/NAME with a golden.npz."""
    for name in names or [*APPLICATIONS, "encoder"]:
        keras.utils.set_random_seed(0)
        model = encoder() if name == "encoder" else getattr(keras.applications, name)(weights=None)
        for weight in model.weights:  # moving averages at their initial values would hide what batch norm does
            if "moving_mean" in weight.path:
                weight.assign(np.random.default_rng(1).normal(0, 0.05, weight.shape))
            elif "moving_variance" in weight.path:
                weight.assign(np.random.default_rng(2).uniform(0.5, 1.5, weight.shape))
        model.export(str(folder / name), verbose=False)
        keras.utils.clear_session()
        np.savez(folder / name / "golden.npz", **to_arrays(run_goldens(load(folder / name, runtime="native"))[0]))
        print(name, flush=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2:])
