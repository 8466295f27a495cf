"""String tensors that are pieces of other bytes: what a split of a large batch returns."""

from __future__ import annotations

import re
from itertools import chain

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hublayer.host.key_index import StringIndex
from hublayer.host.string_patterns import _arrow_replaced, compiled_pattern
from hublayer.host.string_tensor import StringTensor
from hublayer.host.strings_case import string_lower, string_upper
from hublayer.host.strings_regex import static_regex_replace
from hublayer.host.strings_split import string_split, string_split_v2

PARTS = st.sampled_from([b"a", b"\xc3\xa4", b" ", b"\t", b"\0", b"word", b"-"])
LINES = st.lists(st.lists(PARTS, max_size=8).map(b"".join), min_size=25, max_size=60)
TEXT = st.sampled_from("ab, \t\n\v\f\r\0ä日")
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


@settings(max_examples=80, deadline=None)
@given(few=st.lists(st.text(TEXT, max_size=12), min_size=1, max_size=8), encoded=st.booleans(), data=st.data())
def test_joined_strings_are_what_each_string_is(few, encoded, data):
    lines = [line.encode() for line in (few * 70)[:70]]
    given_ = np.empty(70, object)
    given_[:] = lines if encoded else (few * 70)[:70]

    def fresh():
        return StringTensor.from_numpy(given_)

    assert (fresh().joined is None) == all(any(c in line for line in few) for c in "\n\v\f\r")
    assert fresh().to_list() == fresh().array.to_pylist() == fresh().reshape((7, 10)).to_list() == lines
    starts, ends, raw = fresh().pieces
    assert [raw[start:end].tobytes() for start, end in zip(starts, ends, strict=True)] == lines
    places = np.array(data.draw(st.lists(st.integers(0, 69), max_size=9)), np.int64)
    assert fresh().take(places).to_list() == [lines[i] for i in places]
    assert fresh().take(np.unique(places)).to_list() == [lines[i] for i in np.unique(places)]
    for separator in (b"", b" ", b"\n ", b"a,"):
        found = string_split(fresh(), _scalar(separator))
        expected = [[t for t in re.split(b"[" + separator + b"]", line) if t] for line in lines if separator]
        expected = expected or [[bytes([b]) for b in line] for line in lines]
        assert found[1].to_list() == list(chain.from_iterable(expected))
        assert found[0][:, 0].tolist() == [i for i, row in enumerate(expected) for _ in row]
    for separator in (None, b",", b"ab"):
        found = string_split_v2(fresh(), _scalar(separator or b""))
        expected = [line.split(separator) for line in lines]
        assert found[1].to_list() == list(chain.from_iterable(expected))
        assert found[0][:, 0].tolist() == [i for i, row in enumerate(expected) for _ in row]
    for pattern, rewrite in ((r"[,a]", b""), (r"[,a]+", b""), (r"[ ,]", b"\n"), (r"[\t ]", b"x"), (r"\n+", b" ")):
        found = static_regex_replace(fresh(), pattern=pattern, rewrite=rewrite)
        assert found.to_list() == [re.sub(pattern.encode(), rewrite, line) for line in lines]


WORDS = st.text(st.sampled_from("aB ,ÄäßΣσİıǅ\u0301日😀\u2028\x1c"), max_size=10).map(str.encode)


@settings(max_examples=80, deadline=None)
@given(few=st.lists(WORDS | st.binary(max_size=6), min_size=1, max_size=8))
def test_joined_strings_are_changed_as_each_is(few):
    lines = (few * 70)[:70]
    given_ = np.empty(70, object)
    given_[:] = lines

    def each(change):
        return ([change(StringTensor.from_list([line])).item() for line in few] * 70)[:70]

    for encoding in ("", "utf-8"):
        for op in (string_lower, string_upper):
            found = op(StringTensor.from_numpy(given_), encoding=encoding)
            assert found.to_list() == each(lambda one, op=op, encoding=encoding: op(one, encoding=encoding))
    for source, rewrite in (
        (r"\pM", b""),
        (r"[äB]", b"x"),
        (r"[^a]", b""),
        (r"\PL+", b""),
        (r"\s", b","),
        (r"\C", b""),
    ):
        pattern = compiled_pattern(source)
        for strings in (StringTensor.from_numpy(given_), StringTensor.from_list(lines)):
            expected = each(lambda one, p=pattern, r=rewrite: _arrow_replaced(one, p.closed, r))
            assert pattern.replaced(strings, rewrite, True).to_list() == expected


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
    index = StringIndex(StringTensor.from_list(keys))
    asked = [b"499", b"123456789-7", b"500", b"0", b"123456789-x", b"12345678", *keys]
    assert index.find(StringTensor.from_list(asked)).tolist() == [499, 507, -1, 0, -1, -1, *range(550)]


def test_a_long_string_with_the_code_of_a_key_is_not_that_key(monkeypatch):
    monkeypatch.setattr("hublayer.host.key_index._LONG", np.uint64(2**64 - 1))  # every long one has the same code
    key = b"0123456789" * 3
    index = StringIndex(StringTensor.from_list([b"short", key]))
    others = [key[:i] + b"x" + key[i + 1 :] for i in range(len(key))] + [key[:-1], key + b"0", key[:8] + key[-8:]]
    assert index.find(StringTensor.from_list([*others, key, b"short"])).tolist() == [-1] * len(others) + [1, 0]
    with pytest.raises(ValueError, match="distinct"):
        StringIndex(StringTensor.from_list([key, key + b"0"]))


def test_strings_that_are_none_are_refused_in_large_batches_too():
    for wrong in (None, 1.5, 3):
        with pytest.raises(TypeError, match="string tensor holds str or bytes"):
            StringTensor.from_numpy(np.array(["a"] * 100 + [wrong], object))
    mixed = StringTensor.from_numpy(np.array(["ä", b"\xff"] * 50, object).reshape(50, 2))
    assert (mixed.shape, mixed.to_list()[:2]) == ((50, 2), ["ä".encode(), b"\xff"])
