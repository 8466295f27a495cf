"""A Keras model over a layer, saved on one backend and loaded on another. Run as a script: the other backend's side."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import keras
import numpy as np

import hublayer as hub

ROOT = Path(__file__).parents[2]
SAMPLES = ROOT / "tests" / "samples"
TEXTS = np.array(["a great film", "two hours I want back", "", "the story"], object)


def _random(*shape: int) -> np.ndarray:
    return np.random.default_rng(0).random(shape, "float32")


def _features(folder: Path) -> dict[str, np.ndarray]:
    return hub.KerasLayer(folder, runtime="translated").preprocessor(TEXTS)


@dataclass(frozen=True)
class Case:
    """layer: makes the layer that is saved. inputs: what goes into the model over it. trained: for a step of fit."""

    layer: Callable[[], Any]
    inputs: Callable[[], Any]
    trained: bool


def _layer(folder: Path, **options: Any) -> Callable[[], Any]:
    return lambda: hub.KerasLayer(folder, runtime="translated", **options)


_DIGITS = ROOT / "src" / "hublayer" / "demo" / "digits_feature_vector"
_TEXT = SAMPLES / "text_embedding"
_TF1 = SAMPLES / "tf1_image_module"
CASES = {
    "frozen": Case(_layer(_DIGITS), lambda: _random(4, 8, 8, 1), False),
    "trained": Case(_layer(_DIGITS, trainable=True), lambda: _random(4, 8, 8, 1), True),
    "BatchNorm": Case(_layer(SAMPLES / "image_classifier", trainable=True), lambda: _random(2, 224, 224, 3), True),
    "encoder": Case(lambda: _layer(_TEXT, trainable=True)().encoder, lambda: _features(_TEXT), True),
    "frozen encoder": Case(lambda: _layer(_TEXT)().encoder, lambda: _features(_TEXT), False),
    "TF1": Case(_layer(_TF1, trainable=True), lambda: _random(4, 8, 8, 3), True),
    "frozen TF1": Case(_layer(_TF1), lambda: _random(4, 8, 8, 3), False),
}


def made(case: Case) -> Any:
    """A model over the layer, after a step of training where the case asks for it."""
    layer = case.layer()
    model = keras.Sequential([layer, keras.layers.Dense(3)])
    inputs = case.inputs()
    model.compile(keras.optimizers.SGD(0.1), "mse")
    size = len(next(iter(inputs.values())) if isinstance(inputs, dict) else inputs)
    if case.trained:
        before = [weight.copy() for weight in layer.get_weights()]
        model.fit(inputs, np.zeros((size, 3), "float32"), batch_size=size, verbose=0)
        moved = [not np.array_equal(a, b) for a, b in zip(before, layer.get_weights(), strict=True)]
        assert any(moved)
    else:
        model.predict(inputs, verbose=0)
    return model


def facts(model: Any, inputs: Any) -> dict[str, np.ndarray]:
    """The model's outputs and its layer's weights, by name."""
    layer = model.layers[0]
    found = {
        f"{index} {weight.path}": value
        for index, (weight, value) in enumerate(zip(layer.weights, layer.get_weights(), strict=True))
    }
    return found | {
        "outputs": np.asarray(model.predict(inputs, verbose=0)),
        "trainable": np.array([weight.name for weight in layer.trainable_weights], str),
    }


def main(name: str, folder: Path) -> None:
    """Load first.keras of `folder`, keep its facts, train it on, and save it as second.keras with its own facts."""
    case = CASES[name]
    inputs = case.inputs()
    # The optimizer of Keras's PyTorch backend is one of its own, also in the file.
    model = keras.models.load_model(folder / "first.keras", compile=False)
    model.compile(keras.optimizers.SGD(0.1), "mse")
    np.savez(folder / "first.npz", **facts(model, inputs))
    if case.trained:
        outputs = model.predict(inputs, verbose=0)
        model.fit(inputs, np.ones_like(outputs), batch_size=len(outputs), verbose=0)
    model.save(folder / "second.keras")
    np.savez(folder / "second.npz", **facts(model, inputs))


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
