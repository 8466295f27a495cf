"""Configs, clones, .keras files in a fresh process, and saving the outer model as a SavedModel again."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import keras
import numpy as np
import pytest
import tensorflow as tf

import hublayer as hub

CONFIGS = [
    ("image_classifier", {"arguments": {"batch_norm_momentum": 0.5}, "trainable": True}),
    ("plain_module", {"signature": "triple", "output_key": "sum"}),
    ("plain_module", {"signature": "serving_default", "signature_outputs_as_dict": True}),
    ("tf1_hub", {"tags": ["train"], "output_key": "module_net/conv"}),
    ("tf1_hub", {"tags": []}),
    ("text_embedding", {"input_shape": [], "dtype": "string", "name": "words"}),
    ("text_embedding", {"output_shape": [128], "runtime": "native", "allow_side_effects": True}),
    ("plain_module", {"load_options": {"allow_partial_checkpoint": True}}),
]


@pytest.mark.parametrize(("sample", "options"), CONFIGS)
def test_config_round_trip(samples, sample, options):
    layer = hub.KerasLayer(samples / sample, **options)
    config = layer.get_config()
    for name, value in options.items():
        kept = config[name]
        if name == "dtype":
            kept = kept["config"]["name"]
        assert kept == value or (isinstance(value, dict) and value.items() <= kept.items()), name
    restored = hub.KerasLayer.from_config(json.loads(json.dumps(config)))
    assert restored.get_config() == config
    assert [w.name for w in restored.weights] == [w.name for w in layer.weights]


def test_a_loaded_model_remembers_its_handle(samples):
    model = hub.load(samples / "tf1_hub", tags=["train"])
    config = hub.KerasLayer(model).get_config()
    assert config["handle"] == str(samples / "tf1_hub")
    assert config["tags"] == ["train"]
    assert hub.KerasLayer.from_config(config)(np.zeros((1, 8, 8, 3), "float32")).shape == (1, 16)
    config = hub.KerasLayer(hub.load(samples / "plain_module").scale).get_config()
    assert config["signature"] == "scale"


def test_clone_model(samples):
    inputs = keras.Input((8, 8, 3))
    model = keras.Model(inputs, keras.layers.Dense(1)(hub.KerasLayer(samples / "tf1_hub")(inputs)))
    clone = keras.models.clone_model(model)
    clone.set_weights(model.get_weights())
    x = np.random.default_rng(0).random((2, 8, 8, 3), "float32")
    np.testing.assert_array_equal(clone.predict(x, verbose=0), model.predict(x, verbose=0))
    assert clone.layers[1].weights[0].value is not model.layers[1].weights[0].value


LOAD = """
import sys, warnings
warnings.filterwarnings("error", module="hublayer")
import hublayer as hub
import keras
import numpy as np
model = keras.models.load_model(sys.argv[1])
inputs = np.load(sys.argv[2], allow_pickle=False)["inputs"]
inputs = inputs.astype(object) if inputs.dtype.kind == "U" else inputs
layer = next(layer for layer in model.layers if isinstance(layer, hub.KerasLayer))
np.savez(sys.argv[3], outputs=model.predict(inputs, verbose=0), trainable=layer.trainable, weights=len(layer.weights))
"""


def load_in_a_fresh_process(path: Path, inputs: np.ndarray) -> dict:
    given, written = path.with_suffix(".in.npz"), path.with_suffix(".out.npz")
    np.savez(given, inputs=inputs.astype(str) if inputs.dtype == object else inputs)
    subprocess.run([sys.executable, "-c", LOAD, path, given, written], check=True, timeout=300)
    with np.load(written) as file:
        return dict(file)


def test_keras_file_with_trained_strings_model(samples, tmp_path):
    layer = hub.KerasLayer(samples / "text_embedding", input_shape=[], dtype=tf.string, trainable=True)
    model = keras.Sequential([layer, keras.layers.Dense(1)])
    text = np.array(["good movie", "bad movie", "short"], object)
    before = layer.get_weights()[0].copy()
    model.compile(keras.optimizers.Adam(0.1), "mse")
    model.fit(text, np.ones((3, 1)), epochs=3, verbose=0)
    assert abs(layer.get_weights()[0] - before).max() > 0.1
    path = tmp_path / "a model.keras"
    model.save(path)
    loaded = load_in_a_fresh_process(path, text)
    np.testing.assert_array_equal(loaded["outputs"], model.predict(text, verbose=0))
    assert loaded["trainable"]
    assert loaded["weights"] == 1


def test_keras_file_with_functional_batch_norm_model(samples, tmp_path):
    folder = Path(hub.__file__).parent / "demo" / "digits_feature_vector"
    inputs = keras.Input((8, 8, 1))
    layer = hub.KerasLayer(folder, trainable=True)
    model = keras.Model(inputs, keras.layers.Dense(5)(layer(inputs)))
    x = np.random.default_rng(0).random((16, 8, 8, 1), "float32")
    model.compile("adam", "mse")
    model.fit(x, np.zeros((16, 5)), verbose=0)
    path = tmp_path / "model.keras"
    model.save(path)
    loaded = load_in_a_fresh_process(path, x)
    np.testing.assert_array_equal(loaded["outputs"], model.predict(x, verbose=0))
    fresh = hub.KerasLayer(folder)
    assert any(not np.array_equal(a, b) for a, b in zip(fresh.get_weights(), layer.get_weights(), strict=True))


def test_weights_file(export, tmp_path):
    layer = hub.KerasLayer(export("reusable"), trainable=True)
    model = keras.Sequential([keras.Input((1,)), layer])
    layer.weights[0].assign([[3.0]])
    model.save_weights(tmp_path / "w.weights.h5")
    other = hub.KerasLayer(export("reusable"))
    keras.Sequential([keras.Input((1,)), other]).load_weights(tmp_path / "w.weights.h5")
    np.testing.assert_array_equal(other(np.ones((1, 1), "float32")), [[4.0]])


@pytest.mark.parametrize("policy", ["float32", "mixed_float16"])
def test_the_outer_model_is_saved_as_a_saved_model_again(samples, tmp_path, policy):
    keras.config.set_dtype_policy(policy)
    try:
        layer = hub.KerasLayer(samples / "text_embedding", input_shape=[], dtype=tf.string, trainable=True)
        model = keras.Sequential([layer, keras.layers.Dense(3)])
    finally:
        keras.config.set_dtype_policy("float32")
    text = tf.constant(["good movie", "unheard-of wörds"])
    expected = model.predict(text, verbose=0)
    model.export(str(tmp_path / "exported"), verbose=False)
    again = hub.KerasLayer(tmp_path / "exported")
    np.testing.assert_allclose(again(text), expected, rtol=1e-3)
    assert (tmp_path / "exported" / "assets").is_dir()
    tf.saved_model.save(model, str(tmp_path / "saved"))
    assert hub.load(tmp_path / "saved").signatures


def test_registered_however_it_is_imported(samples, tmp_path):
    path = tmp_path / "model.keras"
    keras.Sequential([keras.Input((8, 8, 3)), hub.KerasLayer(samples / "tf1_hub")]).save(path)
    for imports in ("import hublayer, keras", "import keras, hublayer", "import hublayer; from keras import models"):
        code = f"{imports}\nimport keras, sys\nkeras.models.load_model({str(path)!r})\nassert 'hublayer' in sys.modules"
        subprocess.run([sys.executable, "-W", "error::UserWarning", "-c", code], check=True, timeout=300)
