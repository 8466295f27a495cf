"""What programs do not show of tables: files outside the model, handles, exports, and random keys."""

from __future__ import annotations

from pathlib import Path

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given, settings

from host.collect import strings
from host.program import File, Program, Step
from host.programs.tables import DENSE, STRING_TO_INT, export, insert, table
from host.test_programs import run_program
from hublayer.errors import ExecutionError
from hublayer.host.key_index import IntegerIndex, StringIndex
from hublayer.host.lookup_table import ImmutableTable, MutableTable
from hublayer.host.string_tensor import StringTensor
from hublayer.host.table_text_file import read_entries


def reading(name: str) -> Program:
    attrs = {"key_index": -2, "value_index": -1}
    steps = (table(**STRING_TO_INT), Step("read", "InitializeTableFromTextFileV2", ("table", File(name)), attrs))
    return Program("read", (*steps, Step("size", "LookupTableSizeV2", ("table",))), ("size",))


@pytest.fixture
def model(tmp_path: Path) -> Path:
    folder = tmp_path / "model"
    (folder / "assets").mkdir(parents=True)
    (folder / "assets" / "vocab.txt").write_bytes(b"a\nb\n")
    (tmp_path / "secret.txt").write_bytes(b"a\nb\n")
    return folder


@pytest.mark.parametrize("name", ["{tmp}/secret.txt", "../secret.txt", "assets/../../secret.txt", "/etc/passwd"])
def test_files_outside_the_model_are_refused(model, name):
    with pytest.raises(ExecutionError, match=r"InitializeTableFromTextFileV2.*not one of the model's own"):
        run_program(reading(name.format(tmp=model.parent)), model)


@pytest.mark.parametrize("name", ["{model}/assets/vocab.txt", "assets/vocab.txt", "assets/./vocab.txt"])
def test_files_of_the_model_are_read(model, name):
    assert run_program(reading(name.format(model=model)), model)[0] == 2


def test_links_in_the_model_are_followed(model):
    (model / "assets" / "linked.txt").symlink_to(model.parent / "secret.txt")
    assert run_program(reading("assets/linked.txt"), model)[0] == 2


def test_a_folder_is_no_vocabulary(model):
    with pytest.raises(ExecutionError, match=r"no vocabulary file .*assets"):
        run_program(reading("assets"), model)


def test_what_is_no_handle_is_named():
    steps = (Step("size", "LookupTableSizeV2", (np.int64(1),)),)
    with pytest.raises(ExecutionError, match=r"LookupTableSizeV2.*handle of a table"):
        run_program(Program("no handle", steps, ("size",)), Path())


def test_a_dense_table_exports_what_it_holds():
    # TensorFlow exports its empty buckets as well, in the order of its hashes.
    steps = (DENSE, insert(np.arange(1, 4), np.arange(10, 40, 10)), export("int64", "int64"))
    keys, values = run_program(Program("export", steps, ("export", "export:1")), Path())
    assert (keys.tolist(), values.tolist()) == ([1, 2, 3], [10, 20, 30])


@pytest.mark.parametrize(("buckets", "load"), [(0, 0.8), (3, 0.8), (-4, 0.8), (8, 0.0), (8, 1.0)])
def test_a_dense_table_of_impossible_size_is_refused(buckets, load):
    attrs = {**DENSE.attrs, "initial_num_buckets": buckets, "max_load_factor": load}
    with pytest.raises(ExecutionError, match=r"initial_num_buckets|max_load_factor"):
        run_program(Program("dense", (Step("table", DENSE.op, DENSE.inputs, attrs),)), Path())


def test_lines_may_be_integer_keys(tmp_path):
    (tmp_path / "v.txt").write_bytes(b"5\n-6\n")
    entries = read_entries(tmp_path / "v.txt", "int64", "int64", key_index=-2, value_index=-1)
    assert entries == ([5, -6], [0, 1])


@settings(max_examples=60, deadline=None)
@given(st.lists(st.binary(max_size=70), min_size=1, unique=True), st.lists(st.binary(max_size=80)), st.randoms())
def test_an_index_over_strings_finds_what_a_dict_finds(keys, others, random):
    asked = [*others, *random.choices(keys, k=20), *(key + b"\x00" for key in keys), *(key[:-1] for key in keys)]
    expected = {key: row for row, key in enumerate(keys)}
    if max(map(len, keys)) > 64:
        with pytest.raises(ValueError, match="too long"):
            StringIndex(StringTensor.from_list(keys))
        return
    index = StringIndex(StringTensor.from_list(keys))
    assert index.find(StringTensor.from_list(asked)).tolist() == [expected.get(key, -1) for key in asked]
    part = StringTensor(StringTensor.from_list(asked).array.slice(3), (len(asked) - 3,))
    assert index.find(part).tolist() == [expected.get(key, -1) for key in asked[3:]]


INT64 = st.integers(-(2**63), 2**63 - 1)


@settings(max_examples=60, deadline=None)
@given(st.lists(INT64, min_size=1, unique=True), st.lists(INT64))
def test_an_index_over_integers_finds_what_a_dict_finds(keys, others):
    expected = {key: row for row, key in enumerate(keys)}
    found = IntegerIndex(np.array(keys, np.int64)).find(np.array(others + keys, np.int64))
    assert found.tolist() == [expected.get(key, -1) for key in others + keys]


@settings(max_examples=30, deadline=None)
@given(st.lists(st.tuples(st.sampled_from(["insert", "remove", "find"]), st.integers(0, 3000)), max_size=12))
def test_a_changing_table_is_a_dict(steps):
    words = [str(i).encode() for i in range(3000)]
    table, expected = MutableTable("t", "string", "int64"), {}
    for kind, number in steps:
        some = words[number // 2 : number]
        keys = StringTensor.from_list(some)
        if kind == "insert":
            table.insert(keys, np.arange(len(some)) + number)
            expected.update(zip(some, range(number, number + len(some)), strict=True))
        elif kind == "remove":
            table.remove(keys)
            for key in some:
                expected.pop(key, None)
        asked = StringTensor.from_list(words)
        found = table.find(asked, np.array(-1, np.int64))
        assert found.tolist() == [expected.get(word, -1) for word in words]
        assert len(table) == len(expected)


def test_floats_may_be_keys():
    table = ImmutableTable("t", "float32", "string")
    table.initialize(*table.pairs(np.float32([0.1, 0.0]), StringTensor.from_list([b"tenth", b"zero"])))
    found = table.find(np.float32([-0.0, 0.1, 0.2]), StringTensor.from_list([b"other"], ()))
    assert found.to_list() == [b"zero", b"tenth", b"other"]


def test_a_table_shows_what_it_is():
    table = MutableTable("words", "string", "int64")
    table.insert(StringTensor.from_numpy(strings("a")), np.array([1]))
    assert repr(table) == "<table 'words' of 1 string keys to int64 values>"
