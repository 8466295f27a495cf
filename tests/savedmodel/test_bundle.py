"""Checkpoints that TensorFlow wrote: the reader agrees with TensorFlow's."""

from __future__ import annotations

import mmap
import subprocess
import sys
from pathlib import Path

import bundle_writer
import numpy as np
import pytest
import tensorflow as tf

from hublayer.savedmodel import read
from hublayer.savedmodel.bundle import OBJECT_GRAPH_KEY, Bundle
from hublayer.savedmodel.checkpoint_keys import checkpoint_keys
from hublayer.savedmodel.slices import slice_key

ZOO = Path(__file__).parents[2].parent / "shared" / "zoo"
SAMPLES = Path(__file__).parents[1] / "samples"
PREFIXES = {
    str(index.relative_to(root)): index.with_suffix("")
    for root in (SAMPLES, ZOO)
    for index in sorted(root.rglob("variables/variables.index"))
}


def save(prefix: Path, tensors: dict[str | bytes, object], slices: list[str] | None = None) -> Path:
    names, values = list(tensors), [tf.convert_to_tensor(value) for value in tensors.values()]
    tf.raw_ops.SaveV2(
        prefix=str(prefix), tensor_names=names, shape_and_slices=slices or [""] * len(names), tensors=values
    )
    return prefix


def agree(prefix: Path) -> Bundle:
    """Compare keys, dtypes, shapes and every byte with TensorFlow's reader."""
    bundle, reference = Bundle.open(prefix, verify=True), tf.train.load_checkpoint(str(prefix))
    shapes, dtypes = reference.get_variable_to_shape_map(), reference.get_variable_to_dtype_map()
    assert sorted(bundle.keys()) == sorted(shapes)
    bundle.verify()
    for key in shapes:
        array, expected = bundle.array(key, verify=True), reference.get_tensor(key)
        assert bundle.entry(key).dtype == dtypes[key].name
        assert array.shape == bundle.entry(key).shape == tuple(shapes[key])
        assert not array.flags.writeable
        if array.dtype == object:
            assert array.tolist() == (expected if isinstance(expected, bytes) else expected.tolist())
        else:
            assert array.dtype == expected.dtype
            assert array.tobytes() == expected.tobytes()
    return bundle


@pytest.mark.skipif(not ZOO.is_dir(), reason="the zoo of real models is not beside this checkout")
def test_the_zoo_has_checkpoints():
    assert sum(ZOO in prefix.parents for prefix in PREFIXES.values()) >= 38


@pytest.mark.parametrize("model", PREFIXES)
def test_every_tensor_of_real_models(model):
    agree(PREFIXES[model])


@pytest.mark.parametrize("model", PREFIXES)
def test_the_variables_of_real_models(model):
    bundle = Bundle.open(PREFIXES[model])
    for graph in read(PREFIXES[model].parents[1]).meta_graphs:
        objects = graph.message.object_graph_def
        if not graph.objects:
            assert bundle.object_graph() is None
            # Evaluation graphs count in local variables, which are not saved.
            assert all(variable.name in bundle for variable in graph.variables if "metrics" not in variable.name)
            continue
        keys = checkpoint_keys(bundle, objects)
        for number, node in enumerate(objects.nodes):
            # The slots of optimizers are no one's children: their names are not on any path.
            if node.WhichOneof("kind") == "variable" and number not in keys:
                assert node.variable.name.startswith(("Adam/", "RMSprop/", "SGD/"))
        for number, key in keys.items():
            assert bundle.entry(key).dtype == tf.dtypes.as_dtype(objects.nodes[number].variable.dtype).name
            if "dads_policy" not in model:  # whose checkpoint belongs to another model; TensorFlow refuses it too
                shape = tuple(dim.size for dim in objects.nodes[number].variable.shape.dim)
                assert bundle.entry(key).shape == shape


def test_the_values_of_variables_through_cycles_and_lists(tmp_path):
    module, child = tf.Module(), tf.Module()
    child.parent, child.w = module, tf.Variable([1.0, 2.0], name="w")
    module.child, module.same = child, child
    module.items = [tf.Variable(3, name="n"), {"ü/x": tf.Variable("text", name="s")}]
    tf.saved_model.save(module, str(tmp_path / "m"))
    objects = read(tmp_path / "m").meta_graph().message.object_graph_def
    bundle = agree(tmp_path / "m" / "variables" / "variables")
    keys = checkpoint_keys(bundle, objects)
    values = {objects.nodes[number].variable.name: bundle.array(key).tolist() for number, key in keys.items()}
    assert values == {"w": [1.0, 2.0], "n": 3, "s": b"text"}


