"""The translated runtime on the Keras backend at hand: samples, zoo, training, saving. Needs no TensorFlow."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import keras
import numpy as np
import pytest

import hublayer as hub
from hublayer.conformance.compare import compare
from hublayer.conformance.goldens import endpoint_of, from_arrays, make_inputs, read_goldens
from hublayer.conformance.result import Result
from hublayer.savedmodel import read
from translated.training import RECIPES, ROOT, train

BACKEND = keras.config.backend()
GOLDENS = ROOT / "tests" / "goldens"
ZOO = ROOT.parent / "shared" / "zoo"
SAMPLES = {path.name: path for path in (ROOT / "tests" / "samples").iterdir() if path.is_dir()}
SAMPLES["digits_feature_vector"] = ROOT / "src" / "hublayer" / "demo" / "digits_feature_vector"
# StableHLO runs on JAX.
ELSEWHERE = set() if BACKEND == "jax" else {"jax_stablehlo"}


def sample_goldens(name: str) -> list:
    """The goldens of a sample, inputs drawn again from their seeds."""
    graph = read(SAMPLES[name]).meta_graph()
    with np.load(GOLDENS / f"{name}.npz") as arrays:
        goldens = from_arrays({key: arrays[key] for key in arrays.files})
    keys = [f"sig:{n}" for n in graph.signatures] + [f"fn:{n}" for n in graph.callables]
    for golden in goldens:
        endpoint = endpoint_of(graph, golden.endpoint)
        assert endpoint is not None
        golden.inputs.update(make_inputs(endpoint, 1 + keys.index(golden.endpoint)) or {})
    return goldens


def _all_match(results: list[Result]) -> None:
    """Every endpoint that has a golden matches; some of a model's endpoints may have none."""
    compared = [result for result in results if result.verdict != "not compared"]
    assert compared
    assert [result for result in compared if result.verdict != "match"] == []


@pytest.mark.parametrize("name", sorted(set(SAMPLES) - ELSEWHERE))
def test_samples_match(name):
    results = compare(SAMPLES[name], sample_goldens(name))
    _all_match(results)


@pytest.mark.parametrize("name", sorted(RECIPES))
def test_ten_steps_of_training_agree_with_tensorflow(name):
    expected = json.loads((GOLDENS / "training.json").read_text())[name]
    got = train(RECIPES[name], runtime="translated")
    np.testing.assert_allclose(got["losses"], expected["losses"], rtol=1e-3)
    np.testing.assert_allclose(got["weights"], expected["weights"], rtol=1e-3, atol=1e-4)


@pytest.mark.skipif(BACKEND == "tensorflow", reason="TensorFlow is what this is about")
def test_tensorflow_is_never_imported(samples):
    code = (
        f"import sys, numpy as np, hublayer as hub\nlayer = hub.KerasLayer({str(samples / 'plain_module')!r})\n"
        "layer(np.float32([1, 2]))\nassert 'tensorflow' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=120)


def test_keras_file_round_trip(samples, tmp_path):
    layer = hub.KerasLayer(SAMPLES["digits_feature_vector"], trainable=True, runtime="translated")
    model = keras.Sequential([layer, keras.layers.Dense(5)])
    x = np.random.default_rng(0).random((8, 8, 8, 1), "float32")
    model.compile("adam", "mse")
    before = [w.copy() for w in layer.get_weights()]
    model.fit(x, np.zeros((8, 5)), verbose=0)
    assert any(not np.array_equal(a, b) for a, b in zip(before, layer.get_weights(), strict=True))
    model.save(tmp_path / "model.keras")
    again = keras.models.load_model(tmp_path / "model.keras")
    np.testing.assert_allclose(again.predict(x, verbose=0), model.predict(x, verbose=0), rtol=1e-6)
    assert [w.name for w in again.layers[0].weights] == [w.name for w in layer.weights]


def test_dropout_draws_new_numbers_each_time(samples):
    layer = hub.KerasLayer(samples / "bert_encoder", trainable=True, runtime="translated", output_key="pooled_output")
    inputs = {name: np.ones((2, 8), "int32") for name in ("input_word_ids", "input_mask", "input_type_ids")}
    first, second = (np.asarray(keras.ops.convert_to_numpy(layer(inputs, training=True))) for _ in range(2))
    assert not np.array_equal(first, second)
    calm, again = (np.asarray(keras.ops.convert_to_numpy(layer(inputs))) for _ in range(2))
    np.testing.assert_array_equal(calm, again)


def test_losses_only_while_trainable():
    layer = hub.KerasLayer(SAMPLES["keras2_save"], runtime="translated")
    assert layer.losses == []
    layer.trainable = True
    assert len(layer.losses) == 1
    assert keras.ops.convert_to_numpy(layer.losses[0]) > 0


def test_what_is_computed_ahead_follows_the_weights():
    layer = hub.KerasLayer(SAMPLES["digits_feature_vector"], runtime="translated")
    inputs = keras.Input((8, 8, 1))
    model = keras.Model(inputs, layer(inputs))  # shapes are worked out before the first call
    x = np.random.default_rng(0).random((2, 8, 8, 1), "float32")

    def outputs() -> np.ndarray:
        return np.asarray(keras.ops.convert_to_numpy(layer(x)))

    first = outputs()
    np.testing.assert_allclose(model.predict(x, verbose=0), first, rtol=1e-4, atol=1e-5)
    kernel = next(weight for weight in layer.weights if weight.name.endswith("kernel"))
    before = np.asarray(keras.ops.convert_to_numpy(kernel.value)).copy()
    kernel.assign(before * 2)
    changed = outputs()
    assert abs(changed - first).max() > 1e-3
    kernel.assign(before)
    np.testing.assert_allclose(outputs(), first, rtol=1e-5)
    layer.trainable = True
    np.testing.assert_allclose(outputs(), first, rtol=1e-4, atol=1e-5)


def test_summary_and_shapes(samples):
    layer = hub.KerasLayer(samples / "image_classifier", runtime="translated")
    model = keras.Sequential([layer, keras.layers.Dense(2)])
    assert model.output_shape == (None, 2)
    assert layer.compute_output_shape((4, 224, 224, 3)) == (4, 1001)
    assert layer.count_params() == 151_721


# Models that somebody has recorded results of; the others show errors in tests/conformance.
WITH_GOLDENS = sorted(path.parent.name for path in ZOO.glob("*/golden.npz"))
# They take logarithms of sums near zero, and TensorFlow's own long convolutions are 4e-4 of the scale away from the
# goldens, which are of another processor, on the one where this was written.
TOLERANCES = {"basic_pitch_nmp": 1e-3, "basic_pitch_nov06_keras": 1e-3} if BACKEND == "tensorflow" else {}


@pytest.mark.skipif(not ZOO.is_dir(), reason="the zoo of real models is not beside this checkout")
@pytest.mark.parametrize("name", WITH_GOLDENS)
def test_zoo_matches(name):
    results = compare(ZOO / name, read_goldens(Path(ZOO / name)), tolerance=TOLERANCES.get(name, 1e-4))
    _all_match(results)
