"""The demo, step by step: resolve, inspect, train a head, fine-tune, save, load."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
from rich.console import Console

from hublayer import hub
from hublayer.cli_backend import import_keras
from hublayer.demo.digits import CLASSES, Digits, feature_vector_folder, load_digits
from hublayer.demo.loopback_hub import LoopbackHub
from hublayer.demo.story import DemoResult, Story
from hublayer.info import inspect

MODEL_PATH = "/hublayer/digits-feature-vector/1"

_BATCH = 16
_FROZEN_EPOCHS, _FROZEN_RATE = 30, 5e-2
_TUNING_EPOCHS, _TUNING_RATE = 15, 2e-3


def run_demo(console: Console, cache: Path | None = None, seed: int = 0) -> DemoResult:
    """Tell the demo on `console`; takes about half a minute.

    Arguments:
        console: where it is told.
        cache: the model cache to use and keep; by default a temporary one.
        seed: of the head's weights and of the order of the images.
    Returns:
        What was measured; `problems` is empty if all went as it should.
    Raises:
        HubLayerError: a step failed, because the cache cannot be written or Keras runs on no backend that is known.
    """
    started = time.perf_counter()
    story = Story(console)
    digits = load_digits()
    with TemporaryDirectory(prefix="hublayer-demo-", ignore_cleanup_errors=True) as scratch:
        folder = Path(scratch)
        with _environment(cache or folder / "cache"):
            with feature_vector_folder() as source, LoopbackHub(source, MODEL_PATH) as host:
                requests = _resolve(host, story)
                story.inspected(inspect(host.handle))
                with story.importing():
                    model, layer = _model(host.handle, seed)
                backend, runtime = _backend_and_runtime(layer)
                story.imported(backend, runtime)
                story.training(digits)
                with story.epochs(_FROZEN_EPOCHS) as each_epoch:
                    frozen = _train(model, digits, _FROZEN_RATE, _FROZEN_EPOCHS, each_epoch)
                story.trained(*frozen)
                layer.trainable = True
                story.tuning(len(layer.trainable_weights))
                with story.epochs(_TUNING_EPOCHS) as each_epoch:
                    tuned = _train(model, digits, _TUNING_RATE, _TUNING_EPOCHS, each_epoch)
                story.trained(*tuned)
            # The host is gone now; what was saved names the model by its handle and finds it in the cache.
            story.saving()
            predictions = _predict(model, digits)
            reloaded = _predict(_save_and_load(model, folder / "model.keras"), digits)
            difference = float(np.abs(predictions - reloaded).max())
            story.reloaded(difference)
    result = DemoResult(
        requests=requests,
        frozen_accuracy=frozen[0],
        tuned_accuracy=tuned[0],
        reloaded_accuracy=_accuracy(reloaded, digits.test_labels),
        largest_difference=difference,
        backend=backend,
        runtime=runtime,
        seconds=time.perf_counter() - started,
    )
    story.ended(result)
    return result


def _resolve(host: LoopbackHub, story: Story) -> int:
    """Resolve twice; returns how many requests the host saw in all."""
    story.opened(host.handle)
    folder, first = _timed(lambda: hub.resolve(host.handle))
    requests = list(host.requests)
    _, second = _timed(lambda: hub.resolve(host.handle))
    story.resolved(folder, requests, first, len(host.requests) - len(requests), second)
    return len(host.requests)


def _model(handle: str, seed: int) -> tuple[Any, Any]:
    import_keras()
    import keras

    from hublayer import KerasLayer

    keras.utils.set_random_seed(seed)
    layer = KerasLayer(handle)
    return keras.Sequential([keras.Input((8, 8, 1)), layer, keras.layers.Dense(CLASSES)]), layer


def _backend_and_runtime(layer: Any) -> tuple[str, str]:
    import keras

    # A runtime is called as its module below hublayer.runtime.
    return keras.config.backend(), type(layer.resolved_object.program).__module__.split(".")[2]


def _train(
    model: Any, digits: Digits, rate: float, epochs: int, each_epoch: Callable[[int], None]
) -> tuple[float, float]:
    """Compile and fit; returns the accuracy on the test images and the seconds it took."""
    import keras

    def fit() -> None:
        model.compile(
            optimizer=keras.optimizers.Adam(rate), loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True)
        )
        callback = keras.callbacks.LambdaCallback(on_epoch_end=lambda epoch, logs: each_epoch(epoch + 1))
        model.fit(
            digits.train_images,
            digits.train_labels,
            batch_size=_BATCH,
            epochs=epochs,
            verbose=0,
            callbacks=[callback],
        )

    _, seconds = _timed(fit)
    return _accuracy(_predict(model, digits), digits.test_labels), seconds


def _predict(model: Any, digits: Digits) -> np.ndarray:
    # One plain call: predict() would compile anew for each stage of the demo.
    import keras

    return np.asarray(keras.ops.convert_to_numpy(model(digits.test_images, training=False)))


def _save_and_load(model: Any, file: Path) -> Any:
    import keras

    model.save(file)
    return keras.models.load_model(file)


def _accuracy(logits: np.ndarray, labels: np.ndarray) -> float:
    return float(np.mean(np.argmax(logits, axis=1) == labels))


def _timed(action: Callable[[], Any]) -> tuple[Any, float]:
    started = time.perf_counter()
    return action(), time.perf_counter() - started


@contextmanager
def _environment(cache: Path) -> Iterator[None]:
    """Use `cache`, go to the loopback host directly whatever the proxy and mirrors, and as they were afterwards."""
    changes = {
        "HUBLAYER_CACHE": str(cache),
        "HUBLAYER_MIRRORS": "",
        "HUBLAYER_OFFLINE": "",
        "TFHUB_MODEL_LOAD_FORMAT": "COMPRESSED",
        "TFHUB_DOWNLOAD_PROGRESS": "0",
        "NO_PROXY": "127.0.0.1",
        "no_proxy": "127.0.0.1",
    }
    before = {name: os.environ.get(name) for name in changes}
    os.environ.update(changes)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value