DTYPES = [dtype for number in range(1, 34) if (dtype := tf.dtypes.as_dtype(number)) not in (tf.resource, tf.variant)]


@pytest.mark.parametrize("shape", [(), (0,), (7,), (2, 0, 3), (2, 3)], ids=str)
def test_every_dtype(tmp_path, shape):
    random = np.random.default_rng(0)
    tensors: dict = {}
    for dtype in DTYPES:
        if dtype == tf.string:
            tensors[dtype.name] = np.full(shape, b"text", object)
        elif dtype.is_quantized:
            bits = random.integers(0, 100, shape).astype(np.dtype(dtype.as_numpy_dtype)[0])
            tensors[dtype.name] = tf.bitcast(tf.constant(bits), dtype)
        else:
            tensors[dtype.name] = tf.constant(random.integers(0, 2, shape).astype(dtype.as_numpy_dtype), dtype)
    bundle = agree(save(tmp_path / "v", tensors))
    assert len(bundle.keys()) == len(DTYPES) >= 29
    for name in tensors:
        if name != "string" and bundle.entry(name).size:
            base = bundle.array(name)
            while isinstance(base.base, np.ndarray):
                base = base.base
            assert isinstance(base.base.obj, mmap.mmap)  # no copy
        copy = bundle.copy(name)
        assert copy.flags.writeable
        assert copy.dtype == bundle.array(name).dtype
        np.testing.assert_array_equal(copy, bundle.array(name))
        assert name == "string" or not copy.size or copy.ctypes.data % 64 == 0


def test_special_values_keep_their_bits(tmp_path):
    bits = np.array([0, 0x80000000, 0x7F800000, 0xFF800000, 0x7FC00001, 0x7F800001, 1], np.uint32)
    bundle = agree(save(tmp_path / "v", {"byte": tf.constant(True), "x": bits.view(np.float32)}))
    assert (bundle.array("x").view(np.uint32) == bits).all()
    assert not bundle.array("x").flags.aligned  # after one byte; NumPy copes


def test_strings(tmp_path):
    elements = [b"", b"\0", b"a\0b", "ü漢字".encode(), b"\xff\xfe", b"x" * 300, b"y" * 100_000, b""]
    bundle = agree(save(tmp_path / "v", {"flat": elements, "grid": np.array(elements, object).reshape(2, 4)}))
    assert bundle.array("flat").tolist() == elements
    assert bundle.array("flat").dtype == object


def test_names_beyond_ascii(tmp_path):
    names = ["é/漢字", "a b\n", "𝒳", "x" * 5000, "_"]
    bundle = agree(save(tmp_path / "v", {name.encode(): [float(i)] for i, name in enumerate(names)}))
    assert all(name in bundle for name in names)
    assert bundle.array("𝒳")[0] == 2.0


def test_an_index_of_several_blocks(tmp_path):
    tensors = {f"layer_{i:05}/kernel/.ATTRIBUTES/VARIABLE_VALUE": float(i) for i in range(8000)}
    prefix = save(tmp_path / "v", tensors)
    assert (tmp_path / "v.index").stat().st_size > 262144  # TensorFlow's size of a block
    bundle = Bundle.open(prefix, verify=True)
    assert list(bundle.keys()) == list(tensors)
    assert [bundle.array(key).item() for key in tensors] == list(tensors.values())


def test_several_shards(tmp_path):
    parts = [save(tmp_path / f"part{i}", {f"x{i}": np.arange(i + 1), f"s{i}": [b"s" * i]}) for i in range(3)]
    tf.raw_ops.MergeV2Checkpoints(checkpoint_prefixes=[str(p) for p in parts], destination_prefix=str(tmp_path / "v"))
    bundle = agree(tmp_path / "v")
    assert [bundle.entry(f"x{i}").shard for i in range(3)] == [0, 1, 2]
    (tmp_path / "v.data-00001-of-00003").unlink()
    assert bundle.array("x1")[1] == 1  # mapped, so still there
    assert Bundle.open(tmp_path / "v").array("x2")[2] == 2


