"""What TensorFlow's own runtime gives for the sample models: outputs, and the losses of ten training steps.

    PYTHONPATH=src:tests KERAS_BACKEND=tensorflow python tools/make_sample_goldens.py

Inputs are drawn from fixed seeds, so only results are kept. The suites of the other backends compare with them.
"""

from __future__ import annotations

import json
from pathlib import Path

import keras
import numpy as np
import tensorflow as tf
from translated import preprocessors, wide_ids
from translated.classifier import LABELS, TEXTS
from translated.host_and_device import FOLDER, INPUTS
from translated.training import RECIPES, train
from translated.word_tables import calls, plain

import hublayer as hub
from hublayer import load
from hublayer.conformance.goldens import to_arrays
from hublayer.conformance.make import run_goldens

ROOT = Path(__file__).parents[1]
TARGET = ROOT / "tests" / "goldens"
SAMPLES = {path.name: path for path in (ROOT / "tests" / "samples").iterdir() if path.is_dir()}
SAMPLES["digits_feature_vector"] = ROOT / "src" / "hublayer" / "demo" / "digits_feature_vector"


def main() -> None:
    """Write tests/goldens."""
    for name, path in sorted(SAMPLES.items()):
        print(name, flush=True)
        arrays = to_arrays(run_goldens(load(path, runtime="native"), seed=1)[0])
        outputs = {key: value for key, value in arrays.items() if "|out:" in key or value.dtype.kind == "S"}
        np.savez_compressed(TARGET / f"{name}.npz", **outputs)
    losses = {name: train(recipe, runtime="native") for name, recipe in RECIPES.items()}
    (TARGET / "training.json").write_text(json.dumps(losses, indent=1) + "\n")
    make_classifier()
    make_word_tables()
    make_host_and_device()
    make_wide_ids()
    make_preprocessors()


def make_preprocessors() -> None:
    """What the named callables of the preprocessors give in TensorFlow."""
    found = {name: preprocessors.calls(name, "native") for name in preprocessors.NAMES}
    (TARGET / "preprocessors.json").write_text(json.dumps(found) + "\n")


def make_host_and_device() -> None:
    """What TensorFlow gives for the sample host_and_device."""
    model = tf.saved_model.load(str(FOLDER))
    found = {name: plain(getattr(model, name)(value)) for name, value in INPUTS.items()}
    (TARGET / "host_and_device.json").write_text(json.dumps(found, indent=1) + "\n")


def make_wide_ids() -> None:
    """What TensorFlow gives for the sample wide_ids."""
    model = tf.saved_model.load(str(wide_ids.FOLDER))
    found = {
        name: [x.numpy().tolist() for x in tf.nest.flatten(getattr(model, name)(wide_ids.IDS))]
        for name in wide_ids.NAMES
    }
    (TARGET / "wide_ids.json").write_text(json.dumps(found, indent=1) + "\n")


def make_word_tables() -> None:
    """What the sample word_tables gives in TensorFlow."""
    found = calls("native", tf.ragged.constant, lambda i, v, shape: tf.SparseTensor(i, tf.constant(v, tf.int64), shape))
    (TARGET / "word_tables.json").write_text(json.dumps(found, indent=1) + "\n")


def make_classifier() -> None:
    """The losses of the classifier on strings, as TensorFlow's own layers compute them from TensorFlow's ids."""
    steps = {"frozen": native_losses(False), "fine-tuned": native_losses(True)}
    (TARGET / "classifier.json").write_text(json.dumps(steps, indent=1) + "\n")


def native_losses(trainable: bool) -> list[float]:
    """See translated.classifier.losses; here the native runtime takes the strings."""
    layer = hub.KerasLayer(SAMPLES["text_embedding"], trainable=trainable, runtime="native")
    head = keras.layers.Dense(1, "sigmoid", kernel_initializer=keras.initializers.Constant(0.02))
    model = keras.Sequential([layer, head])
    model.compile(keras.optimizers.SGD(0.5), "binary_crossentropy")
    texts = tf.constant(TEXTS)
    return [float(model.train_on_batch(texts, LABELS)) for _ in range(10)]


if __name__ == "__main__":
    main()
