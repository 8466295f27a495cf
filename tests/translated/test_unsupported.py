"""What this backend cannot run: one error at load with all of it, and the marks of `hublayer inspect --ops`."""

from __future__ import annotations

import json

import keras
import numpy as np
import pytest
from typer.testing import CliRunner

import hublayer as hub
from hublayer.cli import app
from hublayer.runtime.support import unsupported_ops
from hublayer.savedmodel import schema
from translated.training import ROOT

BACKEND = keras.config.backend()
SAMPLES = ROOT / "tests" / "samples"
translated = pytest.mark.skipif(BACKEND == "tensorflow", reason="the native runtime runs every op of TensorFlow's")


def write(folder, nodes, outputs):
    """A TF1 SavedModel that takes x, float32 (n,), and text, strings (n,). nodes: name, op, inputs, attributes."""
    model = schema.SavedModel()
    graph = model.meta_graphs.add()
    graph.meta_info_def.tags.append("serve")
    signature = graph.signature_def["serving_default"]
    for name, dtype in (("x", 1), ("text", 7)):
        node = graph.graph_def.node.add(name=name, op="Placeholder")
        node.attr["dtype"].type = dtype
        info = signature.inputs[name]
        info.name, info.dtype = f"{name}:0", dtype
        info.tensor_shape.dim.add().size = -1
    for name, op, inputs, attrs in nodes:
        node = graph.graph_def.node.add(name=name, op=op, input=inputs)
        for key, value in attrs.items():
            setattr(
                node.attr[key],
                {int: "type", str: "s", bool: "b"}[type(value)],
                value.encode() if isinstance(value, str) else value,
            )
    for name, dtype in outputs.items():
        info = signature.outputs[name]
        info.name, info.dtype = f"{name}:0", dtype
        info.tensor_shape.dim.add().size = -1
    (folder / "saved_model.pb").write_bytes(model.SerializeToString())
    return folder


@pytest.fixture
def unrunnable(tmp_path):
    """Two ops that nobody knows (one on strings), and ops that run, among them one of the backend's for a string."""
    nodes = [
        ("odd", "FrobnicateText", ["text"], {}),
        ("lower", "StringLower", ["text"], {"encoding": "utf-8"}),
        ("number", "StringToNumber", ["lower"], {"out_type": 1}),
        ("waves", "Cast", ["x"], {"SrcT": 1, "DstT": 8}),
        ("fft", "FFT", ["waves"], {"Tcomplex": 8}),
        ("said", "AsString", ["fft"], {"T": 8}),
        ("y", "FrobnicateNumbers", ["x"], {}),
        ("z", "FrobnicateNumbers", ["y"], {}),
        ("w", "AddV2", ["z", "number"], {"T": 1}),
    ]
    return write(tmp_path, nodes, {"w": 1, "odd": 7, "said": 7})


@translated
def test_one_error_for_host_and_backend(unrunnable):
    model = hub.load(unrunnable)
    with pytest.raises(hub.UnsupportedOpsError) as caught:
        model.signatures["serving_default"](x=np.zeros(2, "float32"), text=["1", "2"])
    message = str(caught.value)
    assert "cannot run 2 of the model's ops" in message
    assert "FrobnicateText (1 times, in the main graph)" in message
    assert "FrobnicateNumbers (2 times, in the main graph)" in message
    assert sorted(caught.value.ops) == ["FrobnicateNumbers", "FrobnicateText"]
    with pytest.raises(hub.UnsupportedOpsError, match="cannot run 2"):
        hub.KerasLayer(unrunnable)


@translated
@pytest.mark.parametrize("changed", ["lower", "number", "folded", "total"])
def test_an_attribute_that_no_op_has_is_an_error_wherever_the_op_runs(tmp_path, changed):
    """On the host (lower, number), in what is computed while loading (folded), and on the device (total)."""
    nodes = [
        ("lower", "StringLower", ["text"], {"encoding": "utf-8", "_advice": "x"}),
        ("number", "StringToNumber", ["lower"], {"out_type": 1}),
        ("ones", "OnesLike", ["x"], {"T": 1}),
        ("rank", "Rank", ["ones"], {"T": 1}),
        ("folded", "Cast", ["rank"], {"SrcT": 3, "DstT": 1}),
        ("sum", "AddV2", ["number", "folded"], {"T": 1}),
        ("total", "Mul", ["x", "sum"], {"T": 1}),
    ]
    for name, _, _, attrs in nodes:
        if name == changed:
            attrs["new_meaning"] = "x"
    with pytest.raises(hub.UnsupportedOpsError, match="with new_meaning") as caught:
        hub.KerasLayer(write(tmp_path, nodes, {"total": 1}))
    assert len(caught.value.ops) == 1


@translated
def test_inspect_marks_what_the_loader_refuses(unrunnable):
    assert unsupported_ops(unrunnable, ("serve",)) == {"FrobnicateNumbers", "FrobnicateText"}
    done = CliRunner().invoke(app, ["inspect", str(unrunnable), "--ops", "--json"])
    content = json.loads(done.output)
    assert content["unsupported_ops"] == ["FrobnicateNumbers", "FrobnicateText"]
    assert content["ops"]["StringToNumber"] == 1
    done = CliRunner().invoke(app, ["inspect", str(unrunnable), "--ops"])
    assert "FFT ✗" not in done.output
    assert "FrobnicateText ✗" in done.output
    assert "StringLower ✗" not in done.output


@translated
@pytest.mark.parametrize(
    "name", ["text_embedding", "word_tables", "tf1_text_module", "tf1_control_flow", "bert_encoder"]
)
def test_what_runs_on_the_host_runs(name):
    tags = ("serve",) if name != "tf1_text_module" else ()
    assert unsupported_ops(SAMPLES / name, tags) == set()


@translated
def test_stablehlo_runs_on_jax_alone():
    assert unsupported_ops(SAMPLES / "jax_stablehlo", ("serve",)) == ({"XlaCallModule"} if BACKEND != "jax" else set())


@pytest.mark.skipif(BACKEND != "jax", reason="StableHLO runs on JAX")
def test_stablehlo_that_the_loader_refuses(tmp_path):
    import shutil

    folder = shutil.copytree(SAMPLES / "jax_stablehlo", tmp_path / "model")
    message = schema.SavedModel.FromString((folder / "saved_model.pb").read_bytes())
    for function in message.meta_graphs[0].graph_def.library.function:
        for node in function.node_def:
            if node.op == "XlaCallModule":
                node.attr["version"].i = 4  # of MHLO
    (folder / "saved_model.pb").write_bytes(message.SerializeToString())
    assert unsupported_ops(folder, ("serve",)) == {"XlaCallModule"}
    with pytest.raises(hub.UnsupportedOpsError, match=r"XlaCallModule \((.|\n)*version 4 holds MHLO"):
        hub.KerasLayer(folder)
