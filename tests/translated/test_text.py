"""Text models on the Keras backend at hand: the layer on strings, its two halves, training, saving."""

from __future__ import annotations

import json
import pickle
import subprocess
import sys
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

import keras
import numpy as np
import pytest

import hublayer as hub
from translated.classifier import LABELS, ROOT, TEXTS, losses

BACKEND = keras.config.backend()
GOLDENS = ROOT / "tests" / "goldens"


@pytest.fixture
def text_layer(samples):
    return hub.KerasLayer(samples / "text_embedding", runtime="translated")


def array(value) -> np.ndarray:
    return np.asarray(keras.ops.convert_to_numpy(value))


def test_the_layer_is_its_two_halves(text_layer):
    features = text_layer.preprocessor(TEXTS)
    assert sorted(features) == ["lengths", "tokens", "values"]
    assert {len(value) for value in features.values()} == {len(TEXTS)}
    np.testing.assert_allclose(array(text_layer.encoder(features)), array(text_layer(TEXTS)), rtol=1e-6, atol=1e-7)


@pytest.mark.parametrize("inputs", [list(TEXTS), TEXTS.astype("U"), [t.encode() for t in TEXTS], tuple(TEXTS)])
def test_strings_come_as_lists_arrays_str_or_bytes(text_layer, inputs):
    np.testing.assert_array_equal(array(text_layer(inputs)), array(text_layer(TEXTS)))


def test_keras_is_asked_where_a_call_is_not_alone(text_layer, monkeypatch):
    asked = []
    original = keras.layers.Layer.__call__

    def watched(self, *args, **kwargs):
        asked.append(type(self).__name__)
        return original(self, *args, **kwargs)

    class Outer(keras.layers.Layer):
        def __init__(self, dtype=None):
            super().__init__(dtype=dtype)
            self.inner = text_layer
            self._convert_input_args, self._allow_non_tensor_positional_args = False, True

        def call(self, texts):
            return self.inner(texts)

    expected = array(text_layer(TEXTS))
    monkeypatch.setattr(keras.layers.Layer, "__call__", watched)
    np.testing.assert_array_equal(array(text_layer(TEXTS)), expected)
    assert asked == []
    for dtype in (None, "mixed_float16"):  # whose scope would cast the layer's weights
        asked.clear()
        np.testing.assert_array_equal(array(Outer(dtype)(TEXTS)), expected)
        assert asked == ["Outer", "KerasLayer"]
    asked.clear()
    text_layer.trainable = True
    np.testing.assert_allclose(array(text_layer(TEXTS)), expected, rtol=1e-6, atol=1e-7)
    assert asked == ["KerasLayer"]


def test_rows_can_be_batched_after_preprocessing(text_layer):
    features, encoder = text_layer.preprocessor(TEXTS), text_layer.encoder
    whole = array(encoder(features))
    parts = [array(encoder({key: value[i : i + 3] for key, value in features.items()})) for i in range(0, 10, 3)]
    np.testing.assert_allclose(np.concatenate(parts), whole, rtol=1e-6, atol=1e-7)


def test_an_empty_batch_and_empty_sentences(text_layer):
    assert array(text_layer(np.array([], object))).shape == (0, 128)
    np.testing.assert_array_equal(array(text_layer(np.array(["", ""], object))), np.zeros((2, 128)))


def test_the_preprocessor_works_in_another_process_without_a_backend(text_layer):
    preprocessor = text_layer.preprocessor
    expected = preprocessor(TEXTS)
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        found = pool.submit(preprocessor, TEXTS).result()
    assert expected.keys() == found.keys()
    for key, value in expected.items():
        np.testing.assert_array_equal(found[key], value)
    program = (
        "import pickle, sys; p = pickle.load(sys.stdin.buffer); p(['a b'])\n"
        "assert not {'keras', 'tensorflow', 'jax', 'torch'} & set(sys.modules), sorted(sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", program], input=pickle.dumps(preprocessor), capture_output=True)
    assert done.returncode == 0, done.stderr.decode()


@pytest.mark.parametrize("trainable", [False, True])
def test_a_classifier_on_strings_trains_as_on_tensorflow(trainable):
    expected = json.loads((GOLDENS / "classifier.json").read_text())["fine-tuned" if trainable else "frozen"]
    np.testing.assert_allclose(losses(trainable), expected, rtol=1e-3)
    assert expected[-1] < expected[0]


def test_the_encoder_trains_the_layers_own_weights(samples):
    layer = hub.KerasLayer(samples / "text_embedding", trainable=True)
    before = array(layer(TEXTS[:3]))
    model = keras.Sequential([layer.encoder, keras.layers.Dense(1)])
    model.compile(keras.optimizers.SGD(1.0), "mse")
    model.fit(layer.preprocessor(TEXTS), LABELS, epochs=2, verbose=0)
    assert np.abs(array(layer(TEXTS[:3])) - before).max() > 1e-4


def test_a_model_over_the_encoder_is_saved_and_loaded(samples, tmp_path):
    layer = hub.KerasLayer(samples / "text_embedding", trainable=True)
    features = layer.preprocessor(TEXTS)
    model = keras.Sequential([layer.encoder, keras.layers.Dense(1)])
    model.compile("sgd", "mse")
    model.fit(features, LABELS, epochs=1, verbose=0)
    model.save(tmp_path / "text.keras")
    loaded = keras.models.load_model(tmp_path / "text.keras")
    np.testing.assert_allclose(loaded.predict(features, verbose=0), model.predict(features, verbose=0), rtol=1e-6)


def test_a_functional_model_over_strings_knows_its_shapes(samples):
    layer = hub.KerasLayer(samples / "text_embedding", input_shape=[], dtype="string")
    text = keras.Input((), dtype="string")
    model = keras.Model(text, keras.layers.Dense(2)(layer(text)))
    assert model.output_shape == (None, 2)


@pytest.mark.skipif(BACKEND != "jax", reason="only JAX compiles a program per shape")
def test_few_programs_are_compiled_for_many_lengths(text_layer):
    import jax

    compiled = []

    def listen(event: str, seconds: float, **_: object) -> None:
        if event.endswith("backend_compile_duration"):
            compiled.append(event)

    jax.monitoring.register_event_duration_secs_listener(listen)
    rng = np.random.default_rng(0)
    text_layer(TEXTS)
    compiled.clear()
    for _ in range(40):
        text_layer(np.array([" ".join(["word"] * n) for n in rng.integers(0, 60, len(TEXTS))], object))
    assert len(compiled) <= 3 * 4, "rows of 8, 16, 32 and 64 tokens, and nothing besides"


def test_a_model_without_strings_has_no_halves(samples):
    layer = hub.KerasLayer(samples / "plain_module", runtime="translated")
    with pytest.raises(hub.EndpointError, match="no preprocessor"):
        _ = layer.preprocessor
    with pytest.raises(hub.EndpointError, match="no preprocessor"):
        _ = layer.encoder


def test_a_traced_string_is_refused_with_advice(text_layer):
    with pytest.raises(hub.InputStructureError, match="takes a dict with"):
        text_layer.encoder(np.zeros((2, 3), "int32"))
