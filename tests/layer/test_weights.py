"""Which weights a layer has, in which order, and that looking at it, saving it and copying it change nothing."""

from __future__ import annotations

import inspect
import re

import keras
import numpy as np
import pytest
import tensorflow as tf

import hublayer as hub
from hublayer.savedmodel import schema

X = np.linspace(-1, 1, 6, dtype="float32").reshape(2, 3)
RUNTIMES = ["native", "translated"]


@pytest.fixture(scope="module")
def module(tmp_path_factory):
    """x w + b + step: nothing is listed, b is not trainable, step is an integer that is said to be."""
    root = tf.Module()
    w, b = tf.Variable(np.ones((3, 2), "float32"), name="w"), tf.Variable([1.0, 2.0], trainable=False, name="b")
    root.w, root.b, root.step = w, b, tf.Variable(1, name="step")

    @tf.function(input_signature=[tf.TensorSpec([None, 3], tf.float32)], autograph=False)
    def call(x: tf.Tensor) -> tf.Tensor:
        return x @ w + b + tf.cast(root.step, tf.float32)

    root.__call__ = call
    path = tmp_path_factory.mktemp("module")
    tf.saved_model.save(root, str(path))
    return str(path)


@pytest.mark.parametrize("runtime", RUNTIMES)
@pytest.mark.parametrize("trainable", [True, False])
@pytest.mark.parametrize("listed", ["dca", "adb", "", "abcd"])
def test_the_order_is_that_of_the_predecessor(tmp_path, runtime, trainable, listed):
    root = tf.train.Checkpoint(**{name: tf.Variable(float(ord(name)), name=name) for name in "abcd"})
    spec = tf.TensorSpec([None], tf.float32)
    root.__call__ = tf.function(lambda x: x * root.a + root.b * root.c - root.d, [spec], autograph=False)
    root.variables = [getattr(root, name) for name in "bacd"]
    root.trainable_variables = [getattr(root, name) for name in listed]
    tf.saved_model.save(root, str(tmp_path))
    layer = hub.KerasLayer(str(tmp_path), runtime=runtime)
    layer.trainable = trainable
    expected = [*listed, *(name for name in "bacd" if name not in listed)]
    assert [weight.name for weight in layer.weights] == expected
    assert [chr(int(value)) for value in layer.get_weights()] == expected
    assert [weight.name for weight in layer.trainable_weights] == (list(listed) if trainable else [])
    assert [variable.name.removesuffix(":0") for variable in layer.resolved_object.variables] == list("bacd")


LOOKS = {
    "members": lambda model, path: inspect.getmembers(model.layers[0]),
    "parts": lambda model, path: [hasattr(model.layers[0], name) for name in ("preprocessor", "encoder")],
    "weights": lambda model, path: model.save_weights(path / "model.weights.h5"),
    "file": lambda model, path: model.save(path / "model.keras"),
    "clone": lambda model, path: keras.models.clone_model(model),
    "export": lambda model, path: model.export(path / "exported", verbose=False),
    "beside": lambda model, path: hub.KerasLayer(model.layers[0].resolved_object)(X),
}


@pytest.mark.parametrize("runtime", RUNTIMES)
@pytest.mark.parametrize("look", LOOKS.values(), ids=LOOKS)
def test_looking_at_a_layer_does_not_freeze_it(module, tmp_path, runtime, look):
    layer = hub.KerasLayer(module, trainable=True, runtime=runtime)
    model = keras.Sequential([keras.Input((3,)), layer])
    model(X)
    look(model, tmp_path)
    assert [weight.name for weight in layer.trainable_weights] == ["w"]
    with tf.GradientTape() as tape:
        loss = tf.reduce_sum(model(X))
    assert tape.gradient(loss, layer.trainable_weights)[0] is not None


@pytest.mark.parametrize("trainable", [True, False])
@pytest.mark.parametrize(("first", "second"), [RUNTIMES, RUNTIMES[::-1], RUNTIMES[1:] * 2])
def test_a_checkpoint_of_one_runtime_fits_the_other(module, tmp_path, first, second, trainable):
    def made(runtime: str) -> keras.Model:
        layer = hub.KerasLayer(module, trainable=trainable, runtime=runtime)
        return keras.Sequential([keras.Input((3,)), layer, keras.layers.Dense(1)])

    model = made(first)
    for weight in model.weights:
        weight.assign(weight * 3)
    path = tf.train.Checkpoint(model=model).save(str(tmp_path / "checkpoint"))
    again = made(second)
    tf.train.Checkpoint(model=again).restore(path).assert_existing_objects_matched()
    np.testing.assert_allclose(again(X), model(X), rtol=1e-6)


def test_a_translated_layer_is_exported_with_its_weights(module, tmp_path):
    model = keras.Sequential([keras.Input((3,)), hub.KerasLayer(module, runtime="translated")])
    model.layers[0].weights[0].assign(np.full((3, 2), 2.0))
    tf.saved_model.save(model, str(tmp_path))
    loaded = tf.saved_model.load(str(tmp_path))
    (output,) = loaded.signatures["serving_default"](tf.constant(X)).values()
    np.testing.assert_allclose(output, model(X), rtol=1e-6)


def test_what_tensorflow_does_not_load_runs_translated_and_says_why(export, tmp_path):
    path = tmp_path / "policy"
    tf.io.gfile.makedirs(str(path))
    for name in ("saved_model.pb", "variables/variables.index", "variables/variables.data-00000-of-00001"):
        tf.io.gfile.makedirs(str((path / name).parent))
        tf.io.gfile.copy(f"{export('ragged')}/{name}", str(path / name))
    message = schema.SavedModel.FromString((path / "saved_model.pb").read_bytes())
    for function in message.meta_graphs[0].object_graph_def.concrete_functions.values():
        value = function.output_signature
        if value.WhichOneof("kind") == "type_spec_value":  # a distribution, say, of a package that is not imported
            value.type_spec_value.type_spec_class = 12
            value.type_spec_value.type_spec_class_name = "nobody.knows.Spec"
    (path / "saved_model.pb").write_bytes(message.SerializeToString())
    with pytest.raises(hub.ModelLoadError, match=re.escape("nobody.knows.Spec")):
        hub.load(path, runtime="native")
    with pytest.warns(UserWarning, match=r"runs translated[\s\S]*nobody\.knows\.Spec") as caught:
        model = hub.load(path)
    assert len(caught) == 1
    rows = hub.Ragged.from_list([[1.0], [2.0, 3.0]], 1, np.float32)
    assert np.asarray(model.lengths(rows)).tolist() == [1, 2]
    with pytest.raises(hub.UnsupportedOpsError, match="knows dense, ragged and sparse tensors"):
        model.tokenize(["a b"])
