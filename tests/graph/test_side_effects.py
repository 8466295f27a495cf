"""Models that reach beyond their own files are refused by name; all others load."""

from __future__ import annotations

import shutil
import zipfile
from pathlib import Path

import keras
import numpy as np
import pytest
import tensorflow as tf

import hublayer as hub
from hublayer.graph.side_effects import side_effects
from hublayer.savedmodel import read

TEXT = tf.TensorSpec([], tf.string)
FLOAT = tf.TensorSpec([None], tf.float32)


def _inner(path: tf.Tensor) -> tf.Tensor:
    return tf.io.read_file(path)


def _in_branch(x: tf.Tensor) -> tf.Tensor:
    return tf.cond(tf.reduce_sum(x) > 0, lambda: tf.io.read_file("hosts"), lambda: tf.constant("no"))


def _in_loop(x: tf.Tensor) -> tf.Tensor:
    def body(i: tf.Tensor) -> list[tf.Tensor]:
        tf.io.write_file("out", "x")
        return [i + 1]

    return tf.while_loop(lambda i: i < 2, body, [tf.constant(0)])[0] + tf.cast(tf.reduce_sum(x), tf.int32)


@tf.custom_gradient
def _with_gradient(x: tf.Tensor) -> tuple:
    def gradient(upstream: tf.Tensor) -> tf.Tensor:
        tf.io.write_file("out", "x")
        return upstream

    return x + 1, gradient


DANGEROUS = {
    "ReadFile": (tf.io.read_file, TEXT),
    "WriteFile": (lambda x: tf.io.write_file("out", x), TEXT),
    "MatchingFiles": (tf.io.matching_files, TEXT),
    "SaveV2": (lambda x: tf.raw_ops.SaveV2(prefix="p", tensor_names=["n"], shape_and_slices=[""], tensors=[x]), FLOAT),
    "RestoreV2": (
        lambda x: tf.raw_ops.RestoreV2(prefix="p", tensor_names=["n"], shape_and_slices=[""], dtypes=[tf.float32])[0],
        FLOAT,
    ),
    "EagerPyFunc": (lambda x: tf.py_function(lambda v: v, [x], tf.float32), FLOAT),
    "PyFunc": (lambda x: tf.numpy_function(lambda v: v, [x], tf.float32), FLOAT),
    "PrintV2": (lambda x: (tf.print("x", output_stream="file://out"), x)[1], FLOAT),
    "TFRecordDataset": (lambda x: tf.data.TFRecordDataset([x]).reduce(0, lambda n, _: n + 1), TEXT),
    "TextLineDataset": (lambda x: tf.data.TextLineDataset([x]).reduce(0, lambda n, _: n + 1), TEXT),
    "InitializeTableFromTextFileV2": (
        lambda x: tf.raw_ops.InitializeTableFromTextFileV2(
            table_handle=tf.raw_ops.HashTableV2(key_dtype=tf.string, value_dtype=tf.int64),
            filename=x,
            key_index=-2,
            value_index=-1,
        ),
        TEXT,
    ),
    "ImmutableConst": (
        lambda x: x + tf.raw_ops.ImmutableConst(dtype=tf.float32, shape=[1], memory_region_name="/etc/hosts"),
        FLOAT,
    ),
    "DebugIdentity": (lambda x: tf.raw_ops.DebugIdentity(input=x, debug_urls=["file:///out"]), FLOAT),
}
HIDDEN = {
    "in a called function": (tf.function(_inner), TEXT, "ReadFile"),
    "in a branch": (_in_branch, FLOAT, "ReadFile"),
    "in a loop": (_in_loop, FLOAT, "WriteFile"),
    "in a gradient": (_with_gradient, FLOAT, "WriteFile"),
    "in a dataset": (
        lambda x: tf.data.Dataset.from_tensors(x).map(tf.io.read_file).reduce("", lambda a, b: a + b),
        TEXT,
        "ReadFile",
    ),
}


def save(function, spec, path: Path, *, signature: bool = False) -> Path:
    module = tf.Module()

    def run(x):
        result = function(x)
        return tf.constant(0) if result is None or isinstance(result, tf.Operation) else result

    module.__call__ = tf.function(run, input_signature=[spec])
    if signature:
        serve = tf.function(lambda x: {"y": run(x)}, input_signature=[spec])
        tf.saved_model.save(tf.Module(), str(path), signatures={"serving_default": serve})
    else:
        tf.saved_model.save(module, str(path))
    return path


