"""Each misuse is refused with a message that says what to do instead."""

from __future__ import annotations

import keras
import numpy as np
import pytest
import tensorflow as tf

import hublayer as hub

X = np.zeros((2, 2), "float32")

CONSTRUCTION = [
    ("text_embedding", {"signature": "nope"}, hub.EndpointError, "no callable 'nope'.*signatures.*callables"),
    ("text_embedding", {"output_key": "x"}, hub.OutputKeyError, "does not return a dict"),
    ("text_embedding", {"signature_outputs_as_dict": True}, hub.ConfigError, "no signature"),
    ("plain_module", {"signature": "triple", "output_key": "x"}, hub.OutputKeyError, r"\['sum', 'weighted'\]"),
    (
        "plain_module",
        {"signature": "triple", "output_key": "sum", "signature_outputs_as_dict": True},
        hub.ConfigError,
        "one of the two",
    ),
    ("image_classifier", {"arguments": {"momentum": 0.5}}, hub.ArgumentsError, "'batch_norm_momentum'"),
    ("text_embedding", {"tags": "train"}, hub.TagsError, r"\['serve'\]"),
    ("tf1_hub", {"tags": ["serve"]}, hub.TagsError, r"\['train'\]"),
    ("text_embedding", {"runtime": "fast"}, hub.BackendError, "'native'"),
    ("text_embedding", {"load_options": {"speed": 1}}, hub.ConfigError, "speed"),
    ("text_embedding", {"colour": "red"}, ValueError, "colour"),
    ("text_embedding", {"trainable": "yes"}, ValueError, "trainable"),
]


@pytest.mark.parametrize(("sample", "options", "error", "message"), CONSTRUCTION)
def test_construction(samples, sample, options, error, message):
    with pytest.raises(error, match=message):
        hub.KerasLayer(samples / sample, **options)


def test_traced_hyperparameters_are_listed(export):
    with pytest.raises(hub.ArgumentsError, match=r"momentum=0\.9[\s\S]*momentum=0\.5"):
        hub.KerasLayer(export("batch_norm"), arguments={"momentum": 0.7})


@pytest.mark.parametrize("option", [{"tags": ["serve"]}, {"signature": "x"}, {"load_options": object()}])
def test_loading_options_for_a_callable(option):
    with pytest.raises(hub.ConfigError, match="still to be loaded"):
        hub.KerasLayer(lambda x: x, **option)


@pytest.mark.parametrize("handle", [None, 3, ["a"]])
def test_a_handle_that_is_none(handle):
    with pytest.raises(hub.ConfigError, match="expected a folder, an archive, a URL"):
        hub.KerasLayer(handle)


def test_a_model_with_nothing_to_call(tmp_path):
    tf.saved_model.save(tf.train.Checkpoint(v=tf.Variable(1.0)), str(tmp_path))
    with pytest.raises(hub.EndpointError, match="nothing to call"):
        hub.KerasLayer(str(tmp_path))
    with pytest.raises(hub.EndpointError, match="has no __call__"):
        hub.load(tmp_path)(X)


def test_a_model_with_several_signatures_and_no_default(export):
    with pytest.raises(hub.EndpointError, match="Pass one of them as signature="):
        hub.KerasLayer(export("dtypes"))


CALLS = [
    ("dict_in_dict_out", {"a": X}, hub.InputNameError, r"lacks \['b'\]"),
    ("dict_in_dict_out", {"a": X, "b": X, "c": X}, hub.InputNameError, r"has no input \['c'\]"),
    ("dict_in_dict_out", {"a": X, "B": X}, hub.InputNameError, r"lacks \['b'\] and has no input \['B'\]"),
    ("dict_in_dict_out", X, hub.InputStructureError, "Pass a dict with the keys 'a', 'b'"),
    ("list_in_list_out", [X, X, X], hub.InputStructureError, "takes 2 tensors, but 3 came"),
    ("dict_in_dict_out", {"a": X, "b": X.astype(int)}, hub.InputDtypeError, "is float32, but int64 came"),
    ("dict_in_dict_out", {"a": X, "b": X[0]}, hub.InputShapeError, "rank 2 .* but rank 1"),
    ("dict_in_dict_out", {"a": X, "b": X[:, :1]}, hub.InputShapeError, r"\(None, 2\), but \(2, 1\)"),
    ("reusable", {"wrong": X[:, :1]}, hub.InputStructureError, "is one tensor, but a dict"),
    ("reusable", [X, X], hub.InputShapeError, "rank"),
    ("reusable", [tf.constant(X), tf.constant(X)], hub.InputStructureError, "a list of 2 tensors"),
    ("reusable", None, hub.InputStructureError, "None came"),
    ("reusable", [["text"]], hub.InputDtypeError, "is float32, but string came"),
]


@pytest.mark.parametrize(("model", "inputs", "error", "message"), CALLS)
def test_calls(export, model, inputs, error, message):
    layer = hub.KerasLayer(export(model))
    with pytest.raises(error, match=message) as caught:
        layer(inputs)
    assert "Expected:" in str(caught.value)
    assert "Came:" in str(caught.value)


def test_input_errors_are_the_builtin_ones_too(export):
    layer = hub.KerasLayer(export("dict_in_dict_out"))
    with pytest.raises(KeyError):
        layer({"a": X})
    with pytest.raises(TypeError):
        layer({"a": X, "b": X.astype(int)})
    with pytest.raises(ValueError):
        layer({"a": X, "b": X[0]})


def test_signature_input_names(export):
    model = hub.load(export("two_arguments"))
    ids = tf.constant([1.0])
    with pytest.raises(hub.InputNameError, match=r"lacks \['z'\] and has no input \['b'\]"):
        model.signatures["scores"](a=ids, b=ids)
    with pytest.raises(hub.EndpointError, match=r"takes 0 arguments by position, but 2 came\. Pass the"):
        model.signatures["scores"](ids, ids)
    with pytest.raises(KeyError):
        model.signatures["missing"]


def test_a_callable_has_no_config():
    layer = hub.KerasLayer(lambda x: x)
    with pytest.raises(hub.ConfigError, match="save the callable as a SavedModel"):
        layer.get_config()
    with pytest.raises(hub.ConfigError):
        keras.models.clone_model(keras.Sequential([keras.Input((2,)), layer]))


def test_a_signature_that_is_not_there(samples):
    signatures = hub.load(samples / "plain_module").signatures
    with pytest.raises(hub.SignatureNameError, match=r"no signature 'nope'.*'triple'"):
        _ = signatures["nope"]
    assert "nope" not in signatures and signatures.get("nope") is None