def test_partitioned_variables(tmp_path):
    v1 = tf.compat.v1
    with tf.Graph().as_default() as graph, v1.Session(graph=graph) as session:
        for axis, dtype in ((0, tf.float32), (1, tf.int64)):
            partitioner = v1.fixed_size_partitioner(3, axis)
            whole = tf.range(200 * 7, dtype=tf.int32)
            initial = tf.cast(tf.reshape(whole, (200, 7)), dtype)
            v1.get_variable(
                f"scope/w{axis}", shape=(200, 7), dtype=dtype, partitioner=partitioner,
                initializer=lambda shape, dtype, partition_info, initial=initial: tf.slice(
                    initial, partition_info.var_offset, shape
                ),
            )  # fmt: skip
        v1.get_variable("plain", initializer=1.0)
        session.run(v1.global_variables_initializer())
        v1.train.Saver().save(session, str(tmp_path / "v"))
    bundle = agree(tmp_path / "v")
    assert bundle.keys() == ("plain", "scope/w0", "scope/w1")
    assert bundle.entry("scope/w0").slices == (((0, 67), (0, 7)), ((67, 67), (0, 7)), ((134, 66), (0, 7)))
    assert (bundle.array("scope/w1") == np.arange(1400).reshape(200, 7)).all()


@pytest.mark.parametrize("kind", ["numbers", "strings"])
def test_partitions_along_two_axes(tmp_path, kind):
    whole = np.arange(30).reshape(5, 6)
    whole = np.vectorize(lambda n: b"%d" % n, otypes=[object])(whole) if kind == "strings" else whole
    slices, parts = [], []
    for rows in (slice(0, 2), slice(2, 5)):
        for columns in (slice(0, 1), slice(1, 6)):
            extents = [f"{part.start},{part.stop - part.start}" for part in (rows, columns)]
            slices.append("5 6 " + ":".join(extents))
            parts.append(tf.constant(whole[rows, columns]))
    prefix = str(tmp_path / "v")
    tf.raw_ops.SaveV2(prefix=prefix, tensor_names=["x"] * 4, shape_and_slices=slices, tensors=parts)
    bundle = Bundle.open(prefix) if kind == "strings" else agree(tmp_path / "v")  # TensorFlow reads no parts of strings
    assert bundle.array("x", verify=True).tolist() == whole.tolist()


@pytest.mark.parametrize("start", [0, 1, 63, 64, 8191, 8192, 2**20 - 1, 2**20, 2**34, 2**40 + 5, 2**61])
@pytest.mark.parametrize("length", [1, 64, 9000])
def test_slice_keys_are_those_that_tensorflow_writes(tmp_path, start, length):
    slices = [f"1 {2**62} -:{start},{length}"]
    prefix = save(tmp_path / "v", {"a/é": np.zeros((1, length), np.int8)}, slices)
    assert slice_key("a/é", ((0, None), (start, length))) in Bundle.open(prefix)._table


def test_a_compressed_table(tmp_path):
    tensors = {f"layer_{i}/kernel": np.full(i, float(i)) for i in range(300)}
    prefix = save(tmp_path / "v", tensors)
    entries = Bundle.open(prefix)._table
    plain = (tmp_path / "v.index").stat().st_size
    (tmp_path / "v.index").write_bytes(bundle_writer.table(entries, bundle_writer.SNAPPY))
    assert (tmp_path / "v.index").stat().st_size < plain * 0.8
    bundle = agree(prefix)  # TensorFlow reads it as well
    assert len(bundle.keys()) == 300


def test_big_tensors_stay_on_disk(tmp_path):
    save(tmp_path / "v", {"big": tf.zeros([200, 250_000]), "small": [1.0, 2.0], "word": ["text"]})
    assert (tmp_path / "v.data-00000-of-00001").stat().st_size > 200e6
    script = """
import sys
from pathlib import Path
from hublayer.savedmodel.bundle import Bundle

def resident():
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4096

before = resident()
bundle = Bundle.open(sys.argv[1], verify=True)
big, small = bundle.array("big"), bundle.array("small", verify=True)
assert small.tolist() == [1.0, 2.0] and bundle.array("word").tolist() == [b"text"]
assert big.shape == (200, 250_000) and big[150, 3] == 0
assert not {"tensorflow", "keras", "jax", "torch"} & set(sys.modules)
print(resident() - before)
"""
    if not Path("/proc/self/statm").exists():
        pytest.skip("no /proc to read the memory from")
    process = subprocess.run(
        [sys.executable, "-c", script, str(tmp_path / "v")], capture_output=True, text=True, check=False
    )
    assert process.returncode == 0, process.stderr
    assert int(process.stdout) < 20e6


def test_the_object_graph(samples):
    bundle = Bundle.open(samples / "plain_module" / "variables" / "variables")
    graph = bundle.object_graph()
    assert OBJECT_GRAPH_KEY in bundle
    keys = [attribute.checkpoint_key for node in graph.nodes for attribute in node.attributes]
    assert sorted([*keys, OBJECT_GRAPH_KEY]) == sorted(bundle.keys())
    assert Bundle.open(samples / "tf1_hub" / "variables" / "variables").object_graph() is None
