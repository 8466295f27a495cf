"""Whatever happens to a checkpoint, reading it ends in arrays or in CorruptSavedModelError, and in little memory."""

from __future__ import annotations

import tracemalloc
from pathlib import Path

import bundle_writer as writer
import numpy as np
import pytest
import tensorflow as tf
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hublayer.errors import CorruptSavedModelError
from hublayer.savedmodel import read
from hublayer.savedmodel.bundle import OBJECT_GRAPH_KEY, Bundle
from hublayer.savedmodel.checkpoint_keys import checkpoint_keys
from hublayer.savedmodel.slices import slice_key

FUZZ = settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
SHARDS = ("v.data-00000-of-00002", "v.data-00001-of-00002")


@pytest.fixture(scope="session")
def model(tmp_path_factory):
    """The object graph of a model, and its files with numbers, strings, slices and two shards, plain and compressed."""
    folder = tmp_path_factory.mktemp("model")
    module = tf.Module()
    module.items = [tf.Variable(1.0), tf.Variable(["text", ""]), {"x": tf.Variable([True])}]
    tf.saved_model.save(module, str(folder / "m"))
    tf.raw_ops.SaveV2(
        prefix=str(folder / "other"),
        tensor_names=["sliced", "sliced", "words", "bf", "empty"],
        shape_and_slices=["100 2 0,70:-", "100 2 70,30:-", "", "", ""],
        tensors=[tf.zeros([70, 2]), tf.ones([30, 2]), tf.constant([b"", b"a" * 200]), tf.zeros([3], tf.bfloat16), []],
    )
    parts = [str(folder / "m" / "variables" / "variables"), str(folder / "other")]
    tf.raw_ops.MergeV2Checkpoints(checkpoint_prefixes=parts, destination_prefix=str(folder / "v"))
    files = {name: (folder / name).read_bytes() for name in ("v.index", *SHARDS)}
    compressed = {**files, "v.index": writer.table(Bundle.open(folder / "v")._table, writer.SNAPPY, per_block=3)}
    return read(folder / "m").meta_graph().message.object_graph_def, [files, compressed]


def read_everything(prefix: Path, objects: object, verify: bool) -> None:
    """Ask all of a bundle; only our error may come, which names a file, and no large memory may be taken."""
    tracemalloc.start()
    try:
        bundle = Bundle.open(prefix, verify)
        for ask in (bundle.verify, lambda: checkpoint_keys(bundle, objects)):
            try:
                ask()
            except CorruptSavedModelError as error:
                assert str(prefix) in str(error)
        for key in bundle.keys():  # noqa: SIM118
            try:
                array = bundle.array(key, verify)
                assert array.shape == bundle.entry(key).shape
                assert array.nbytes <= 8 << 20
                array.tobytes()
            except CorruptSavedModelError as error:
                assert str(prefix) in str(error)
    except CorruptSavedModelError as error:
        assert str(prefix) in str(error)
    finally:
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
    assert peak < 32e6


def test_the_model_is_sound(model, tmp_path):
    objects, variants = model
    for files in variants:
        for name, content in files.items():
            (tmp_path / name).write_bytes(content)
        bundle = Bundle.open(tmp_path / "v", verify=True)
        bundle.verify()
        assert len(bundle.keys()) == 8
        assert len(checkpoint_keys(bundle, objects)) == 3
        assert bundle.array("sliced").sum() == 60


@pytest.mark.parametrize("name", ["v.index", *SHARDS])
@FUZZ
@given(data=st.data())
def test_any_damage_to_the_bytes(model, tmp_path, name, data):
    objects, variants = model
    files = data.draw(st.sampled_from(variants))
    content = bytearray(files[name])
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(content) - 1)) if content else 0
        length = data.draw(st.integers(1, 64))
        match data.draw(st.sampled_from(["flip", "cut", "repeat", "put"])):
            case "flip" if content:
                content[at] ^= data.draw(st.integers(1, 255))
            case "cut":
                del content[at : at + length]
            case "repeat":
                content[at:at] = content[at : at + length]
            case _:
                content[at : at + 5] = data.draw(st.binary(min_size=5, max_size=5))
    for other, sound in files.items():
        (tmp_path / other).write_bytes(content if other == name else sound)
    read_everything(tmp_path / "v", objects, data.draw(st.booleans()))


NUMBERS = st.sampled_from([-(2**63), -1, 0, 1, 2, 3, 4, 8, 16, 100, 2**31, 2**40, 2**62, 2**63 - 1])
SMALL = st.sampled_from([-1, 0, 1, 2, 3, 4])
EXTENTS = st.tuples(SMALL, st.none() | SMALL)
SLICES = st.lists(EXTENTS, max_size=3).map(tuple)
ENTRIES = st.builds(
    writer.entry,
    shape=st.lists(SMALL | NUMBERS, max_size=4),
    dtype=st.integers(-1, 35) | st.sampled_from([1, 7]),
    slices=st.lists(SLICES, max_size=4),
    shard_id=st.integers(-1, 2),
    offset=SMALL | NUMBERS,
    size=SMALL | NUMBERS,
    crc32c=st.sampled_from([0, 2**32 - 1]),
)
KEYS = st.sampled_from([b"x", b"y", OBJECT_GRAPH_KEY.encode()]) | st.builds(slice_key, st.just("x"), SLICES)


@FUZZ
@given(entries=st.dictionaries(KEYS, ENTRIES | st.binary(max_size=8), max_size=6), shard=st.binary(max_size=64))
def test_any_entries(model, tmp_path, entries, shard):
    writer.write(tmp_path, entries, shard, bytes(64))
    read_everything(tmp_path / "v", model[0], verify=False)


@FUZZ
@given(values=st.lists(st.binary(max_size=300), max_size=30), at=st.integers(0, 10**6), bit=st.integers(0, 7))
def test_a_flipped_bit_of_strings_is_noticed(tmp_path, values, at, bit):
    elements = np.array([*values, b"last"], object)
    tf.raw_ops.SaveV2(
        prefix=str(tmp_path / "v"), tensor_names=["s"], shape_and_slices=[""], tensors=[tf.constant(elements)]
    )
    bundle = Bundle.open(tmp_path / "v")
    assert bundle.array("s", verify=True).tolist() == elements.tolist()
    shard = tmp_path / "v.data-00000-of-00001"
    content = bytearray(shard.read_bytes())
    content[at % len(content)] ^= 1 << bit
    shard.write_bytes(content)
    with pytest.raises(CorruptSavedModelError, match="data-00000-of-00001"):
        Bundle.open(tmp_path / "v").array("s", verify=True)
