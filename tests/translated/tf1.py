"""Ten steps of training of TF1 samples: the same data for a layer and for a session of TF1."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import keras
import numpy as np

import hublayer as hub

ROOT = Path(__file__).parents[2]
STEPS = 10
BATCH = 4
SENTENCES = ["a great film", "boring, and slow", "the acting saw nothing", "I saw a fine story", "", "slow slow slow"]


@dataclass(frozen=True)
class Recipe:
    """A sample, its output and the learning rate. inputs: per input, shape without batch, and dtype."""

    sample: str
    output: str
    rate: float
    inputs: dict[str, tuple[tuple[int, ...], str]]
    options: dict[str, Any] = field(default_factory=dict)

    def draw(self, rng: np.random.Generator) -> dict[str, np.ndarray]:
        """One batch."""
        found = {}
        for name, (shape, dtype) in self.inputs.items():
            if dtype == "string":
                found[name] = np.array([SENTENCES[i] for i in rng.integers(0, len(SENTENCES), BATCH)], object)
            elif name == "lengths":
                found[name] = rng.integers(1, 7, BATCH).astype(dtype)
            elif dtype == "int32":
                found[name] = rng.integers(0, 20, (BATCH, *shape)).astype(dtype)
            else:
                found[name] = rng.random((BATCH, *shape)).astype(dtype)
        return found

    def batches(self) -> Iterator[tuple[dict[str, np.ndarray], np.ndarray]]:
        """Inputs and targets (batch, 2) of each step."""
        rng = np.random.default_rng(7)
        for _ in range(STEPS):
            yield self.draw(rng), rng.random((BATCH, 2)).astype("float32")


RECIPES = {
    "image": Recipe("tf1_image_module", "steady", 0.1, {"images": ((8, 8, 3), "float32")}),
    "sequence": Recipe("tf1_sequence_module", "default", 0.1, {"ids": ((6,), "int32"), "lengths": ((), "int32")}),
    "control_flow": Recipe("tf1_control_flow", "y", 0.1, {"x": ((4,), "float32")}),
    "text": Recipe("tf1_text_module", "default", 0.1, {"text": ((), "string")}),
}


def head() -> Any:
    """The layer that is trained on top."""
    return keras.layers.Dense(2, kernel_initializer=keras.initializers.Constant(0.01))


def train(recipe: Recipe, runtime: str = "translated") -> tuple[list[float], Any]:
    """The losses of ten steps of SGD, and the layer that was trained."""
    layer = hub.KerasLayer(
        ROOT / "tests" / "samples" / recipe.sample,
        trainable=True,
        runtime=runtime,
        output_key=recipe.output,
        **recipe.options,
    )
    if any(dtype == "string" for _, dtype in recipe.inputs.values()):
        return _train_encoder(recipe, layer), layer
    inputs = {name: keras.Input(shape, dtype=dtype, name=name) for name, (shape, dtype) in recipe.inputs.items()}
    model = keras.Model(inputs, head()(layer(inputs)))
    model.compile(keras.optimizers.SGD(recipe.rate), "mse")
    return [float(model.train_on_batch(data, target)) for data, target in recipe.batches()], layer


def _train_encoder(recipe: Recipe, layer: Any) -> list[float]:
    """The same for a model that takes strings, which Keras cannot carry through training: they are preprocessed."""
    model = keras.Sequential([layer.encoder, head()])
    model.compile(keras.optimizers.SGD(recipe.rate), "mse")
    return [float(model.train_on_batch(layer.preprocessor(data), target)) for data, target in recipe.batches()]
