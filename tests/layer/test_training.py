"""Freezing, fine-tuning, moving averages and regularisation losses, in every format."""

from __future__ import annotations

import exports
import keras
import numpy as np
import pytest
import tensorflow as tf

import hublayer as hub

FORMATS = sorted(exports.HALF_PLUS_ONE)
WITH_LOSS = ["reusable", "keras2"]
X = np.array([[-2.0], [-1.0], [0.0], [1.0], [2.0]], "float32")


def consumer(layer: hub.KerasLayer) -> keras.Model:
    inputs = keras.Input((1,))
    return keras.Model(inputs, layer(inputs))


@pytest.mark.parametrize("run_eagerly", [False, True])
@pytest.mark.parametrize("format", FORMATS)
@pytest.mark.filterwarnings("ignore:.*trains through its serving graph:UserWarning")
def test_half_plus_one_is_retrained(export, format, run_eagerly):
    layer = hub.KerasLayer(export(format), trainable=True)
    model = consumer(layer)
    np.testing.assert_allclose(model.predict(X, verbose=0), X * 0.5 + 1, rtol=1e-6)
    before = [weight.copy() for weight in layer.get_weights()]
    model.compile(keras.optimizers.SGD(0.1), "mse", run_eagerly=run_eagerly)
    model.fit(X, X * 6 + 2, epochs=60, batch_size=5, verbose=0)
    assert len(layer.trainable_weights) == 2
    trained = {weight.name.split("/")[-1]: weight.numpy().item() for weight in layer.trainable_weights}
    tolerance = 0.05 if format in WITH_LOSS else 0.01
    assert trained["kernel"] == pytest.approx(6, abs=tolerance)
    assert trained["bias"] == pytest.approx(2, abs=tolerance)
    assert any(not np.array_equal(a, b) for a, b in zip(before, layer.get_weights(), strict=True))


@pytest.mark.parametrize("format", FORMATS)
def test_frozen_by_default(export, format):
    layer = hub.KerasLayer(export(format))
    assert layer.trainable_weights == []
    assert len(layer.non_trainable_weights) == len(layer.weights) >= 2
    model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1), layer])
    first = model.layers[0].get_weights()
    model.compile("sgd", "mse")
    before = [weight.copy() for weight in layer.get_weights()]
    model.fit(X, X * 6, verbose=0)
    for old, new in zip(before, layer.get_weights(), strict=True):
        np.testing.assert_array_equal(old, new)
    assert not np.array_equal(first[0], model.layers[0].get_weights()[0]), "gradients pass through a frozen layer"


def test_toggling_trainable_later(export):
    layer = hub.KerasLayer(export("reusable"))
    model = consumer(layer)
    for trainable in (True, False, True):
        layer.trainable = trainable
        assert len(layer.trainable_weights) == (2 if trainable else 0)
        assert len(model.trainable_weights) == (2 if trainable else 0)
        before = layer.get_weights()[0].copy()
        if trainable:
            model.compile(keras.optimizers.SGD(0.1), "mse")
            model.fit(X, X * 6, verbose=0)
            assert not np.array_equal(before, layer.get_weights()[0])


def test_a_frozen_layer_is_not_watched_by_tapes(export):
    layer = hub.KerasLayer(export("reusable"))
    with tf.GradientTape() as tape:
        layer(X)
    assert tape.watched_variables() == ()
    layer.trainable = True
    with tf.GradientTape() as tape:
        layer(X)
    assert len(tape.watched_variables()) == 2


@pytest.mark.parametrize("format", FORMATS)
def test_weights_carry_tensorflows_names(export, format):
    layer = hub.KerasLayer(export(format), name="half")
    names = [weight.name for weight in layer.weights]
    expected = {"reusable": "dense/kernel", "signature": "dense/kernel", "tf1": "dense/kernel"}.get(format)
    assert expected is None or names[:2] == [expected, "dense/bias"]
    assert any(name.endswith("/kernel") for name in names)
    assert layer.weights[0].path == f"half/{names[0]}"


def test_published_trainable_variables_decide(tmp_path):
    module = exports.HalfPlusOne().lists()
    module.trainable_variables = [module.module.b, module.module.unused]
    tf.saved_model.save(module, str(tmp_path))
    layer = hub.KerasLayer(str(tmp_path), trainable=True)
    assert [w.name for w in layer.trainable_weights] == ["dense/bias", "frozen"]
    assert [w.name for w in layer.non_trainable_weights] == ["dense/kernel"]
    with tf.GradientTape() as tape:
        layer(X)
    assert {v.name for v in tape.watched_variables()} <= {"dense/bias:0", "frozen:0"}


@pytest.mark.parametrize("format", WITH_LOSS)
def test_regularisation_losses_only_while_trainable(export, format):
    layer = hub.KerasLayer(export(format))
    model = consumer(layer)
    for trainable in (False, True, False, True):
        layer.trainable = trainable
        expected = [pytest.approx(0.01 * 0.25)] if trainable else []
        assert [float(loss) for loss in layer.losses] == expected
        assert [float(loss) for loss in model.losses] == expected
        model.compile("sgd", "mse")
        loss = model.evaluate(X, X * 0.5 + 1, verbose=0)
        assert loss == pytest.approx(0.01 * 0.25 if trainable else 0, abs=1e-6)


