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


@pytest.mark.skipif(keras.config.backend() != "jax", reason="only JAX traces with values that cannot be read")
def test_labels_inside_of_a_program_are_one_error(model):
    import jax

    with pytest.raises(hub.EndpointError, match="traced tensor"):
        jax.jit(lambda x: model.labels(x)["scores"])(X)
