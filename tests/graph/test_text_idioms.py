"""Idioms of text models as single nodes: the same results as the ops that they stand for, and only for those."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hublayer.errors import ExecutionError
from hublayer.graph.ir import Function, Node, Parameter, Value
from hublayer.graph.passes.split_rows import FILL_EMPTY_ROWS, SPLIT_ROWS, keep_rows_of_splits
from hublayer.graph.passes.text_idioms import KEEP_ROWS, ROW_SPLITS, VOCABULARY_LOOKUP, shorten_text_idioms
from hublayer.host.execute import HostExecutable, HostRun
from hublayer.host.lookup_table import ImmutableTable
from hublayer.host.string_tensor import StringTensor

WORDS = ["a", "b", "the", "fox", "jumps over", "", " ", "ä", "a very long word indeed it is", "\n"]
TEXTS = st.lists(st.lists(st.sampled_from(WORDS), max_size=6).map(" ".join), max_size=5)


class Builder:
    """Nodes one after another; arrays among the inputs become constants."""

    def __init__(self, *parameters: str):
        self.parameters = tuple(Parameter(name, "unknown") for name in parameters)
        self.nodes: list[Node] = []

    def add(self, op: str, *inputs: Any, **attrs: Any) -> Value:
        """The first output of a new node."""
        values = tuple(value if isinstance(value, Value) else self.constant(value) for value in inputs)
        self.nodes.append(Node(f"{op}_{len(self.nodes)}", op, values, attrs, "test"))
        return Value(self.nodes[-1].name)

    def constant(self, value: Any) -> Value:
        array = np.asarray(value)
        array = array.astype(np.int64) if array.dtype.kind == "f" and not array.size else array
        self.nodes.append(Node(f"const_{len(self.nodes)}", "Const", (), {"value": array}, "test"))
        return Value(self.nodes[-1].name)

    def function(self, *outputs: Value) -> Function:
        """All that was added."""
        return Function("test", self.parameters, tuple(self.nodes), outputs)


def table() -> ImmutableTable:
    """Three words."""
    made = ImmutableTable("words", "string", "int64")
    made.initialize([b"a", b"the", b"fox"], [0, 1, 2])
    return made


def run(function: Function, *arguments: Any) -> list[Any]:
    """The outputs, strings as lists."""
    outputs = HostExecutable(function)(HostRun(lambda name: None, Path()), arguments)  # type: ignore[arg-type]
    return [(x.shape, x.to_list()) if isinstance(x, StringTensor) else (x.shape, x.dtype, x.tolist()) for x in outputs]


def ops(function: Function) -> list[str]:
    """The ops that are left, constants apart."""
    return [node.op for node in function.nodes if node.op != "Const"]


def split_tokens(b: Builder, op: str = "StringSplitV2") -> tuple[Value, Value, Value]:
    """(indices, values, dense shape)."""
    indices = b.add(op, Value("text"), b"" if op == "StringSplitV2" else b" ")
    return indices, Value(indices.node, 1), Value(indices.node, 2)


def column(b: Builder, indices: Value, number: int = 0) -> Value:
    """indices[:, number]."""
    masks = {"begin_mask": 1, "end_mask": 1, "shrink_axis_mask": 2}
    return b.add("StridedSlice", indices, [0, number], [0, number + 1], [1, 1], **masks)


def element(b: Builder, shape: Value, number: int = 0) -> Value:
    """shape[number]."""
    return b.add("StridedSlice", shape, [number], [number + 1], [1], shrink_axis_mask=1)


def row_splits(b: Builder, rows: Value, size: Value) -> Value:
    """As RaggedTensor.from_value_rowids writes it."""
    vector = b.add("Reshape", b.add("Cast", rows, SrcT="int64", DstT="int32"), [-1])
    count = b.add("Cast", size, SrcT="int64", DstT="int32")
    some = b.add("Cast", b.add("Greater", b.add("Size", vector), np.int32(0)), SrcT="bool", DstT="int32")
    most = b.add("Mul", some, b.add("AddV2", b.add("Max", vector, np.int32([0])), np.int32(1)))
    length = b.add("Minimum", count, b.add("Maximum", count, most))
    counted = b.add("DenseBincount", vector, length, np.zeros(0, np.int64), binary_output=False)
    total = b.add("Cumsum", counted, np.int32(0), exclusive=False, reverse=False)
    return b.add("ConcatV2", np.int64([0]), total, np.int32(0), N=2)


@pytest.mark.parametrize("op", ["StringSplit", "StringSplitV2"])
@settings(max_examples=30, deadline=None)
@given(texts=TEXTS)
def test_what_a_split_gives_is_sparse_already(op, texts):
    b = Builder("text")
    indices, values, shape = split_tokens(b, op)
    sparse = b.add("RaggedTensorToSparse", row_splits(b, column(b, indices), element(b, shape)), values, RAGGED_RANK=1)
    dense = Value(sparse.node, 2)
    leading = b.add("Prod", b.add("Slice", dense, [0], [1]), [0])
    wanted = b.add("Pack", leading, b.add("GatherV2", dense, np.int32(1), np.int32(0)), N=2)
    reshaped = b.add("SparseReshape", sparse, dense, wanted)
    function = b.function(sparse, Value(sparse.node, 1), dense, reshaped, Value(reshaped.node, 1))
    short = shorten_text_idioms(function)
    assert ops(short) == [op]
    text = StringTensor.from_list([text.encode() for text in texts])
    if texts and any(text.strip() for text in texts):  # TensorFlow's Max has no value for no tokens on the host
        assert run(short, text) == run(function, text)
    separator = None if op == "StringSplitV2" else " "
    longest = max((len(list(filter(None, text.split(separator)))) for text in texts), default=0)
    assert run(short, text)[2][2] == [len(texts), longest]


@settings(max_examples=30, deadline=None)
@given(texts=TEXTS)
def test_row_splits(texts):
    b = Builder("text")
    indices, _, shape = split_tokens(b)
    function = b.function(row_splits(b, column(b, indices), element(b, shape)))
    short = shorten_text_idioms(function)
    assert ROW_SPLITS in ops(short)
    assert "DenseBincount" not in ops(short)
    expected = np.cumsum([0, *(len(text.split()) for text in texts)]).tolist()
    assert run(short, StringTensor.from_list([text.encode() for text in texts])) == [
        ((len(texts) + 1,), np.dtype(np.int64), expected)
    ]


@pytest.mark.parametrize("hashed", ["StringToHashBucketFast", "StringToHashBucketStrong"])
@settings(max_examples=30, deadline=None)
@given(texts=TEXTS)
def test_buckets_for_unknown_words(hashed, texts):
    b = Builder("text", "table")
    keys = split_tokens(b)[1]
    default = b.constant(np.int64(-1))
    found = b.add("LookupTableFindV2", Value("table"), keys, default)
    key = {"key": [3, 5]} if hashed.endswith("Strong") else {}
    bucket = b.add(hashed, keys, num_buckets=7, **key)
    added = b.add("AddV2", bucket, b.add("LookupTableSizeV2", Value("table")))
    function = b.function(b.add("SelectV2", b.add("NotEqual", found, default), found, added))
    short = shorten_text_idioms(function)
    assert ops(short) == ["StringSplitV2", VOCABULARY_LOOKUP]
    text = StringTensor.from_list([text.encode() for text in texts])
    assert run(short, text, table()) == run(function, text, table())


@pytest.mark.parametrize("squeezes", [True, False])
@settings(max_examples=30, deadline=None)
@given(mask=st.lists(st.booleans(), max_size=8), strings=st.booleans())
def test_rows_kept_by_a_mask(squeezes, mask, strings):
    b = Builder("data", "mask")
    where = b.add("Where", Value("mask"))
    places = b.add("Squeeze", where, squeeze_dims=[1]) if squeezes else b.add("Reshape", where, [-1])
    function = b.function(b.add("GatherV2", Value("data"), places, np.int32(0), batch_dims=0))
    short = shorten_text_idioms(function)
    assert ops(short) == [KEEP_ROWS]
    numbers = np.arange(2 * len(mask)).reshape(-1, 2)
    data = StringTensor.from_list([str(n).encode() for n in numbers.ravel()], numbers.shape) if strings else numbers
    assert run(short, data, np.array(mask, bool)) == run(function, data, np.array(mask, bool))


def test_a_mask_longer_than_the_rows_is_refused():
    b = Builder("data", "mask")
    function = b.function(
        b.add("GatherV2", Value("data"), b.add("Reshape", b.add("Where", Value("mask")), [-1]), np.int32(0))
    )
    for each in (function, shorten_text_idioms(function)):
        with pytest.raises(ExecutionError):
            run(each, np.arange(2), np.array([True, True, True]))


def _other_column(b: Builder) -> Value:
    indices, values, shape = split_tokens(b)
    return b.add("RaggedTensorToSparse", row_splits(b, column(b, indices, 1), element(b, shape)), values, RAGGED_RANK=1)


def _other_strings(b: Builder) -> Value:
    indices, _, shape = split_tokens(b)
    others = b.add("StringUpper", Value(indices.node, 1))
    return b.add("RaggedTensorToSparse", row_splits(b, column(b, indices), element(b, shape)), others, RAGGED_RANK=1)


def _other_length(b: Builder) -> Value:
    vector = b.add("Reshape", b.add("Cast", column(b, split_tokens(b)[0]), SrcT="int64", DstT="int32"), [-1])
    return b.add("Minimum", np.int32(9), b.add("Maximum", np.int32(9), b.add("AddV2", vector, np.int32(1))))


def _other_start(b: Builder) -> Value:
    vector = b.add("Reshape", column(b, split_tokens(b)[0]), [-1])
    counted = b.add("DenseBincount", vector, np.int64(9), np.zeros(0, np.int64), binary_output=False)
    return b.add("ConcatV2", np.int64([1]), b.add("Cumsum", counted, np.int32(0)), np.int32(0), N=2)


@pytest.mark.parametrize("make", [_other_column, _other_strings, _other_length, _other_start])
def test_what_only_looks_alike_stays(make):
    b = Builder("text")
    function = b.function(make(b))
    text = StringTensor.from_list([b"one two", b"three", b"four five six"])
    short = shorten_text_idioms(function)
    assert {"RaggedTensorToSparse", "Minimum", "ConcatV2"} & set(ops(short))
    assert run(short, text) == run(function, text)


def test_a_table_that_changes_in_between_is_asked_as_often():
    b = Builder("text", "table")
    default = b.constant(np.int64(-1))
    found = b.add("LookupTableFindV2", Value("table"), Value("text"), default)
    b.add("LookupTableInsertV2", Value("table"), Value("text"), b.constant(np.int64([5])))
    bucket = b.add("StringToHashBucketFast", Value("text"), num_buckets=7)
    added = b.add("AddV2", bucket, b.add("LookupTableSizeV2", Value("table")))
    function = b.function(b.add("SelectV2", b.add("NotEqual", found, default), found, added))
    assert VOCABULARY_LOOKUP not in ops(shorten_text_idioms(function))


def _filled(b: Builder, op: str) -> tuple[Value, Value, Value]:
    """Ids of the tokens, those below zero left out, and an id for each row that has none; (indices, ids, is empty)."""
    indices, values, shape = split_tokens(b, op)
    ids = b.add("StringToHashBucketFast", values, num_buckets=5)
    ids = b.add("Sub", ids, np.int64(2))
    kept = b.add("GreaterEqual", ids, np.int64(0))
    pairs, ids = b.add("hublayer>KeepRows", indices, kept), b.add("hublayer>KeepRows", ids, kept)
    filled = b.add("SparseFillEmptyRows", pairs, ids, shape, np.int64(0))
    return filled, Value(filled.node, 1), Value(filled.node, 2)


@pytest.mark.parametrize("op", ["StringSplit", "StringSplitV2"])
@settings(max_examples=40, deadline=None)
@given(texts=st.lists(st.lists(st.sampled_from(WORDS), max_size=6).map(" ".join), max_size=80))
def test_rows_of_tokens_without_their_places(op, texts):
    b = Builder("text")
    filled, ids, empty = _filled(b, op)
    function = b.function(column(b, filled), ids, empty, Value(filled.node, 3))
    short = keep_rows_of_splits(function)
    assert {SPLIT_ROWS, FILL_EMPTY_ROWS} <= set(ops(short))
    assert "SparseFillEmptyRows" not in ops(short)
    text = StringTensor.from_list([text.encode() for text in texts])
    assert run(short, text) == run(function, text)


def test_a_shape_with_too_few_rows_is_refused():
    b = Builder("text")
    indices, values, _ = split_tokens(b)
    ids = b.add("StringToHashBucketFast", values, num_buckets=5)
    filled = b.add("SparseFillEmptyRows", indices, ids, np.int64([1, 9]), np.int64(0))
    function = b.function(column(b, filled))
    for each in (function, keep_rows_of_splits(function)):
        with pytest.raises(ExecutionError, match="row 1 of 1 rows"):
            run(each, StringTensor.from_list([b"one", b"two"]))


def test_places_that_are_asked_for_are_kept():
    for number, whole in ((1, False), (0, True)):
        b = Builder("text")
        filled, ids, _ = _filled(b, "StringSplitV2")
        outputs = [column(b, filled, number), ids, *([filled] if whole else [])]
        function = b.function(*outputs)
        assert keep_rows_of_splits(function) is function
