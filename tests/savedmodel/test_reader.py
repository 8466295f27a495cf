"""Reading saved_model.pb and .pbtxt: what is there, and what is damaged."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
import tensorflow as tf
from google.protobuf import text_format
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import hublayer as hub
from hublayer.graph.side_effects import side_effects
from hublayer.savedmodel import dtypes, read
from hublayer.savedmodel.specs import TensorSpec, decode


def test_dtype_names_are_tensorflows():
    for number in range(1, 34):
        try:
            expected = tf.dtypes.as_dtype(number).name
        except (TypeError, KeyError):
            continue
        assert dtypes.name(number) == expected
        assert dtypes.name(number + 100) == expected
    assert dtypes.itemsize("float32") == 4
    assert dtypes.itemsize("complex128") == 16
    assert dtypes.itemsize("string") is None


def test_endpoints_of_a_tf2_model(samples):
    graph = read(samples / "image_classifier").meta_graph()
    endpoint = graph.callables["__call__"]
    assert endpoint.inputs == ("inputs",)
    assert endpoint.arguments == ("training", "batch_norm_momentum")
    assert len(endpoint.traces) == 4
    assert endpoint.traces[0].arguments["inputs"] == TensorSpec("float32", (None, 224, 224, 3), "inputs")
    assert list(graph.signatures["serving_default"].traces[0].outputs) == ["logits"]


def test_variables_agree_with_tensorflow(samples):
    for sample in ("image_classifier", "bert_encoder", "keras2_save", "text_embedding"):
        loaded = tf.saved_model.load(str(samples / sample))
        graph = read(samples / sample).meta_graph()
        assert [v.name for v in graph.variables] == [v.name.removesuffix(":0") for v in loaded.variables]
        assert [v.shape for v in graph.variables] == [tuple(v.shape) for v in loaded.variables]
        trainable = {v.name.removesuffix(":0") for v in loaded.trainable_variables}
        assert {v.name for v in graph.variables if v.trainable} == trainable


def test_text_format_is_the_same_model(samples, tmp_path):
    binary = read(samples / "plain_module")
    (tmp_path / "saved_model.pbtxt").write_text(text_format.MessageToString(binary.message))
    text = read(tmp_path)
    assert text.meta_graph().endpoints.keys() == binary.meta_graph().endpoints.keys()
    assert text.meta_graph().variables == binary.meta_graph().variables


def test_tf1_hub_meta_graphs(samples):
    saved = read(samples / "tf1_hub")
    assert saved.format == "TF1 Hub"
    assert saved.meta_graph().tags == frozenset()
    assert saved.meta_graph(["train"]).regularization_losses > 0
    assert sum(v.trainable for v in saved.meta_graph().variables) == 5
    with pytest.raises(hub.TagsError, match=r"\[\], \['train'\]"):
        saved.meta_graph({"serve"})


DAMAGE = {
    "empty": lambda data: b"",
    "cut": lambda data: data[: len(data) // 2],
    "an HTML page": lambda data: b"<!doctype html><html><title>Sign in</title></html>",
    "zeros": lambda data: bytes(len(data)),
    "noise in front": lambda data: b"\xff\xff\xff" + data,
}


@pytest.mark.parametrize("damage", DAMAGE)
def test_a_damaged_file(samples, tmp_path, damage):
    shutil.copytree(samples / "plain_module", tmp_path / "model")
    path = tmp_path / "model" / "saved_model.pb"
    path.write_bytes(DAMAGE[damage](path.read_bytes()))
    for load in (hub.load, hub.KerasLayer, hub.inspect):
        with pytest.raises(hub.CorruptSavedModelError, match=r"saved_model\.pb"):
            load(tmp_path / "model")


def test_a_damaged_variables_file(samples, tmp_path):
    shutil.copytree(samples / "plain_module", tmp_path / "model")
    index = tmp_path / "model" / "variables" / "variables.index"
    index.write_bytes(index.read_bytes()[:40])
    with pytest.raises(hub.ModelLoadError, match="could not be loaded by TensorFlow"):
        hub.load(tmp_path / "model")


def test_a_folder_without_a_model(tmp_path):
    (tmp_path / "notes.txt").write_text("no model")
    with pytest.raises(hub.NotASavedModelError, match=r"saved_model\.pb"):
        hub.load(tmp_path)
    with pytest.raises(FileNotFoundError):
        read(tmp_path)


def read_everything(folder: Path) -> None:
    saved = read(folder)
    for graph in saved.meta_graphs:
        for endpoint in graph.endpoints.values():
            endpoint.describe_inputs()
        assert all(isinstance(v.name, str) for v in graph.variables)
        assert graph.assets is not None
        side_effects(graph)


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_any_damage_ends_in_a_model_or_in_our_error(samples, tmp_path, data):
    sample = data.draw(st.sampled_from(["plain_module", "tf1_hub", "keras3_export"]))
    content = bytearray((samples / sample / "saved_model.pb").read_bytes())
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(content) - 1))
        length = data.draw(st.integers(1, 64))
        match data.draw(st.sampled_from(["flip", "cut", "repeat"])):
            case "flip":
                content[at] ^= data.draw(st.integers(1, 255))
            case "cut":
                del content[at : at + length]
            case "repeat":
                content[at:at] = content[at : at + length]
    (tmp_path / "saved_model.pb").write_bytes(content)
    try:
        read_everything(tmp_path)
    except hub.SavedModelError as error:
        assert "saved_model.pb" in str(error)


def test_structured_values(samples):
    from hublayer.savedmodel import schema

    message = schema.message("StructuredValue")()
    message.dict_value.fields["b"].list_value.values.add().int64_value = -3
    message.dict_value.fields["a"].tuple_value.values.add().none_value.SetInParent()
    assert decode(message) == {"a": (None,), "b": [-3]}
