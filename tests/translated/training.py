"""Ten SGD steps on a sample model, the same on every backend and runtime."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import keras
import numpy as np

import hublayer as hub

ROOT = Path(__file__).parents[2]
STEPS = 10


@dataclass(frozen=True)
class Recipe:
    """A sample, the arguments of its layer, its input (shape, dtype) by name ("" for one), and the learning rate."""

    sample: str
    inputs: dict[str, tuple[tuple[int, ...], str]]
    options: dict[str, Any] = field(default_factory=dict)
    output: str = ""
    rate: float = 0.05
    batch: int = 4


IDS = {"input_word_ids": ((16,), "int32"), "input_mask": ((16,), "int32"), "input_type_ids": ((16,), "int32")}

RECIPES = {
    "mobilenet": Recipe("tests/samples/image_classifier", {"": ((224, 224, 3), "float32")}, rate=1e-3),
    "digits": Recipe(
        "src/hublayer/demo/digits_feature_vector", {"": ((8, 8, 1), "float32")}, {"arguments": {"training": False}}
    ),
    "bert": Recipe("tests/samples/bert_encoder", IDS, {"arguments": {"training": False}}, "pooled_output", 0.02),
    "keras2": Recipe("tests/samples/keras2_save", {"": ((6,), "float32")}, {"arguments": {"training": False}}),
    "signature": Recipe("tests/samples/keras3_export", {"": ((6,), "float32")}, {"signature": "serving_default"}),
}


def train(recipe: Recipe, runtime: str) -> dict[str, list[float]]:
    """Losses of each step, and afterwards the sum of absolute values of each weight of the layer."""
    rng = np.random.default_rng(7)
    layer = hub.KerasLayer(ROOT / recipe.sample, trainable=True, runtime=runtime, **recipe.options)
    inputs = {
        name: keras.Input(shape, dtype=dtype, name=name or None) for name, (shape, dtype) in recipe.inputs.items()
    }
    outputs = layer(inputs.get("", inputs))
    if recipe.output:
        outputs = outputs[recipe.output]
    head = keras.layers.Dense(2, kernel_initializer=keras.initializers.Constant(0.01))
    model = keras.Model(inputs.get("", inputs), head(outputs))
    model.compile(keras.optimizers.SGD(recipe.rate), "mse")
    losses = []
    for _ in range(STEPS):
        data = {
            name: (
                rng.random((recipe.batch, *shape)) if dtype == "float32" else rng.integers(0, 2, (recipe.batch, *shape))
            ).astype(dtype)
            for name, (shape, dtype) in recipe.inputs.items()
        }
        target = rng.random((recipe.batch, 2)).astype("float32")
        losses.append(float(model.train_on_batch(data.get("", data), target)))
    sums = [float(np.abs(np.asarray(w, "float64")).sum()) for w in layer.get_weights()]
    return {"losses": losses, "weights": sums}
