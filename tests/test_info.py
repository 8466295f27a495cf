"""hub.inspect tells what is in a model's files, and needs no backend for it."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import hublayer as hub
from hublayer.info import ArgumentInfo, EndpointInfo, TensorInfo
from hublayer.info_tables import as_text, bytes_text, overview
from hublayer.savedmodel import schema
from hublayer.savedmodel.specs import TensorSpec

ROOT = Path(__file__).resolve().parents[1]
SAMPLES = ROOT / "tests" / "samples"
ZOO = ROOT.parent / "shared" / "zoo"


def test_endpoints():
    info = hub.inspect(SAMPLES / "image_classifier")
    image = ((TensorInfo("inputs", "float32", (None, 224, 224, 3)),),)
    assert info.endpoints == (
        EndpointInfo(
            name="__call__",
            kind="callable",
            is_default=True,
            traces=4,
            inputs=image,
            arguments=(
                ArgumentInfo("training", True, False, (False, True)),
                ArgumentInfo(
                    "batch_norm_momentum", True, 0.99, (0.99, TensorSpec("float32", (), "batch_norm_momentum"))
                ),
            ),
            outputs=((TensorInfo("", "float32", (None, 1001)),),),
        ),
        EndpointInfo(
            name="serving_default",
            kind="signature",
            is_default=False,
            traces=1,
            inputs=image,
            arguments=(),
            outputs=((TensorInfo("logits", "float32", (None, 1001)),),),
        ),
    )
    assert info.default_endpoint is info.endpoints[0]


def test_nested_inputs_and_outputs():
    (endpoint,) = hub.inspect(SAMPLES / "bert_encoder").endpoints
    assert [tensor.path for tensor in endpoint.inputs[0]] == [
        "inputs['input_mask']",
        "inputs['input_type_ids']",
        "inputs['input_word_ids']",
    ]
    assert [tensor.path for tensor in endpoint.outputs[0]] == [
        "default",
        "encoder_outputs[0]",
        "encoder_outputs[1]",
        "pooled_output",
        "sequence_output",
    ]


def test_facts():
    info = hub.inspect(SAMPLES / "text_embedding")
    assert (info.handle, info.folder) == (str(SAMPLES / "text_embedding"),) * 2
    assert (info.format, info.tensorflow_version) == ("TF2 SavedModel", "2.21.0")
    assert (info.tag_sets, info.tags) == ((("serve",),), ("serve",))
    assert [(variable.name, variable.shape) for variable in info.variables] == [("embeddings", (1056, 128))]
    assert (info.total.count, info.total.elements, info.total.nbytes, info.total.unknown) == (1, 135_168, 540_672, 0)
    size = (SAMPLES / "text_embedding" / "assets" / "tokens.txt").stat().st_size
    assert [(asset.name, asset.nbytes) for asset in info.assets] == [("tokens.txt", size)]
    assert info.ops["LookupTableFindV2"] == 1
    assert list(info.ops.values()) == sorted(info.ops.values(), reverse=True)
    assert info.functions > 0
    assert info.side_effects == ()


def test_trainable_variables_and_losses():
    info = hub.inspect(SAMPLES / "keras2_save")
    assert (info.total.nbytes, info.trainable_total.count, info.trainable_total.nbytes) == (460, 6, 396)
    assert info.regularization_losses == 1


def test_tags_choose_the_graph():
    info = hub.inspect(SAMPLES / "tf1_hub")
    assert (info.tags, info.tag_sets) == ((), ((), ("train",)))
    assert info.format == "TF1 Hub"
    assert info.default_endpoint is not None and info.default_endpoint.name == "default"
    assert hub.inspect(SAMPLES / "tf1_hub", tags={"train"}).tags == ("train",)
    with pytest.raises(hub.TagsError):
        hub.inspect(SAMPLES / "tf1_hub", tags="serve")


def test_a_callable_hides_no_signature():
    info = hub.inspect(SAMPLES / "keras3_export")
    assert [(e.name, e.kind, e.is_default) for e in info.endpoints] == [
        ("serve", "callable", False),
        ("serve", "signature", False),
        ("serving_default", "signature", True),
    ]


def changed(sample: str, target: Path, change) -> Path:
    """A copy of `sample` whose first MetaGraph was changed by the function `change`."""
    shutil.copytree(SAMPLES / sample, target)
    message = schema.SavedModel.FromString((target / "saved_model.pb").read_bytes())
    change(message.meta_graphs[0])
    (target / "saved_model.pb").write_bytes(message.SerializeToString())
    return target


def test_variables_of_unknown_shape(tmp_path):
    def forget_shapes(graph):
        for node in graph.graph_def.node:
            if node.op == "VarHandleOp" and "beta" in node.name:
                node.attr["shape"].shape.unknown_rank = True

    info = hub.inspect(changed("tf1_hub", tmp_path / "model", forget_shapes))
    known = hub.inspect(SAMPLES / "tf1_hub").total
    assert info.total.count == known.count and info.total.unknown > 0
    assert 0 < info.total.nbytes < known.nbytes
    assert "of unknown size" in str(info)
    assert "unknown rank" in as_text(overview(info, all_variables=True))


def test_side_effects_are_listed_not_raised(tmp_path):
    def write_a_file(graph):
        node = next(node for node in graph.graph_def.node if node.op == "Relu")
        node.op = "WriteFile"

    info = hub.inspect(changed("tf1_hub", tmp_path / "model", write_a_file))
    assert [(effect.op, effect.what) for effect in info.side_effects] == [("WriteFile", "writes files")]
    assert "WriteFile" in str(info)


def test_an_asset_that_is_not_there_or_elsewhere(tmp_path):
    def point_elsewhere(graph):
        graph.asset_file_def[0].filename = "../saved_model.pb"

    folder = changed("text_embedding", tmp_path / "model", point_elsewhere)
    assert hub.inspect(folder).assets[0].nbytes is None
    assert "(missing)" in str(hub.inspect(folder))


def test_names_cannot_steer_the_terminal(tmp_path):
    def rename(graph):
        graph.meta_info_def.tags[0] = "\x1b[2Jserve"
        signature = graph.signature_def["serving_default"]
        graph.signature_def["[red]\x07x"].CopyFrom(signature)

    text = str(hub.inspect(changed("plain_module", tmp_path / "model", rename)))
    assert "\x1b" not in text and "\x07" not in text
    assert "\\x1b[2Jserve" in text and "[red]\\x07x" in text


@pytest.mark.parametrize("name", ["image_classifier", "bert_encoder", "tf1_hub", "plain_module", "keras2_save"])
def test_as_json_and_text(name):
    info = hub.inspect(SAMPLES / name)
    facts = json.loads(json.dumps(info.to_dict(), allow_nan=False))
    assert facts["format"] == info.format
    assert [endpoint["name"] for endpoint in facts["endpoints"]] == [endpoint.name for endpoint in info.endpoints]
    assert facts["total"]["nbytes"] == sum(variable["nbytes"] for variable in facts["variables"])
    lines = str(info).splitlines()
    assert all(len(line) <= 100 and line == line.rstrip() for line in lines)
    assert all(any(line.startswith(endpoint.name) for line in lines) for endpoint in info.endpoints)
    assert info.handle in repr(info) and "\n" not in repr(info)


def test_no_secrets(hub_server, tmp_path, monkeypatch):
    monkeypatch.setenv("HUBLAYER_CACHE", str(tmp_path))
    url = hub_server.add("/team/model/1", SAMPLES / "plain_module")
    info = hub.inspect(url.replace("://", "://user:hunter2@") + "?token=hunter2")
    assert "hunter2" not in json.dumps(info.to_dict())


@pytest.mark.parametrize(
    ("count", "text"),
    [(0, "0 bytes"), (1, "1 byte"), (999, "999 bytes"), (1234, "1.2 kB"), (999_949, "1.0 MB"), (102_400_000, "102 MB")],
)
def test_bytes_text(count, text):
    assert bytes_text(count) == text


def test_neither_tensorflow_nor_keras_is_imported():
    program = (
        "import sys, hublayer as hub\n"
        f"folder = hub.resolve({str(SAMPLES / 'tf1_hub')!r})\n"
        "str(hub.inspect(folder)), hub.inspect(folder).to_dict()\n"
        "assert not {'tensorflow', 'keras', 'jax', 'torch'} & set(sys.modules)\n"
    )
    subprocess.run([sys.executable, "-W", "error", "-c", program], check=True)


@pytest.mark.skipif(not ZOO.is_dir(), reason=f"the models in {ZOO} are not here")
def test_every_model_of_the_zoo():
    folders = [path.parent for path in sorted(ZOO.glob("*/saved_model.pb*"))]
    assert folders
    for folder in folders:
        info = hub.inspect(folder)
        json.dumps(info.to_dict(), allow_nan=False)
        assert as_text(overview(info, all_variables=True, support=("native runtime", {"Add"})))
        assert info.endpoints, folder
