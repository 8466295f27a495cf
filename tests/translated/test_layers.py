"""What a layer and a loaded model are on every backend, whatever is in the model: names, copies, parts, casts."""

from __future__ import annotations

import copy
import pickle
import shutil
import warnings
from pathlib import Path

import keras
import numpy as np
import pytest

import hublayer as hub
from hublayer.savedmodel import schema
from translated.classifier import ROOT

SAMPLES = ROOT / "tests" / "samples"
FEATURES = np.linspace(-1, 1, 12, dtype="float32").reshape(2, 6)
TEXTS = np.array(["a good film", "bad"], object)


def array(value) -> np.ndarray:
    return np.asarray(value if isinstance(value, np.ndarray) else keras.ops.convert_to_numpy(value))


def renamed(sample: str, folder: Path, names: list[str]) -> Path:
    """A copy of a sample whose first variables have other names."""
    shutil.copytree(SAMPLES / sample, folder)
    path = folder / "saved_model.pb"
    message = schema.SavedModel.FromString(path.read_bytes())
    variables = [
        n.variable for n in message.meta_graphs[0].object_graph_def.nodes if n.WhichOneof("kind") == "variable"
    ]
    for variable, name in zip(variables, names, strict=False):
        variable.name = name
    path.write_bytes(message.SerializeToString())
    return folder


@pytest.mark.parametrize(
    "names",
    [
        ["keys", "values", "items", "update", "pop", "forward", "train", "T", "_parameters"],
        ["a.kernel", "a_kernel", "a.kernel", "..", ".", "b", "b", "b_1", "b"],
        ["", "", "/", "a/", "/a", "a", "a:0", "training", "__dict__"],
    ],
    ids=lambda names: names[0] or "empty",
)
def test_any_names_of_variables_are_weights_and_train(tmp_path, names):
    expected = array(hub.KerasLayer(SAMPLES / "keras3_export")(FEATURES))
    layer = hub.KerasLayer(renamed("keras3_export", tmp_path / "model", names), trainable=True, name="hub")
    assert len({weight.path for weight in layer.weights}) == len(layer.weights)
    model = keras.Sequential([keras.Input((6,)), layer])
    np.testing.assert_allclose(array(model(FEATURES)), expected, rtol=1e-5, atol=1e-6)
    if keras.config.backend() == "torch":
        assert len(list(model.parameters())) == len(layer.weights)
        assert len(model.state_dict()) >= len(layer.weights)
    model.compile(keras.optimizers.SGD(0.1), keras.losses.MeanSquaredError())
    before = [array(weight) for weight in layer.trainable_weights]
    model.fit(FEATURES, np.ones((2, 3), "float32"), verbose=0)
    moved = [not np.array_equal(array(w), b) for w, b in zip(layer.trainable_weights, before, strict=True)]
    assert any(moved)


def test_two_layers_over_one_model_do_not_freeze_each_other():
    model = hub.load(SAMPLES / "keras3_export")
    first = hub.KerasLayer(model, trainable=True)
    frozen = hub.KerasLayer(model)
    assert all(weight.trainable for weight in first.trainable_weights)
    assert len(first.trainable_weights) == 6
    assert not frozen.trainable_weights
    frozen.trainable = True
    assert len(frozen.trainable_weights) == 6
    assert [w.path for w in frozen.weights] == [w.path for w in first.weights]


@pytest.mark.parametrize("attribute", ["preprocessor", "encoder"])
def test_what_a_model_of_numbers_does_not_have(attribute):
    layer = hub.KerasLayer(SAMPLES / "plain_module")
    assert not hasattr(layer, attribute)
    assert getattr(layer, attribute, None) is None
    with pytest.raises(hub.EndpointError, match="needs no strings"):
        getattr(layer, attribute)
    with pytest.raises(AttributeError, match="no_such_thing"):
        _ = layer.no_such_thing


@pytest.mark.parametrize("signature", ["__call__", "tokenize"])
def test_the_preprocessor_of_a_preprocessing_model_gives_its_outputs(signature):
    layer = hub.KerasLayer(SAMPLES / "bert_preprocess", signature=signature)
    expected, outputs = layer(TEXTS), pickle.loads(pickle.dumps(layer.preprocessor))(TEXTS)
    if signature == "tokenize":
        # TensorFlow's ragged tensors have the names of their own that come first.
        splits = getattr(expected, "nested_row_splits", None) or expected.row_splits
        values = getattr(expected, "flat_values", None)
        parts = [(outputs.values, expected.values if values is None else values)]
        parts += zip(outputs.row_splits, splits, strict=True)
    else:
        assert sorted(outputs) == sorted(expected)
        parts = [(outputs[name], expected[name]) for name in outputs]
    for one, other in parts:
        assert isinstance(one, np.ndarray)
        np.testing.assert_array_equal(one, array(other))
    assert not hasattr(layer, "encoder")
    with pytest.raises(hub.NotSeparableError, match="only preprocesses"):
        _ = layer.encoder


