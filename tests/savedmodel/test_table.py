"""The index table and its compression: sound ones round trip, hostile ones end in bounded time and memory."""

from __future__ import annotations

import tracemalloc
from collections.abc import Callable
from pathlib import Path

import bundle_writer as writer
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hublayer.errors import CorruptSavedModelError
from hublayer.savedmodel.snappy import decompress
from hublayer.savedmodel.table import read_table

KEPT_FOLDER = [HealthCheck.function_scoped_fixture]


@settings(max_examples=150, deadline=None, suppress_health_check=KEPT_FOLDER)
@given(
    entries=st.dictionaries(st.binary(max_size=40), st.binary(max_size=40)),
    compression=st.sampled_from([writer.NONE, writer.SNAPPY]),
    per_block=st.integers(1, 50),
)
def test_round_trip(tmp_path, entries, compression, per_block):
    path = tmp_path / "v.index"
    path.write_bytes(writer.table(entries, compression, per_block))
    assert list(read_table(path, verify=True).items()) == sorted(entries.items())


def test_long_keys_that_share_their_prefix(tmp_path):
    entries = {b"scope/" * 200 + b"%05d" % number: b"value" for number in range(1000)}
    (tmp_path / "v.index").write_bytes(writer.table(entries))
    assert read_table(tmp_path / "v.index") == entries


def growing_keys(count: int) -> bytes:
    """A block of keys that each are the key before and one byte more: `count` squared / 2 bytes."""
    rows = b"".join(writer.varint(number) + b"\x01\x00x" for number in range(count))
    return rows + writer.block([])


HOSTILE: dict[str, tuple[Callable[[], bytes], str]] = {
    "keys of quadratic size": (
        lambda: writer.table_of_blocks([(b"y", growing_keys(200_000))]),
        "unfold to far more than an index holds",
    ),
    "a block listed many times": (
        lambda: writer.table_of_blocks([(b"y", writer.block([(b"y", bytes(1_000_000))]))], listed=100_000),
        "data block at byte 0 overlaps",
    ),
    "an empty block listed many times": (
        lambda: writer.table_of_blocks([(b"y", writer.block([]))], listed=100_000),
        "data block at byte 0 overlaps",
    ),
    "compressed keys of quadratic size": (
        lambda: writer.table_of_blocks([(b"y", growing_keys(30_000))], writer.SNAPPY),
        "unfold to far more than an index holds",
    ),
    "small entries, compressed": (
        lambda: writer.table_of_blocks([(b"y", b"\0\1\0a" * 100_000 + writer.block([]))], writer.SNAPPY),
        "not in order: b'a' comes after b'a'",
    ),
}


@pytest.mark.parametrize("hostile", HOSTILE)
def test_hostile_tables_take_little_memory(tmp_path, hostile):
    make, message = HOSTILE[hostile]
    path: Path = tmp_path / "v.index"
    path.write_bytes(make())
    tracemalloc.start()
    try:
        with pytest.raises(CorruptSavedModelError, match=message):
            read_table(path)
        assert tracemalloc.get_traced_memory()[1] < 100e6
    finally:
        tracemalloc.stop()


# The first byte is the length of the content; a tag's low 2 bits are its kind.
SNAPPY: dict[str, tuple[bytes, bytes]] = {
    "nothing": (b"\x00", b""),
    "a literal": (b"\x03\x08abc", b"abc"),
    "a literal with its length in 1 byte": (b"\x03\xf0\x02abc", b"abc"),
    "a literal with its length in 4 bytes": (b"\x03\xfc\x02\x00\x00\x00abc", b"abc"),
    "a short copy": (b"\x09\x10abcde\x01\x05", b"abcdeabcd"),
    "a copy of 2 bytes' offset": (b"\x05\x08abc\x06\x03\x00", b"abcab"),
    "a copy of 4 bytes' offset": (b"\x05\x08abc\x07\x03\x00\x00\x00", b"abcab"),
    "a copy into itself": (b"\x0b\x04ab\x22\x02\x00", b"ababababab" + b"a"),
}


@pytest.mark.parametrize("name", SNAPPY)
def test_snappy_by_hand(name):
    data, content = SNAPPY[name]
    assert decompress(data, "file") == content


BAD_SNAPPY: dict[str, tuple[bytes, str]] = {
    "no length": (b"", "does not end"),
    "an endless length": (b"\xff\xff\xff\xff\xff\xff", "does not end"),
    "a bomb": (b"\xff\xff\xff\xff\x0f\x00a", "claims to hold 4294967295"),
    "too short": (b"\x04\x08abc", "holds 3 bytes but states 4"),
    "too long": (b"\x02\x08abc", "more than the 2 bytes"),
    "a literal cut off": (b"\x03\x08ab", "literal of 3 bytes runs past"),
    "a long literal cut off": (b"\x03\xfc\xff\xff\xff\xffab", "literal of 4294967296 bytes runs past"),
    "a length cut off": (b"\x03\xfc\x02", "ends within an element"),
    "a copy cut off": (b"\x05\x08abc\x06\x03", "ends within an element"),
    "a copy from nowhere": (b"\x05\x06\x01\x00", "goes 1 bytes back after 0"),
    "a copy from before": (b"\x05\x08abc\x06\x04\x00", "goes 4 bytes back after 3"),
    "a copy from here": (b"\x05\x08abc\x06\x00\x00", "goes 0 bytes back"),
}


@pytest.mark.parametrize("name", BAD_SNAPPY)
def test_bad_snappy(name):
    data, message = BAD_SNAPPY[name]
    with pytest.raises(CorruptSavedModelError, match=rf"^file: .*{message}"):
        decompress(data, "file")


@settings(max_examples=200, deadline=None)
@given(st.lists(st.sampled_from([b"a", b"bcd", b"kernel/", b"\0" * 70, b"0123456789" * 30])).map(b"".join))
def test_snappy_round_trip(content):
    assert decompress(writer.snappy(content), "file") == content


@settings(max_examples=300, deadline=None)
@given(st.binary(max_size=60))
def test_any_bytes_are_snappy_or_our_error(data):
    try:
        assert len(decompress(data, "file")) <= 22 * len(data)
    except CorruptSavedModelError as error:
        assert str(error).startswith("file: ")
