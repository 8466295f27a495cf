"""Batches of sentences through the samples' text preprocessors: hublayer beside tensorflow_text, in turn.

    KERAS_BACKEND=jax PYTHONPATH=src:tools python benchmarks/preprocessors.py [--tensorflow PYTHON] [--batch 256]

Sentences of 20 to 40 words of the samples' vocabulary, another batch at each call; with --accents two letters of each
have an accent. --tensorflow: an interpreter that has TensorFlow and tensorflow_text, where this one has none. A ratio
above 1: hublayer is faster.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from samples.words import vocabulary
from turns import Worker, answer, compare

SAMPLES = Path(__file__).parents[1] / "tests" / "samples"
NAMES = ("bert_preprocess", "fast_bert_preprocess", "albert_preprocess", "sentence_encoder")
CALLS = 25


def batches(size: int, accents: bool) -> list[list[bytes]]:
    """`CALLS` batches of sentences."""
    rng = np.random.default_rng(0)
    words = np.array([word for word, _, _ in vocabulary()])
    sentences = [
        [f"{' '.join(rng.choice(words, rng.integers(20, 41)))}.".capitalize() for _ in range(size)]
        for _ in range(CALLS)
    ]
    return [[(s.replace("e", "é", 2) if accents else s).encode() for s in batch] for batch in sentences]


def work(kind: str, size: int, accents: bool) -> None:
    """One of the two processes. What it is asked for is the name of a sample."""
    data = [np.array(batch, object) for batch in batches(size, accents)]
    models: dict[str, Callable[[Any], Any]] = {}

    def call(name: str, number: int) -> None:
        if name not in models:
            models[name] = load(str(SAMPLES / name))
        finish(models[name](start(data[number % CALLS])))

    load, start, finish = _tensorflow() if kind == "tensorflow" else _hublayer()
    answer(call)


def _tensorflow() -> tuple[Callable, Callable, Callable]:
    os.environ["KERAS_BACKEND"] = "tensorflow"  # tensorflow_text imports Keras
    import tensorflow as tf
    import tensorflow_text

    assert tensorflow_text.__version__
    return tf.saved_model.load, tf.constant, lambda outputs: tf.nest.map_structure(lambda x: x.numpy(), outputs)


def _hublayer() -> tuple[Callable, Callable, Callable]:
    import keras

    import hublayer as hub

    to_numpy = keras.ops.convert_to_numpy
    return (
        lambda folder: hub.load(folder, runtime="translated"),
        lambda batch: batch,
        lambda outputs: keras.tree.map_structure(to_numpy, outputs),
    )


def main() -> None:
    """Measure in turn, print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--tensorflow", default=sys.executable, help="an interpreter that has TensorFlow")
    parser.add_argument("--batch", type=int, default=256)
    parser.add_argument("--accents", action="store_true")
    parser.add_argument("--work", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.work:
        return work(arguments.work, arguments.batch, arguments.accents)
    import keras

    options = ("--batch", str(arguments.batch), *(["--accents"] if arguments.accents else []))
    ours, peer = (
        Worker(python, __file__, "--work", kind, *options)
        for python, kind in ((sys.executable, "hublayer"), (arguments.tensorflow, "tensorflow"))
    )
    for name in NAMES:
        a, b = compare(ours, peer, name, CALLS)
        print(
            f"{keras.config.backend():10} {name:22} hublayer {a * 1e3:7.2f} ms   "
            f"tensorflow_text {b * 1e3:7.2f} ms   ratio {b / a:5.2f}",
            flush=True,
        )
    ours.close()
    peer.close()
    return None


if __name__ == "__main__":
    main()
