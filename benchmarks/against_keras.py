"""Is a loaded network as fast as the same network written by hand in Keras, on the same backend?

    python tools/export_applications.py FOLDER MobileNetV2          # once, where TensorFlow is installed
    KERAS_BACKEND=jax python benchmarks/against_keras.py FOLDER/MobileNetV2 [RUNTIME]

RUNTIME: translated, or native on TensorFlow. Prints seconds of one call and of one training step for both, taken in
turn, and their ratio: above 1, hublayer is the faster one.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median

import keras
import numpy as np

import hublayer as hub

ROUNDS = 7


def in_turn(first: Callable[[], object], second: Callable[[], object]) -> tuple[float, float]:
    """Median seconds of each, called in turn after a warm-up."""
    times: tuple[list[float], list[float]] = ([], [])
    first(), second()
    for _ in range(ROUNDS):
        for function, seconds in zip((first, second), times, strict=True):
            start = time.perf_counter()
            function()
            seconds.append(time.perf_counter() - start)
    return median(times[0]), median(times[1])


def network(layer: keras.layers.Layer | keras.Model, shape: tuple[int, ...]) -> keras.Model:
    """A classifier with `layer` as its body, compiled."""
    inputs = keras.Input(shape)
    model = keras.Model(inputs, keras.layers.Dense(2)(layer(inputs)))
    model.compile(keras.optimizers.SGD(1e-4), "mse", jit_compile="auto")
    return model


def main(folder: Path, runtime: str, batch: int = 8) -> None:
    """Compare the SavedModel in `folder` with keras.applications' network of the same name."""
    own = network(hub.KerasLayer(folder, trainable=True, runtime=runtime), (224, 224, 3))
    peer = network(getattr(keras.applications, folder.name)(weights=None), (224, 224, 3))
    frozen = hub.KerasLayer(folder, runtime=runtime)
    fixed = getattr(keras.applications, folder.name)(weights=None)
    fixed.trainable = False
    rng = np.random.default_rng(0)
    for size in (1, batch):
        x = rng.random((size, 224, 224, 3), "float32")
        y = rng.random((size, 2), "float32")
        tensor = keras.ops.convert_to_tensor(x)
        for what, ours, theirs in (
            ("layer(x), frozen", lambda t=tensor: _wait(frozen(t)), lambda t=tensor: _wait(fixed(t, training=False))),
            ("predict_on_batch", lambda x=x: own.predict_on_batch(x), lambda x=x: peer.predict_on_batch(x)),
            ("train_on_batch", lambda x=x, y=y: own.train_on_batch(x, y), lambda x=x, y=y: peer.train_on_batch(x, y)),
        ):
            a, b = in_turn(ours, theirs)
            print(
                f"{keras.config.backend():10} {folder.name:14} batch {size:2} {what:18} "
                f"hublayer {a * 1e3:8.1f} ms   Keras {b * 1e3:8.1f} ms   ratio {b / a:5.2f}",
                flush=True,
            )


def _wait(value: object) -> object:
    return keras.ops.convert_to_numpy(value)


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2] if len(sys.argv) > 2 else "translated")