@pytest.mark.parametrize("signature", [False, True], ids=["callable", "signature"])
@pytest.mark.parametrize("op", DANGEROUS)
def test_refused_by_name(tmp_path, op, signature):
    function, spec = DANGEROUS[op]
    path = save(function, spec, tmp_path / "model", signature=signature)
    for refuse in (hub.load, hub.KerasLayer):
        with pytest.raises(hub.SideEffectsError, match=rf"{op} \(node [\s\S]*allow_side_effects=True"):
            refuse(path)
    with pytest.raises(PermissionError):
        hub.load(path)
    assert hub.load(path, allow_side_effects=True).meta_graph
    assert hub.KerasLayer(path, allow_side_effects=True).get_config()["allow_side_effects"]


@pytest.mark.parametrize("place", HIDDEN)
def test_refused_wherever_it_hides(tmp_path, place):
    function, spec, op = HIDDEN[place]
    path = save(function, spec, tmp_path / "model")
    with pytest.raises(hub.SideEffectsError, match=op):
        hub.load(path)


HARMLESS = {
    "tf.print": lambda x: (tf.print("x"), x)[1],
    "assert": lambda x: (tf.debugging.assert_positive(x + 10), x)[1],
    "dataset in memory": lambda x: tf.data.Dataset.from_tensor_slices(x).cache().reduce(0.0, lambda a, b: a + b),
    "decode": lambda x: tf.io.decode_raw(tf.constant("abcd"), tf.uint8) + tf.cast(x[0], tf.uint8),
}


@pytest.mark.parametrize("name", HARMLESS)
def test_harmless_models_load(tmp_path, name):
    path = save(HARMLESS[name], FLOAT, tmp_path / "model")
    hub.load(path)(np.float32([1, 2]))


def table_module(vocabulary: str | tf.Tensor) -> tf.Module:
    module = tf.Module()
    initializer = tf.lookup.TextFileInitializer(
        vocabulary, tf.string, tf.lookup.TextFileIndex.WHOLE_LINE, tf.int64, tf.lookup.TextFileIndex.LINE_NUMBER
    )
    module.table = tf.lookup.StaticHashTable(initializer, -1)
    module.__call__ = tf.function(module.table.lookup, input_signature=[tf.TensorSpec([None], tf.string)])
    return module


def test_a_table_from_an_asset_loads(tmp_path):
    vocabulary = tmp_path / "words.txt"
    vocabulary.write_text("a\nb\n")
    tf.saved_model.save(table_module(str(vocabulary)), str(tmp_path / "model"))
    assert hub.load(tmp_path / "model")(["b", "c"]).numpy().tolist() == [1, -1]


def test_a_file_that_is_an_asset_may_be_read(tmp_path):
    (tmp_path / "words.txt").write_text("content")
    module = tf.Module()
    module.asset = tf.saved_model.Asset(str(tmp_path / "words.txt"))
    module.__call__ = tf.function(lambda: tf.io.read_file(module.asset), input_signature=[])
    tf.saved_model.save(module, str(tmp_path / "model"))
    assert hub.load(tmp_path / "model")().numpy() == b"content"


def edit(path: Path, change) -> None:
    saved = read(path)
    change(saved.message.meta_graphs[0])
    (path / "saved_model.pb").write_bytes(saved.message.SerializeToString())


def test_a_table_from_another_file_is_refused(samples, tmp_path):
    path = tmp_path / "model"
    shutil.copytree(samples / "text_embedding", path)
    assert side_effects(read(path).meta_graphs[0]) == []

    def unbind_asset(meta_graph):
        constant = next(
            i for i, node in enumerate(meta_graph.object_graph_def.nodes) if node.WhichOneof("kind") == "variable"
        )
        for function in meta_graph.object_graph_def.concrete_functions.values():
            for i, node_id in enumerate(function.bound_inputs):
                if meta_graph.object_graph_def.nodes[node_id].WhichOneof("kind") == "asset":
                    function.bound_inputs[i] = constant

    edit(path, unbind_asset)
    with pytest.raises(hub.SideEffectsError, match="InitializeTableFromTextFileV2"):
        hub.load(path)


