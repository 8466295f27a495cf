"""TF1 models on the TensorFlow backend: which runtime takes them, and training with strings inside Keras's steps."""

from __future__ import annotations

import keras
import numpy as np
import pytest
import tensorflow as tf
from translated.test_tf1 import golden
from translated.tf1 import RECIPES, head

import hublayer as hub


@pytest.mark.parametrize(
    ("name", "runtime"),
    [
        ("tf1_hub", "translated"),  # a graph for training
        ("tf1_image_module", "translated"),
        ("tf1_text_module", "translated"),  # strings too
        ("tf1_control_flow", "translated"),  # a reference variable
        ("plain_module", "native"),
        ("text_embedding", "native"),
    ],
)
def test_auto_takes_the_runtime_that_trains_rightly(samples, name, runtime):
    assert hub.load(samples / name).program.name == runtime


def test_strings_train_within_compiled_steps(samples):
    recipe = RECIPES["text"]
    layer = hub.KerasLayer(samples / recipe.sample, trainable=True, input_shape=[], dtype=tf.string)
    model = keras.Sequential([layer, head()])
    model.compile(keras.optimizers.SGD(recipe.rate), "mse")
    losses = [model.train_on_batch(tf.constant(data["text"]), target) for data, target in recipe.batches()]
    np.testing.assert_allclose(losses, golden("text", "losses")[""], rtol=1e-3)
    data = tf.data.Dataset.from_tensor_slices((["a great film", "boring"], [[1.0, 0.0], [0.0, 1.0]])).batch(2)
    model.fit(data, epochs=2, shuffle=False, verbose=0)
    assert model.predict(tf.constant(["slow", "a fine story"]), verbose=0).shape == (2, 2)


def test_a_string_model_with_weights_shared_by_preprocessor_and_encoder(samples):
    layer = hub.KerasLayer(samples / "tf1_text_module", trainable=True)
    texts = np.array(["a great film", "slow acting"], object)
    np.testing.assert_allclose(layer.encoder(layer.preprocessor(texts)), layer(texts), rtol=1e-6)
    (weight,) = layer.weights
    weight.assign(weight * 2.0)
    np.testing.assert_allclose(layer.encoder(layer.preprocessor(texts)), layer(texts), rtol=1e-6)


def test_native_runtime_says_that_it_trains_through_the_serving_graph(samples):
    with pytest.warns(UserWarning, match="serving graph"):
        hub.KerasLayer(samples / "tf1_hub", trainable=True, runtime="native")
