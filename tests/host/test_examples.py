"""tf.Example beyond cases: random records against TensorFlow, damaged records, and what is left out of cases."""

from __future__ import annotations

import importlib.util
from typing import Any

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given, settings
from lowering.case import i64

from host.cases.examples import SEQUENCES, add, example, feature, sequence_v2, v2
from host.collect import strings, text
from host.test_host_ops import equal, run_case
from hublayer.errors import ExecutionError
from hublayer.host.example_messages import Record, Records, message
from hublayer.host.example_wire import IrregularLayoutError, WireBatch
from hublayer.host.string_tensor import StringTensor

INT64 = st.integers(-(2**63), 2**63 - 1)
FLOAT32 = st.floats(width=32, allow_nan=False)
VALUES = st.one_of(st.none(), st.lists(st.binary(max_size=20)).map(lambda v: v or ""), st.lists(INT64))
RECORD = st.fixed_dictionaries(
    {},
    optional={
        "words": st.lists(st.binary(max_size=20)).map(lambda v: v or ""),
        "ints": st.one_of(st.none(), st.lists(INT64)),
        "pair": st.lists(FLOAT32, min_size=2, max_size=2),
        "many": st.lists(INT64).map(lambda v: v[: len(v) // 3 * 3]),
        "unused": VALUES,
    },
)
DENSE = {"pair": ((2,), np.float32([7, 8])), "many": ((None, 3), i64(-1))}


@pytest.mark.skipif(importlib.util.find_spec("tensorflow") is None, reason="TensorFlow is the reference")
@settings(max_examples=60, deadline=None)
@given(st.lists(RECORD, max_size=6))
def test_random_records_parse_as_in_tensorflow(records):
    from make_host_goldens import reference

    serialized = np.array([example(**record) for record in records], object)
    case = v2(serialized, {"words": "string"}, DENSE, {"ints": ("int64", "int64")})
    for got, expected in zip(run_case(case), reference(case), strict=True):
        equal(got, expected, 0)


@settings(max_examples=100, deadline=None)
@given(RECORD, st.data())
def test_damaged_records_give_a_result_or_a_clear_error(record, data):
    content = bytearray(example(**record))
    for _ in range(data.draw(st.integers(1, 3))):
        if content:
            content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    del content[data.draw(st.integers(0, len(content))) :]
    case = v2(strings(bytes(content)), {"words": "string"}, DENSE, {"ints": ("int64", "int64")})
    try:
        assert len(run_case(case)) == 7
    except ExecutionError as error:
        assert "record 0" in str(error)


COLUMNS = {b"words": "string", b"ints": "int64", b"pair": "float32", b"many": "int64", b"": "string", b"none": "int64"}


def columns_one_by_one(records: list[bytes]) -> dict[bytes, Any]:
    parsed = Records([Record(record, "Example", index) for index, record in enumerate(records)])
    return {key: parsed.column(key, dtype) for key, dtype in COLUMNS.items()}


def columns_at_once(records: list[bytes]) -> dict[bytes, Any]:
    batch = WireBatch(StringTensor.from_list(records))
    return {key: batch.column(key, dtype) for key, dtype in COLUMNS.items()}


def content(x: Any) -> list[Any]:
    """Strings, or bytes; protobuf's Python floats do not keep what kind of NaN a damaged float is."""
    if isinstance(x, StringTensor):
        return x.to_list()
    return (np.where(np.isnan(x), np.float32(np.nan), x) if x.dtype.kind == "f" else x).view(np.uint8).tolist()


def same_columns(a: dict[bytes, Any], b: dict[bytes, Any]) -> None:
    for key in COLUMNS:
        for one, other in zip(a[key], b[key], strict=True):
            assert (str(one.dtype), one.shape) == (str(other.dtype), other.shape)
            assert content(one) == content(other)


@settings(max_examples=100, deadline=None)
@given(st.lists(RECORD, max_size=20))
def test_records_read_at_once_are_those_read_one_by_one(records):
    serialized = [example(**record) for record in records]
    same_columns(columns_at_once(serialized), columns_one_by_one(serialized))


@settings(max_examples=200, deadline=None)
@given(st.lists(RECORD, min_size=1, max_size=4), st.data())
def test_what_is_read_at_once_of_damaged_records_is_what_is_read_one_by_one(records, data):
    serialized = [bytearray(example(**record)) for record in records]
    for _ in range(data.draw(st.integers(1, 3))):
        content = data.draw(st.sampled_from(serialized))
        if content:
            content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    damaged = [bytes(content) for content in serialized]
    try:
        at_once = columns_at_once(damaged)
    except IrregularLayoutError:
        return
    try:
        one_by_one = columns_one_by_one(damaged)
    except ValueError:
        return  # a feature that nobody asked for is damaged
    same_columns(at_once, one_by_one)


@pytest.mark.parametrize("records", [100, 3])
def test_another_layout_among_the_usual_one(records):
    usual = [example(ints=[i, -i], words=["a"]) for i in range(records)]
    unpacked = b"\x1a\x04\x08\x05\x08\x06"
    entry = b"\x12" + bytes([len(unpacked)]) + unpacked + b"\x0a\x04ints"  # the value before the name
    features = b"\x0a" + bytes([len(entry)]) + entry
    odd = b"\x0a" + bytes([len(features)]) + features
    case = v2(strings(*usual, odd), {}, {}, {"ints": ("int64", "int64")})
    assert run_case(case)[0].tolist() == [*(n for i in range(records) for n in (i, -i)), 5, 6]


def test_errors_of_a_large_batch_name_the_record():
    good, bad = example(ints=[1]), example(ints=[1.5])
    with pytest.raises(ExecutionError, match="feature 'ints' of record 99 has values of dtype float32"):
        run_case(v2(strings(*[good] * 99, bad), {}, {}, {"ints": ("int64", "int64")}))
    with pytest.raises(ExecutionError, match=r"feature 'pair' of record 7 .'seven'. is missing"):
        names = strings(*["x"] * 7, "seven", *["x"] * 92)
        records = strings(*[example(pair=[1.0])] * 7, good, *[example(pair=[1.0])] * 92)
        run_case(v2(records, {}, {"pair": ((), np.zeros(0, np.float32))}, {}, names=names))
    with pytest.raises(ExecutionError, match=r"record 99 of 3 bytes is no tf\.Example"):
        run_case(v2(strings(*[good] * 99, b"\xff\xff\xff"), {}, {}, {"ints": ("int64", "int64")}))


def test_the_last_of_two_features_of_one_name_counts():
    made = message("Example")()
    add(made.features.feature, "ints", feature([1]))
    add(made.features.feature, "ints", feature([2, 3]))
    case = v2(strings(made.SerializeToString()), {}, {}, {"ints": ("int64", "int64")})
    assert run_case(case)[0].tolist() == [2, 3]


def test_names_need_not_be_text():
    made = message("Example")()
    add(made.features.feature, b"\xff\x00", feature([5]))
    case = v2(strings(made.SerializeToString()), {}, {}, {b"\xff\x00": ("int64", "int64")})
    assert run_case(case)[0].tolist() == [5]


def test_values_may_be_stored_one_by_one():
    unpacked = b"\x1a\x04\x08\x05\x08\x06"  # int64_list { value: 5 value: 6 } without packing
    entry = b"\x0a\x04ints\x12" + bytes([len(unpacked)]) + unpacked
    features = b"\x0a" + bytes([len(entry)]) + entry
    record = b"\x0a" + bytes([len(features)]) + features
    assert run_case(v2(strings(record), {}, {}, {"ints": ("int64", "int64")}))[0].tolist() == [5, 6]


@pytest.mark.parametrize("record", range(3))
def test_ragged_values_of_one_sequence(record: Any):
    # TensorFlow leaves the splits of a batch of one uninitialised, so there is no golden.
    alone = run_case(sequence_v2(SEQUENCES[record : record + 1].reshape(())))
    batch = run_case(sequence_v2(SEQUENCES[record : record + 1]))
    assert alone[4].to_list() == batch[4].to_list()
    assert [value.tolist() for value in alone[-2:]] == [value.tolist() for value in batch[-2:]]
    assert [value.shape for value in (alone[5], alone[-4], alone[-3])] == [(), (), ()]


def test_a_dtype_that_no_feature_has():
    with pytest.raises(ExecutionError, match="int32 is asked for"):
        run_case(v2(text(b""), {"a": "int32"}, {}, {}))