def tf1_model(path: Path, build) -> Path:
    v1 = tf.compat.v1
    with tf.Graph().as_default() as graph, v1.Session(graph=graph) as session:
        x = v1.placeholder(tf.string, [])
        v = v1.get_variable("v", initializer=1.0, use_resource=True)
        y, main_op = build(x)
        session.run(v1.global_variables_initializer())
        signature = v1.saved_model.signature_def_utils.predict_signature_def({"x": x}, {"y": y, "v": v})
        builder = v1.saved_model.Builder(str(path))
        builder.add_meta_graph_and_variables(session, ["serve"], {"serving_default": signature}, main_op=main_op)
        builder.save()
    return path


TF1 = {
    "output": lambda x: (tf.io.read_file(x), None),
    "main op": lambda x: (tf.identity(x), tf.io.write_file("out", "x")),
}


@pytest.mark.parametrize("place", TF1)
def test_tf1_graphs_are_scanned(tmp_path, place):
    path = tf1_model(tmp_path / "model", TF1[place])
    with pytest.raises(hub.SideEffectsError, match=r"ReadFile|WriteFile"):
        hub.load(path)
    assert not Path("out").exists()


def test_what_tf1_signatures_do_not_reach_does_not_count(tmp_path):
    def build(x):
        tf.io.write_file("out", x)
        return tf.identity(x), None

    path = tf1_model(tmp_path / "model", build)
    assert hub.load(path).signatures["serving_default"](x="a")["y"].numpy() == b"a"


def test_the_restore_op_is_scanned(tmp_path):
    path = tf1_model(tmp_path / "model", lambda x: (tf.identity(x), None))

    def hook_restore(meta_graph):
        name = meta_graph.saver_def.restore_op_name
        restore = next(node for node in meta_graph.graph_def.node if node.name == name)
        node = meta_graph.graph_def.node.add(name="evil", op="WriteFile", input=["save/Const", "save/Const"])
        restore.input.append(f"^{node.name}")

    edit(path, hook_restore)
    with pytest.raises(hub.SideEffectsError, match=r"WriteFile \(node evil\)"):
        hub.load(path)


def test_keras_safe_mode(tmp_path):
    function, spec = DANGEROUS["EagerPyFunc"]
    path = save(function, spec, tmp_path / "model")
    with pytest.raises(hub.SideEffectsError, match="EagerPyFunc"):
        hub.KerasLayer.from_config({"handle": str(path)})
    layer = hub.KerasLayer(path, allow_side_effects=True, output_shape=[])
    model = keras.Sequential([keras.Input(()), layer])
    model.save(tmp_path / "m.keras")
    with pytest.raises(hub.SideEffectsError, match="safe_mode=False"):
        keras.models.load_model(tmp_path / "m.keras")
    assert keras.models.load_model(tmp_path / "m.keras", safe_mode=False)


def test_a_keras_file_that_names_a_dangerous_model_is_refused(samples, tmp_path):
    function, spec = DANGEROUS["WriteFile"]
    dangerous = save(function, spec, tmp_path / "model")
    keras.Sequential([keras.Input((8, 8, 3)), hub.KerasLayer(samples / "tf1_hub")]).save(tmp_path / "good.keras")
    with zipfile.ZipFile(tmp_path / "good.keras") as good, zipfile.ZipFile(tmp_path / "bad.keras", "w") as bad:
        for name in good.namelist():
            content = good.read(name)
            if name == "config.json":
                content = content.replace(str(samples / "tf1_hub").encode(), str(dangerous).encode())
                content = content.replace(b'"tags": []', b'"tags": null')
            bad.writestr(name, content)
    with pytest.raises(hub.SideEffectsError, match="WriteFile"):
        keras.models.load_model(tmp_path / "bad.keras")


def test_what_a_fed_tensor_replaces_does_not_count(tmp_path):
    """TF1 exporters often name a tensor behind a reader as the signature's input: the reader then never runs."""
    v1 = tf.compat.v1
    with tf.Graph().as_default() as graph, v1.Session(graph=graph):
        content = tf.io.read_file("somewhere")
        y = tf.strings.length(content)
        signature = v1.saved_model.signature_def_utils.predict_signature_def({"content": content}, {"y": y})
        train = tf.io.write_file("elsewhere", content)
        graph.add_to_collection("train_op", train)
        builder = v1.saved_model.Builder(str(tmp_path / "model"))
        builder.add_meta_graph_and_variables(v1.Session(graph=graph), ["serve"], {"serving_default": signature})
        builder.save()
    assert hub.load(tmp_path / "model").signatures["serving_default"]("abc")["y"].numpy() == 3
