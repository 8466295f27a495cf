"""Damaged checkpoints: one corruption, one CorruptSavedModelError that names the file and what is wrong."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import bundle_writer as writer
import numpy as np
import pytest

from hublayer.errors import CorruptSavedModelError
from hublayer.savedmodel import schema
from hublayer.savedmodel.bundle import OBJECT_GRAPH_KEY, Bundle
from hublayer.savedmodel.checkpoint_keys import checkpoint_keys
from hublayer.savedmodel.checksums import masked_crc32c
from hublayer.savedmodel.slices import slice_key

# What TensorFlow 2.21 writes for {"words": ["ab", ""], "x": [1.0, 2.0]}.
INDEX = (
    b"\x00\x00\x06\x08\x01\x1a\x02\x08\x01"  # 0: the header: one shard, version 1
    b"\x00\x05\x0fwords\x08\x07\x12\x04\x12\x02\x08\x02(\x085\x91\x88\xb0M"  # 9
    b"\x00\x01\x11x\x08\x01\x12\x04\x12\x02\x08\x02 \x08(\x085Y<\xe55"  # 32
    b"\x00\x00\x00\x00\x01\x00\x00\x00\x00\x033\xf8\x90"  # 53: one restart; uncompressed, checksum
    b"\x00\x00\x00\x00\x01\x00\x00\x00\x00\xc0\xf2\xa1\xb0"  # 66: the metaindex
    b"\x00\x01\x02y\x00=\x00\x00\x00\x00\x01\x00\x00\x00\x00\x1a\x12f\x9c"  # 79: the index block
    b"B\x08O\x0e" + bytes(36) + b"W\xfb\x80\x8b$uG\xdb"  # 98: the footer
)
SHARD = b"\x02\x00x'\x0b4ab\x00\x00\x80?\x00\x00\x00@"


def put(content: bytes, at: int, replacement: bytes) -> bytes:
    return content[:at] + replacement + content[at + len(replacement) :]


def write_literal(folder: Path, index: bytes = INDEX, shard: bytes = SHARD) -> Path:
    (folder / "v.index").write_bytes(index)
    (folder / "v.data-00000-of-00001").write_bytes(shard)
    return folder / "v"


def read_everything(prefix: Path) -> None:
    bundle = Bundle.open(prefix)
    for key in bundle.keys():  # noqa: SIM118
        bundle.array(key)


def test_the_literal_is_sound(tmp_path):
    bundle = Bundle.open(write_literal(tmp_path), verify=True)
    bundle.verify()
    assert bundle.array("words").tolist() == [b"ab", b""]
    assert bundle.array("x").tolist() == [1.0, 2.0]
    assert len(INDEX) == 146


IN_THE_INDEX: dict[str, tuple[int, bytes, str]] = {
    "the mark": (145, b"\xda", "does not end in the mark"),
    "an endless handle": (98, b"\xff" * 10, "variable-length integer at byte 98 does not end"),
    "an index block past the end": (100, b"\x60", "14 bytes at byte 96 runs past the 98 bytes"),
    "a data block past the end": (84, b"\x5f", "95 bytes at byte 0 runs past"),
    "a handle cut off": (81, b"\x01", "does not end|runs past"),
    "restarts": (57, b"\xff", "61 bytes cannot have 255 restarts"),
    "many restarts": (57, b"\xff\xff\xff\xff", "cannot have 4294967295 restarts"),
    "the compression": (61, b"\x07", "block at byte 0 has the unknown compression 7"),
    "compressed, it claims": (61, b"\x01", "Snappy"),
    "a shared prefix": (9, b"\x09", "entry after the key b'' runs past its block"),
    "the length of a key": (10, b"\x7f", "runs past its block"),
    "the length of a value": (11, b"\x7f", "runs past its block"),
    "an endless length": (9, b"\xff\xff\xff\xff\xff", "integer at byte 9 does not end"),
    "the order of keys": (35, b"a", "not in order: b'a' comes after b'words'"),
    "a key twice": (32, b"\x05\x00", "b'words' comes after b'words'"),
    "a key of no text": (35, b"\xff", "is not UTF-8"),
    "the header": (3, b"\x0f", "its header cannot be parsed"),
    "a header with a key": (0, b"\x00\x01\x05", "its header is not there"),
    "no shards": (4, b"\x00", "in shard 0 of 0"),
    "another byte order": (5, b"\x10\x01\x10\x01", "big-endian"),
    "a later version": (7, b"\x10\x02", "version 2 of the format"),
    "an entry": (36, b"\x0f", "entry of 'x' cannot be parsed"),
    "another dtype": (37, b"\x02", r"'x', float64 of shape \(2,\), is stored in 8 bytes"),
    "a dtype without values": (37, b"\x14", "'x' is stored as resource"),
    "no such dtype": (37, b"\x50", r"'x' is stored as dtype\(80\)"),
    "another shape": (43, b"\x03", r"'x', float32 of shape \(3,\), is stored in 8 bytes"),
    "another size": (47, b"\x09", "is stored in 9 bytes"),
    "another offset": (45, b"\x09", "'x' should be 8 bytes at byte 9, but the file has 16"),
    "another shard": (44, b"\x18", "'x' is in shard 8 of 1"),
    "unknown rank": (40, b"\x18", "'x' has no shape"),
    "more strings than bytes": (24, b"\x09", "'words', 9 strings, is stored in 8 bytes"),
    "more strings than lengths": (24, b"\x05", "8 bytes are too few for 5 strings"),
}


@pytest.mark.parametrize("damage", IN_THE_INDEX)
def test_one_corruption_of_the_index_is_one_error(tmp_path, damage):
    at, replacement, message = IN_THE_INDEX[damage]
    prefix = write_literal(tmp_path, put(INDEX, at, replacement))
    with pytest.raises(CorruptSavedModelError, match=message) as caught:
        read_everything(prefix)
    assert str(tmp_path / "v.") in str(caught.value)


IN_THE_SHARD: dict[str, tuple[int, bytes, str]] = {
    "a longer string": (0, b"\x03", "string 1 of 0 bytes runs past the tensor's 8 bytes"),
    "a long string": (0, b"\x09", "string 0 of 9 bytes runs past"),
    "a shorter string": (0, b"\x01", "2 strings take 7 bytes of 8"),
    "other lengths": (0, b"\x00\x02", "lengths of its 2 strings do not fit their checksum"),
    "the checksum of lengths": (2, b"y", "lengths of its 2 strings do not fit their checksum"),
    "an endless length": (0, b"\xff" * 4, "variable-length integer at byte 0 does not end"),
}


@pytest.mark.parametrize("damage", IN_THE_SHARD)
def test_one_corruption_of_the_shard_is_one_error(tmp_path, damage):
    at, replacement, message = IN_THE_SHARD[damage]
    bundle = Bundle.open(write_literal(tmp_path, shard=put(SHARD, at, replacement)))
    with pytest.raises(CorruptSavedModelError, match=rf"v\.data-00000-of-00001, 'words': .*{message}"):
        bundle.array("words")
    assert bundle.array("x").tolist() == [1.0, 2.0]


@pytest.mark.parametrize("at", range(6, 16))
def test_verify_notices_every_byte_of_the_shard(tmp_path, at):
    bundle = Bundle.open(write_literal(tmp_path, shard=put(SHARD, at, b"\x99")), verify=True)
    key = "words" if at < 8 else "x"
    bundle.array(key)
    for notice in (bundle.verify, lambda: bundle.array(key, verify=True)):
        with pytest.raises(CorruptSavedModelError, match=rf"data-00000-of-00001, '{key}': its bytes do not fit"):
            notice()


@pytest.mark.parametrize("at", [*range(66), *range(79, 98)])
def test_verify_notices_every_byte_of_the_index(tmp_path, at):
    prefix = write_literal(tmp_path, put(INDEX, at, bytes([INDEX[at] ^ 1])))
    with pytest.raises(CorruptSavedModelError, match=r"v\.index: the block at byte \d+ does not fit its checksum"):
        Bundle.open(prefix, verify=True)


def test_verify_notices_the_checksum_of_a_tensor(tmp_path):
    bundle = Bundle.open(write_literal(tmp_path, put(INDEX, 49, b"\0")))
    with pytest.raises(CorruptSavedModelError, match="its bytes do not fit their checksum"):
        bundle.verify()


@pytest.mark.parametrize("size", [0, 1, 40, 47, 48, 100, 145])
def test_a_cut_index(tmp_path, size):
    with pytest.raises(CorruptSavedModelError, match=r"v\.index: (\d+ bytes are too few|it does not end in the mark)"):
        Bundle.open(write_literal(tmp_path, INDEX[:size]))


def test_missing_and_empty_files(tmp_path):
    with pytest.raises(CorruptSavedModelError, match=r"v\.index is not there"):
        Bundle.open(tmp_path / "v")
    bundle = Bundle.open(write_literal(tmp_path, shard=b""))
    with pytest.raises(CorruptSavedModelError, match="'x' should be 8 bytes at byte 8, but the file has 0"):
        bundle.array("x")
    (tmp_path / "v.data-00000-of-00001").unlink()
    with pytest.raises(CorruptSavedModelError, match=r"v\.data-00000-of-00001 is not there, but 'x' is stored in it"):
        Bundle.open(tmp_path / "v").array("x")
    (tmp_path / "v.data-00000-of-00001").mkdir()
    with pytest.raises(CorruptSavedModelError, match="is not there"):
        Bundle.open(tmp_path / "v").array("x")
    for key in ("y", "", "\0", "\udc80"):
        assert key not in bundle
        with pytest.raises(CorruptSavedModelError, match="none of its 2 tensors has the key"):
            bundle.entry(key)
    assert 3 not in bundle


def test_a_huge_index_is_not_read(tmp_path):
    with (tmp_path / "v.index").open("wb") as file:
        file.truncate(1 << 40)
    with pytest.raises(CorruptSavedModelError, match="more than any index"):
        Bundle.open(tmp_path / "v")


HALVES = [((0, 1), (0, None)), ((1, 1), (0, None))]


def halves(folder: Path, slices: list = HALVES, shape: tuple = (2, 3), **second: Any) -> Bundle:
    """A float32 tensor `x` of two rows, a slice each; `second` changes the second's entry."""
    entries = {b"x": writer.entry(shape, slices=slices)}
    for number, part in enumerate(HALVES):
        fields = {"shape": (1, 3), "offset": 12 * number, "size": 12, **(second if number else {})}
        entries[slice_key("x", part)] = writer.entry(**fields)
    return Bundle.open(writer.write(folder, entries, np.arange(6, dtype="<f4").tobytes()))