def test_the_preprocessor_gives_the_output_that_the_layer_gives():
    layer = hub.KerasLayer(SAMPLES / "bert_preprocess", output_key="input_mask")
    np.testing.assert_array_equal(layer.preprocessor(TEXTS), array(layer(TEXTS)))


@pytest.mark.parametrize(
    ("sample", "inputs"), [("keras3_export", FEATURES), ("text_embedding", TEXTS)], ids=["numbers", "text"]
)
@pytest.mark.parametrize(
    "way", [copy.deepcopy, lambda model: pickle.loads(pickle.dumps(model))], ids=["deepcopy", "pickle"]
)
def test_a_copy_of_a_model_has_its_values(sample, inputs, way):
    model = hub.load(SAMPLES / sample)
    called = model if "__call__" in model.meta_graph.callables else model.serve
    before = array(called(inputs))
    for variable in model.trainable_variables:
        variable.assign(variable * 2)
    expected = array(called(inputs))
    assert not np.allclose(before, expected)
    again = way(called)
    np.testing.assert_array_equal(array(again(inputs)), expected)
    for variable in model.trainable_variables:  # nothing is shared
        variable.assign(variable * 0)
    np.testing.assert_array_equal(array(again(inputs)), expected)


@pytest.mark.parametrize("dtype", ["uint8", "int8", "int16", "uint16", "bool", "float64", "float16"])
@pytest.mark.parametrize("as_tensor", [False, True], ids=["array", "tensor"])
def test_what_fits_a_float_is_cast(dtype, as_tensor):
    if dtype == "uint16" and as_tensor and keras.config.backend() == "torch":
        pytest.skip("Keras has no 16-bit unsigned tensors on PyTorch")
    value = np.array([0, 1, 1]).astype(dtype)
    given = keras.ops.convert_to_tensor(value) if as_tensor else value
    layer = hub.KerasLayer(SAMPLES / "plain_module")
    np.testing.assert_array_equal(array(layer(given)), array(layer(value.astype("float32"))))
    np.testing.assert_array_equal(array(hub.load(SAMPLES / "plain_module")(given)), array(layer(given)))


@pytest.mark.parametrize("dtype", ["int32", "int64", "uint32"])
def test_wide_integers_are_not_cast_to_a_float(dtype):
    layer = hub.KerasLayer(SAMPLES / "plain_module")
    with pytest.raises(hub.InputDtypeError, match=f"up to 16,777,216 exactly, {dtype} goes up to"):
        layer(np.array([1], dtype))


def test_names_have_no_order_so_a_list_is_refused():
    pair = [np.float32([1]), np.float32([2])]
    layer = hub.KerasLayer(SAMPLES / "word_tables", signature="serving_default")
    with pytest.raises(hub.InputStructureError, match=r"a list has no names\. Pass a dict with the keys 'words', 'x'"):
        layer([TEXTS, np.zeros((2, 3), "float32")])
    triple = hub.load(SAMPLES / "plain_module").triple  # the parameters of a callable have an order
    np.testing.assert_array_equal(array(triple(*pair)["sum"]), array(triple(a=pair[0], b=pair[1])["sum"]))


def test_false_asks_for_no_dict_of_a_callable():
    layer = hub.KerasLayer(SAMPLES / "plain_module", signature_outputs_as_dict=False)
    assert layer(np.float32([1])).shape == (1,)
    with pytest.raises(hub.ConfigError, match="asks for the outputs of a signature as a dict"):
        hub.KerasLayer(SAMPLES / "plain_module", signature_outputs_as_dict=True)


def test_trainable_without_trainable_weights_warns():
    with pytest.warns(UserWarning, match="bert_preprocess has no trainable weights"):
        hub.KerasLayer(SAMPLES / "bert_preprocess", trainable=True)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        hub.KerasLayer(SAMPLES / "keras3_export", trainable=True)


def test_policies_of_old_configs():
    policy = {"module": "keras.mixed_precision", "class_name": "Policy", "config": {"name": "mixed_float16"}}
    layer = hub.KerasLayer.from_config({"name": "k", "handle": str(SAMPLES / "keras3_export"), "dtype": policy})
    assert layer.dtype_policy.name == "mixed_float16"


@pytest.mark.parametrize(
    ("given", "known", "saved"),
    [
        ({"input_shape": (6,)}, (None, 6), {"input_shape": [6]}),
        ({"batch_input_shape": (None, 6)}, (None, 6), {"input_shape": [6]}),
        ({"batch_input_shape": [2, 6]}, (2, 6), {"batch_input_shape": [2, 6]}),
    ],
)
def test_shapes_of_old_configs(given, known, saved):
    layer = hub.KerasLayer(SAMPLES / "keras3_export", **given)
    assert layer.input_shape == known
    config = layer.get_config()
    assert {name: config[name] for name in ("input_shape", "batch_input_shape") if name in config} == saved
    again = hub.KerasLayer.from_config(config)
    assert keras.Sequential([again]).output_shape == (None, 3)
    with pytest.raises(hub.ConfigError, match="Pass one of the two"):
        hub.KerasLayer(SAMPLES / "keras3_export", input_shape=(6,), batch_input_shape=(None, 6))
