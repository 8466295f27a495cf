"""Strings and weights that take turns: TensorFlow's values, on the backend at hand."""

from __future__ import annotations

import json

import keras
import numpy as np
import pytest

import hublayer as hub
from translated.classifier import ROOT
from translated.host_and_device import FOLDER, INPUTS, WORDS, X
from translated.test_word_tables import compare
from translated.word_tables import plain

EXPECTED = json.loads((ROOT / "tests" / "goldens" / "host_and_device.json").read_text())


@pytest.fixture(scope="module")
def model():
    return hub.load(FOLDER, runtime="translated")


@pytest.mark.parametrize("name", sorted(EXPECTED))
def test_results_are_tensorflows(model, name):
    compare(plain(getattr(model, name)(INPUTS[name])), EXPECTED[name])


def test_a_batch_of_another_size(model):
    for name in ("labels", "again", "parsed", "resized"):
        first = plain(getattr(model, name)(INPUTS[name][:1]))
        expected = EXPECTED[name]
        compare(first, {k: v[:1] for k, v in expected.items()} if isinstance(expected, dict) else expected[:1])


def test_the_preprocessor_of_a_loop_over_strings_gives_numbers(model):
    layer = hub.KerasLayer(model.parsed)
    numbers = layer.preprocessor(INPUTS["parsed"])
    np.testing.assert_array_equal(numbers, [[1, 2, 3, 4], [5, -6, 7.5, 0]])
    compare(plain(layer.encoder(numbers)), EXPECTED["parsed"])


def test_weights_behind_strings_are_the_layers_own(model):
    layer = hub.KerasLayer(model.again)
    before = plain(layer(WORDS))
    second = next(weight for weight in layer.weights if weight.name == "second")
    second.assign(second * 3)
    try:
        after = plain(layer(WORDS))
    finally:
        second.assign(second / 3)
    compare(after, {"labels": before["labels"], "rows": (np.array(before["rows"]) * 3).tolist()})


def test_scores_beside_labels_are_trained_on(model):
    layer = hub.KerasLayer(model.labels, output_key="scores", trainable=True)
    network = keras.Sequential([keras.Input((4,)), layer, keras.layers.Dense(1)])
    network.compile("sgd", "mse")
    before = keras.ops.convert_to_numpy(layer.weights[0])
    network.fit(X, np.ones((3, 1)), verbose=0)
    after = keras.ops.convert_to_numpy(layer.weights[0])
    layer.weights[0].assign(before)
    assert np.abs(after - before).max() > 1e-6


def test_labels_in_a_symbolic_call_are_one_error(model):
    layer = hub.KerasLayer(model.labels, output_key="labels")
    with pytest.raises(hub.EndpointError, match="traced tensor"):
        keras.Sequential([keras.Input((4,)), layer])