def test_slices_by_hand(tmp_path):
    bundle = halves(tmp_path)
    assert bundle.array("x").tolist() == [[0, 1, 2], [3, 4, 5]]
    assert bundle.keys() == ("x",)


DAMAGED_SLICES: dict[str, tuple[dict[str, Any], str]] = {
    "one missing": ({"slices": HALVES[:1]}, "have 3 of 6 elements"),
    "one twice": ({"slices": HALVES[:1] * 2}, "shares bytes"),
    "one without an entry": ({"slices": [HALVES[0], ((1, 1), (0, 3))]}, "entry of 'x' is not there"),
    "too few dimensions": ({"slices": [((0, 1),)]}, "slice of 1 dimensions"),
    "outside": ({"slices": [((2, 1), (0, None))]}, "slice from 2 to 3"),
    "before": ({"slices": [((-1, 1), (0, None))]}, "slice from -1 to 0"),
    "backwards": ({"slices": [((1, -1), (0, None))]}, "slice from 1 to 0"),
    "the same bytes": ({"offset": 0}, "shares bytes"),
    "overlapping bytes": ({"offset": 11}, "shares bytes"),
    "bytes past the end": ({"offset": 13}, "should be 12 bytes at byte 13"),
    "another dtype": ({"dtype": 3}, r"stored as int32 \(1, 3\)"),
    "a huge whole": ({"shape": (2**40, 2**18), "slices": HALVES}, r"\(1, 262144\) is stored as float32 \(1, 3\)"),
    "too huge a whole": ({"shape": (2**62, 3)}, "too large for any file"),
}