def test_regularisation_losses_are_differentiated(export):
    layer = hub.KerasLayer(export("reusable"), trainable=True)
    with tf.GradientTape() as tape:
        loss = sum(layer.losses)
    gradient = tape.gradient(loss, [layer.trainable_weights[0].value])[0]
    np.testing.assert_allclose(gradient, [[0.01 * 2 * 0.5]], rtol=1e-6)


def moving(layer: hub.KerasLayer) -> dict[str, float]:
    return {w.name: float(w.numpy()) for w in layer.weights if "moving" in w.name}


BATCH = np.array([[4.0], [8.0]], "float32")


def test_batch_norm_is_retrained(export):
    layer = hub.KerasLayer(export("batch_norm"), trainable=True)
    layer(BATCH)
    assert moving(layer) == {"bn/moving_mean": 0, "bn/moving_variance": 1}
    np.testing.assert_allclose(layer(BATCH, training=True), [[-1.0], [1.0]], rtol=1e-3)
    assert moving(layer)["bn/moving_mean"] == pytest.approx(0.6)
    model = consumer(layer)
    model.compile(keras.optimizers.SGD(0.0), "mse")
    model.fit(BATCH, BATCH, epochs=100, verbose=0)
    assert moving(layer)["bn/moving_mean"] == pytest.approx(6, rel=1e-3)
    assert moving(layer)["bn/moving_variance"] == pytest.approx(4, rel=1e-3)
    after = moving(layer)
    model.predict(BATCH, verbose=0)
    model.evaluate(BATCH, BATCH, verbose=0)
    assert moving(layer) == after


def test_batch_norm_is_frozen(export):
    layer = hub.KerasLayer(export("batch_norm"))
    model = keras.Sequential([keras.Input((1,)), layer, keras.layers.Dense(1)])
    model.compile("sgd", "mse")
    model.fit(BATCH, BATCH, epochs=3, verbose=0)
    assert moving(layer) == {"bn/moving_mean": 0, "bn/moving_variance": 1}
    np.testing.assert_allclose(layer(BATCH, training=True), BATCH / np.sqrt(1.001), rtol=1e-5)


def test_hyperparameters_reach_the_trace(export):
    layer = hub.KerasLayer(export("batch_norm"), trainable=True, arguments={"momentum": 0.5})
    layer(BATCH, training=True)
    assert moving(layer)["bn/moving_mean"] == pytest.approx(3)


def test_hyperparameter_as_a_tensor(samples):
    layer = hub.KerasLayer(samples / "image_classifier", trainable=True, arguments={"batch_norm_momentum": 0.0})
    name = next(w.name for w in layer.weights if w.name.endswith("moving_mean"))
    before = next(w.numpy() for w in layer.weights if w.name == name).copy()
    layer(np.random.default_rng(0).random((2, 224, 224, 3), "float32"), training=True)
    after = next(w.numpy() for w in layer.weights if w.name == name)
    assert abs(after - before).max() > 1e-3


def test_training_falls_back_to_the_only_trace(tmp_path):
    class OnlyInference(tf.Module):
        @tf.function
        def __call__(self, x, training):
            return x + 1 if training else x

    module = OnlyInference()
    module.__call__.get_concrete_function(exports.FLOATS, training=False)
    tf.saved_model.save(module, str(tmp_path))
    with pytest.warns(UserWarning, match="has no trainable weights"):
        layer = hub.KerasLayer(str(tmp_path), trainable=True)
    with pytest.warns(UserWarning, match="was not saved for training=True"):
        np.testing.assert_array_equal(layer(X, training=True), X)


def test_a_subclassed_model_in_a_custom_loop(export):
    class Model(keras.Model):
        def __init__(self):
            super().__init__()
            self.hub = hub.KerasLayer(export("reusable"), trainable=True)
            self.head = keras.layers.Dense(1)

        def call(self, x, training=None):
            return self.head(self.hub(x, training=training))

    model = Model()
    with tf.GradientTape() as tape:
        loss = tf.reduce_mean(model(X, training=True) ** 2)
    gradients = tape.gradient(loss, [w.value for w in model.trainable_weights])
    assert len(gradients) == 4
    assert all(gradient is not None for gradient in gradients)
    model.compile("sgd", "mse")
    model.fit(X, X, verbose=0)


def test_inside_a_distribution_strategy(export):
    with tf.distribute.MirroredStrategy(["cpu:0"]).scope():
        layer = hub.KerasLayer(export("reusable"), trainable=True)
        model = consumer(layer)
        model.compile(keras.optimizers.SGD(0.1), "mse")
    before = layer.get_weights()[0].copy()
    model.fit(X, X * 6, verbose=0)
    assert not np.array_equal(before, layer.get_weights()[0])
