"""String tensors that are pieces of other bytes: what a split of a large batch returns."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hublayer.host.key_index import StringIndex
from hublayer.host.string_tensor import StringTensor
from hublayer.host.strings_split import string_split, string_split_v2

PARTS = st.sampled_from([b"a", b"\xc3\xa4", b" ", b"\t", b"\0", b"word", b"-"])
LINES = st.lists(st.lists(PARTS, max_size=8).map(b"".join), min_size=25, max_size=60)
KEYS = st.lists(st.binary(max_size=20), min_size=1, max_size=40, unique=True)


def _scalar(value: bytes) -> StringTensor:
    return StringTensor.from_list([value], ())


@pytest.mark.parametrize("offset", [0, 1])
@pytest.mark.parametrize("op", ["StringSplit", "StringSplitV2"])
@settings(max_examples=60, deadline=None)
@given(lines=LINES)
def test_a_large_batch_is_split_as_python_splits(op, offset, lines):
    whole = StringTensor.from_list([b"before", *lines] if offset else lines)
    part = StringTensor(whole.array[offset:], (len(lines),))
    if op == "StringSplit":
        indices, values, shape = string_split(part, _scalar(b"-\t"))
        expected = [list(filter(None, line.replace(b"\t", b"-").split(b"-"))) for line in lines]
    else:
        indices, values, shape = string_split_v2(part, _scalar(b""))
        expected = [line.split() for line in lines]
    flat = [token for tokens in expected for token in tokens]
    assert values.to_list() == flat
    assert StringTensor(values.array, values.shape).to_list() == flat
    assert indices.tolist() == [[i, j] for i, tokens in enumerate(expected) for j in range(len(tokens))]
    assert shape.tolist() == [len(expected), max(map(len, expected))]


@settings(max_examples=60, deadline=None)
@given(lines=LINES, data=st.data())
def test_pieces_are_taken_and_reshaped_as_arrays_are(lines, data):
    values = string_split_v2(StringTensor.from_list(lines), _scalar(b""))[1]
    listed = [token for line in lines for token in line.split()]
    numbers = st.integers(0, max(len(listed) - 1, 0))
    places = np.array(data.draw(st.lists(numbers, max_size=9 * bool(listed))), np.int64)
    for chosen in (places, np.unique(places)):
        assert values.take(chosen).to_list() == [listed[i] for i in chosen]
    fresh = StringTensor.from_pieces(*values.pieces, values.shape).reshape((1, -1))
    assert (fresh.shape, fresh.array.to_pylist()) == ((1, len(listed)), listed)


@settings(max_examples=100, deadline=None)
@given(keys=KEYS, asked=st.lists(st.binary(max_size=20), max_size=30))
def test_an_index_finds_what_a_dict_finds(keys, asked):
    asked = [*asked, *keys[::2], b""]
    rows = {key: row for row, key in enumerate(keys)}
    found = StringIndex(StringTensor.from_list(keys)).find(StringTensor.from_list(asked))
    assert found.tolist() == [rows.get(key, -1) for key in asked]


def test_keys_that_share_their_hash_are_told_apart(monkeypatch):
    keys = [b"%d" % n for n in range(500)] + [b"123456789-%d" % n for n in range(50)]
    monkeypatch.setattr(StringIndex, "_hash", lambda self, codes: np.zeros(len(codes), np.uint64))
    monkeypatch.setattr("hublayer.host.key_index._LONG", np.uint64(2**64 - 1))  # and every long one the same code
    index = StringIndex(StringTensor.from_list(keys))
    asked = [b"499", b"123456789-7", b"500", b"0", b"123456789-x", b"12345678", *keys]
    assert index.find(StringTensor.from_list(asked)).tolist() == [499, 507, -1, 0, -1, -1, *range(550)]


def test_strings_that_are_none_are_refused_in_large_batches_too():
    for wrong in (None, 1.5, 3):
        with pytest.raises(TypeError, match="string tensor holds str or bytes"):
            StringTensor.from_numpy(np.array(["a"] * 100 + [wrong], object))
    mixed = StringTensor.from_numpy(np.array(["ä", b"\xff"] * 50, object).reshape(50, 2))
    assert (mixed.shape, mixed.to_list()[:2]) == ((50, 2), ["ä".encode(), b"\xff"])