@pytest.mark.parametrize("damage", DAMAGED_SLICES)
def test_damaged_slices(tmp_path, damage):
    changes, message = DAMAGED_SLICES[damage]
    bundle = halves(tmp_path, **changes)
    for use in (bundle.verify, lambda: bundle.array("x")):
        with pytest.raises(CorruptSavedModelError, match=message):
            use()


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"shape": (1, 2)}, r"slice of 'x' of shape \(1, 3\) is stored as float32 \(1, 2\)"),
        ({"shape": (1, 3), "slices": HALVES}, "is stored as float32"),
    ],
)
def test_damaged_entries_of_slices(tmp_path, fields, message):
    entries = {b"x": writer.entry((1, 3), slices=HALVES[:1]), slice_key("x", HALVES[0]): writer.entry(**fields)}
    with pytest.raises(CorruptSavedModelError, match=message):
        Bundle.open(writer.write(tmp_path, entries, bytes(12))).array("x")


def test_overlapping_slices_of_the_right_size(tmp_path):
    twice = [((0, 1), (0, None)), ((0, None), (0, 1)), ((1, 1), (0, 1))]
    entries = {b"x": writer.entry((2, 3), slices=twice)}
    for number, (part, shape) in enumerate(zip(twice, [(1, 3), (2, 1), (1, 1)], strict=True)):
        entries[slice_key("x", part)] = writer.entry(shape, size=4 * shape[0] * shape[1], offset=12 * number)
    with pytest.raises(CorruptSavedModelError, match="slices of 'x' overlap"):
        Bundle.open(writer.write(tmp_path, entries, bytes(99))).array("x")


