"""The samples with tensorflow_text's ops: TensorFlow's results on hard and on random sentences."""

from __future__ import annotations

import importlib.util

import keras
import numpy as np
import pytest
from host.collect import unpacked

import hublayer as hub
from translated.classifier import ROOT
from translated.random_sentences import random_sentences

NAMES = ["bert_preprocess", "fast_bert_preprocess", "albert_preprocess", "sentence_encoder"]
RANDOM = 2500  # of each sample, so 10,000 in all


def same(found, expected) -> None:
    """Integers exactly, floats nearly."""
    found = {"0": found} if not isinstance(found, dict) else found
    expected = {"0": expected} if not isinstance(expected, dict) else expected
    assert found.keys() == expected.keys()
    for key, value in found.items():
        array, reference = np.asarray(keras.ops.convert_to_numpy(value)), np.asarray(expected[key])
        assert array.shape == reference.shape
        if reference.dtype.kind == "f":
            np.testing.assert_allclose(array, reference, rtol=1e-5, atol=1e-6)
        else:
            np.testing.assert_array_equal(array, reference)


@pytest.mark.parametrize("name", NAMES)
def test_hard_and_random_sentences(name, samples):
    with np.load(ROOT / "tests" / "goldens" / "text" / f"{name}.npz") as arrays:
        golden = {key: values[0] for key, values in unpacked(arrays).items()}
    expected = {key.removeprefix("__call__:"): array for key, array in golden.items() if key.startswith("__call__:")}
    assert len(golden["sentences"]) > 400
    same(hub.load(samples / name, runtime="translated")(golden["sentences"]), expected)


@pytest.mark.skipif(importlib.util.find_spec("tensorflow_text") is None, reason="TensorFlow itself is the reference")
@pytest.mark.skipif(keras.config.backend() != "tensorflow", reason="once is enough, on the TensorFlow backend")
@pytest.mark.parametrize("name", NAMES)
def test_ten_thousand_random_sentences(name, samples):
    import tensorflow as tf
    import tensorflow_text  # registers its ops

    assert tensorflow_text.__version__
    sentences = np.array(random_sentences(RANDOM, seed=NAMES.index(name) + 7), object)
    model, reference = hub.load(samples / name, runtime="translated"), tf.saved_model.load(str(samples / name))
    for start in range(0, RANDOM, 500):
        batch = sentences[start : start + 500]
        same(model(batch), reference(tf.constant(batch)))