@pytest.mark.parametrize("shape", [(-1,), (1,) * 33, (2**63 - 1, 2), (2**62, 0), (2**40, 2**40)], ids=str)
def test_shapes_that_no_array_has(tmp_path, shape):
    bundle = Bundle.open(writer.write(tmp_path, {b"x": writer.entry(shape)}, b""))
    with pytest.raises(CorruptSavedModelError, match=r"'x' has (no|the) shape"):
        bundle.array("x")


def test_entries_that_share_bytes(tmp_path):
    entries = {b"x%05d" % number: writer.entry((1 << 18,), size=1 << 20) for number in range(5000)}
    bundle = Bundle.open(writer.write(tmp_path, entries, bytes(1 << 20)))
    assert bundle.array("x00001").nbytes == 1 << 20
    with pytest.raises(CorruptSavedModelError, match="shares bytes"):  # and not 5 GB of checksums
        bundle.verify()


def graph(kind: str, *nodes: dict[str, int], keys: bool = True) -> Any:
    """An object graph with these children of its nodes, and a value in each."""
    message = schema.message(kind)()
    for number, children in enumerate(nodes):
        node = message.nodes.add()
        for name, child in children.items():
            node.children.add(local_name=name, node_id=child)
        if kind == "ObjectGraph":
            node.variable.name = f"variable {number}"
        elif keys:
            node.attributes.add(name="VARIABLE_VALUE", checkpoint_key=f"key {number}")
    return message


def with_graph(folder: Path, content: bytes, **fields: Any) -> Bundle:
    """A bundle of nothing but an object graph."""
    length, fixed = writer.varint(len(content)), len(content).to_bytes(4, "little")
    shard = length + masked_crc32c([fixed]).to_bytes(4, "little") + content
    entry = writer.entry(**{"dtype": 7, "size": len(shard), **fields})
    return Bundle.open(writer.write(folder, {OBJECT_GRAPH_KEY.encode(): entry}, shard))


def test_checkpoint_keys_by_hand(tmp_path):
    stored = graph("TrackableObjectGraph", {"b": 2, "a": 1, "other": 1}, {"loop": 0, "c": 3}, {}, {})
    saved = graph("ObjectGraph", {"a": 3, "b": 1, "absent": 4}, {}, {}, {"loop": 0, "c": 2}, {})
    bundle = with_graph(tmp_path, stored.SerializeToString())
    assert checkpoint_keys(bundle, saved) == {0: "key 0", 3: "key 1", 1: "key 2", 2: "key 3"}
    assert checkpoint_keys(bundle, graph("ObjectGraph")) == {}
    with pytest.raises(CorruptSavedModelError, match=r"'a' is node 7 of an object graph with 1 nodes"):
        checkpoint_keys(bundle, graph("ObjectGraph", {"a": 7}))


def test_a_long_chain_of_objects_takes_no_recursion(tmp_path):
    chain = [{"next": number + 1} for number in range(50_000)]
    bundle = with_graph(tmp_path, graph("TrackableObjectGraph", *chain, {}).SerializeToString())
    assert checkpoint_keys(bundle, graph("ObjectGraph", *chain, {}))[50_000] == "key 50000"


def test_objects_without_values(tmp_path):
    bundle = with_graph(tmp_path, graph("TrackableObjectGraph", {}, keys=False).SerializeToString())
    assert checkpoint_keys(bundle, graph("ObjectGraph", {})) == {}
    assert checkpoint_keys(with_graph(tmp_path, b""), graph("ObjectGraph", {})) == {}


def test_damaged_object_graphs(tmp_path):
    message = graph("TrackableObjectGraph", {"a": -1})
    for content, problem in ((message.SerializeToString(), "'a' is node -1"), (b"\x0f", "cannot be parsed")):
        with pytest.raises(CorruptSavedModelError, match=problem):
            checkpoint_keys(with_graph(tmp_path, content), graph("ObjectGraph", {}))
    with pytest.raises(CorruptSavedModelError, match=r"is a string of shape \(1,\), not a string"):
        with_graph(tmp_path, b"", shape=(1,)).object_graph()
    with pytest.raises(CorruptSavedModelError, match=r"v\.index: it holds no '_CHECKPOINTABLE_OBJECT_GRAPH'"):
        checkpoint_keys(Bundle.open(write_literal(tmp_path)), graph("ObjectGraph", {}))
