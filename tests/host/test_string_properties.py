"""Open inputs: ops on strings against TensorFlow's kernels, and errors."""

from __future__ import annotations

import importlib.util

import ml_dtypes
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from host.collect import strings, text
from host.texts import PARTS
from hublayer.host.fingerprints import fingerprints
from hublayer.host.raw_bytes import decode_raw
from hublayer.host.registry import find_host_op
from hublayer.host.string_patterns import compiled_pattern
from hublayer.host.string_tensor import StringTensor

with_tensorflow = pytest.mark.skipif(
    importlib.util.find_spec("tensorflow") is None, reason="the goldens of 2,000 random strings stand in for TensorFlow"
)
texts = st.lists(st.sampled_from(PARTS) | st.binary(max_size=3) | st.text(max_size=3).map(str.encode), max_size=8).map(
    b"".join
)
batches = st.lists(texts, max_size=8)
one_character = st.sampled_from(
    [
        "a",
        "é",
        r"\.",
        r"\d",
        r"\W",
        r"\pL",
        ".",
        "[a-z]",
        "[^a-z]",
        "[[:punct:]]",
        "[^[:alpha:]]",
        r"[\s,]",
        "[é]",
        "[]a]",
        "[^]]",
    ]
)
patterns = (
    st.lists(one_character, min_size=1, max_size=3).map("|".join)
    | one_character.map(lambda part: part + "+")
    | st.lists(
        one_character | st.sampled_from(["(a)", "(b)?", "x*", r"\b", "^", "$", "(?i)k", "(|a)"]), max_size=3
    ).map("".join)
)
rewrites = st.lists(st.sampled_from(["", "-", "é", r"\0", r"\1", r"\\", r"\q", " "]), max_size=2).map("".join)


def agrees(op: str, *inputs: np.ndarray, **attrs) -> None:
    """The host's outputs, or that it raises, equal the kernel's."""
    from lowering.case import Case
    from make_host_goldens import reference

    from host.test_host_ops import equal, run_case

    case = Case(op, inputs, attrs)
    try:
        expected = reference(case)
    except Exception:  # noqa: BLE001
        with pytest.raises(RuntimeError):
            run_case(case)
        return
    got = run_case(case)
    assert len(got) == len(expected)
    for ours, theirs in zip(got, expected, strict=True):
        equal(ours, theirs, 0)


def vector(values: list[bytes]) -> np.ndarray:
    array = np.empty(len(values), object)
    array[:] = values
    return array


@with_tensorflow
@settings(max_examples=60, deadline=None)
@given(batches, patterns, rewrites, st.booleans())
def test_patterns(values, pattern, rewrite, everywhere):
    agrees("StaticRegexReplace", vector(values), pattern=pattern, rewrite=rewrite, replace_global=everywhere)
    agrees("StaticRegexFullMatch", vector(values), pattern=pattern)


@with_tensorflow
@settings(max_examples=60, deadline=None)
@given(batches, st.sampled_from(["", " ", "a", "XX", "é", " ,\n"]), st.integers(-2, 4), st.booleans())
def test_splitting(values, separator, most, skip_empty):
    agrees("StringSplit", vector(values), text(separator), skip_empty=skip_empty)
    agrees("StringSplitV2", vector(values), text(separator), maxsplit=most)


@with_tensorflow
@settings(max_examples=40, deadline=None)
@given(batches, st.integers(-6, 6), st.integers(-2, 6), st.sampled_from(["BYTE", "UTF8_CHAR"]))
def test_case_lengths_and_parts(values, position, length, unit):
    for encoding in ("", "utf-8"):
        agrees("StringLower", vector(values), encoding=encoding)
        agrees("StringUpper", vector(values), encoding=encoding)
    agrees("StringStrip", vector(values))
    agrees("StringLength", vector(values), unit=unit)
    agrees("Substr", vector(values), np.array(position), np.array(length), unit=unit)


@with_tensorflow
@settings(max_examples=40, deadline=None)
@given(batches, st.integers(1, 2**62), st.integers(-(2**63), 2**63 - 1))
def test_hashes(values, buckets, key):
    agrees("StringToHashBucketFast", vector(values), num_buckets=buckets)
    agrees("StringToHashBucket", vector(values), num_buckets=buckets)
    agrees("StringToHashBucketStrong", vector(values), num_buckets=buckets, key=[key, 7])


@with_tensorflow
@settings(max_examples=40, deadline=None)
@given(
    st.text("0123456789+-.eExXpPinfaNF_() \t", max_size=8).map(str.encode)
    | st.floats().map(lambda value: repr(value).encode())
    | st.integers(-(2**65), 2**65).map(lambda value: str(value).encode()),
    st.sampled_from(["float32", "float64", "int32", "int64", "uint32", "uint64"]),
)
def test_numbers_in_text(value, dtype):
    agrees("StringToNumber", vector([value]), out_type=dtype)


@with_tensorflow
@settings(max_examples=40, deadline=None)
@given(
    st.lists(st.floats(width=32, allow_subnormal=False), max_size=4),
    st.integers(-1, 12), st.integers(-1, 20), st.sampled_from(["", "0", "-", "+", " ", "#"]), st.sampled_from("feg"),
)  # fmt: skip
def test_numbers_as_text(values, precision, width, fill, letter):
    options = {"precision": precision, "width": width, "fill": fill}
    agrees("AsString", np.float32(values), scientific=letter == "e", shortest=letter == "g", **options)
    agrees("StringFormat", [np.float32(values)])


@with_tensorflow
@settings(max_examples=40, deadline=None)
@given(
    batches, st.sampled_from(["UTF-8", "UTF-16-BE", "UTF-32-BE", "latin1", "windows-1252"]),
    st.sampled_from(["replace", "ignore", "strict"]), st.sampled_from(["UTF-8", "UTF-16-BE", "UTF-32-BE"]),
    st.booleans(),
)  # fmt: skip
def test_encodings(values, source, errors, target, controls):
    options = {"input_encoding": source, "errors": errors, "replace_control_characters": controls}
    agrees("UnicodeDecodeWithOffsets", vector(values), **options)
    agrees("UnicodeTranscode", vector(values), output_encoding=target, **options)


@with_tensorflow
@settings(max_examples=40, deadline=None)
@given(st.lists(st.integers(-2, 0x110001), max_size=6), st.sampled_from(["replace", "ignore", "strict"]))
def test_code_points_as_text(codes, errors):
    splits = np.array([0, len(codes) // 2, len(codes)])
    agrees("UnicodeEncode", np.array(codes, np.int32), splits, output_encoding="UTF-8", errors=errors)


@with_tensorflow
@settings(max_examples=40, deadline=None)
@given(st.text(',;"a1 \n', max_size=10).map(str.encode), st.booleans(), st.booleans())
def test_csv(record, quotes, default):
    defaults = [strings("d") if default else vector([]), np.int32([7] if default else [])]
    agrees("DecodeCSV", vector([record]), defaults, OUT_TYPE=["string", "int32"], use_quote_delim=quotes)


@pytest.mark.parametrize("length", [0, 1, 3, 4, 7, 8, 16, 17, 32, 33, 1000])
def test_many_fingerprints_are_those_of_one(length):
    rng = np.random.default_rng(length)
    values = [rng.bytes(length) for _ in range(1200)]
    each = [int(fingerprints(StringTensor.from_list([value]))[0]) for value in values]
    assert fingerprints(StringTensor.from_list(values)).tolist() == each


def test_strings_that_are_a_part_of_a_buffer():
    whole = StringTensor.from_list([b"x y", b"a b", b"", b"c,d e", b"z z"])
    part = StringTensor(whole.array[1:4], (3,))
    for op, inputs, attrs in (
        ("StringSplit", [StringTensor.from_list([b" "], ())], {}),
        ("StringSplitV2", [StringTensor.from_list([b""], ())], {}),
        ("StaticRegexReplace", [], {"pattern": "[ ,]", "rewrite": ""}),
        ("StaticRegexReplace", [], {"pattern": "([ ,])", "rewrite": r"\1\1"}),
        ("StringLength", [], {"unit": "UTF8_CHAR"}),
        ("StringToHashBucketStrong", [], {"num_buckets": 1000, "key": [1, 2]}),
        ("UnicodeDecodeWithOffsets", [], {"input_encoding": "UTF-8"}),
        ("Substr", [np.array(0), np.array(2)], {}),
    ):
        function = find_host_op(op).function
        copied = StringTensor.from_list(part.to_list(), part.shape)
        assert repr(function(part, *inputs, **attrs)) == repr(function(copied, *inputs, **attrs))


def test_bfloat16_is_decoded():
    values = np.array([1.5, -2], ml_dtypes.bfloat16)
    for little in (True, False):
        content = (values if little else values.view(np.uint16).byteswap()).tobytes()
        result = decode_raw(StringTensor.from_list([content]), out_type="bfloat16", little_endian=little)
        assert result.dtype == values.dtype
        assert result.tolist() == [[1.5, -2]]


@pytest.mark.parametrize(
    ("op", "inputs", "attrs", "message"),
    [
        ("StaticRegexReplace", [[b"a"]], {"pattern": "(", "rewrite": ""}, "no regular expression.*missing"),
        ("StaticRegexReplace", [[b"a"]], {"pattern": b"\xff", "rewrite": ""}, "not UTF-8"),
        ("StringSplit", [[b"a"], [b"a"]], {}, "delimiter must be one string"),
        ("StringLower", [[b"a"]], {"encoding": "latin1"}, "encoding"),
        ("StringLength", [[b"a"]], {"unit": "x"}, "unit"),
        ("StringToNumber", [[b"1x"]], {}, "1x.*no number"),
        ("StringToNumber", [[b"99999999999"]], {"out_type": "int32"}, "no int32"),
        ("StringToHashBucketFast", [[b"a"]], {"num_buckets": 0}, "num_buckets"),
        ("DecodeBase64", [[b"a"]], {}, "Base64"),
        ("DecodeRaw", [[b"abc"]], {"out_type": "int16"}, "3 bytes"),
        ("DecodeRaw", [[b"abc", b"a"]], {"out_type": "int8"}, "one length"),
        ("DecodeCompressed", [[b"abc"]], {"compression_type": "ZLIB"}, "no ZLIB data"),
        ("DecodeCompressed", [[b"abc"]], {"compression_type": "BZIP"}, "BZIP"),
        ("UnicodeDecode", [[b"a"]], {"input_encoding": "shift_jis"}, "shift_jis.*cannot be read"),
        ("UnicodeDecode", [[b"\xff"]], {"input_encoding": "UTF-8", "errors": "strict"}, "string number 0"),
        ("StringJoin", [[[b"a"], [b"a", b"b"]]], {}, "one shape"),
    ],
)  # fmt: skip
def test_errors_say_what_is_wrong(op, inputs, attrs, message):
    def tensor(value):
        nested = value and isinstance(value[0], list)
        return [tensor(item) for item in value] if nested else StringTensor.from_list(value)

    with pytest.raises(ValueError, match=message):
        find_host_op(op).function(*map(tensor, inputs), **attrs)


def test_a_decompression_bomb_is_stopped(monkeypatch):
    import zlib

    from hublayer.host import raw_bytes

    monkeypatch.setattr(raw_bytes, "_MOST_BYTES", 1000)
    bomb = StringTensor.from_list([zlib.compress(b"\0" * 10_000)])
    with pytest.raises(ValueError, match="more than 1000 bytes"):
        raw_bytes.decode_compressed(bomb, compression_type="ZLIB")


@pytest.mark.parametrize(
    ("op", "inputs", "attrs"),
    [
        ("AsString", [np.zeros(1)], {"width": 2**31 - 1}),
        ("AsString", [np.zeros(1)], {"precision": 2**31 - 1}),
        ("DecodePaddedRaw", [StringTensor.from_list([b"a"] * 9), np.array(2**31 - 8)], {"out_type": "int64"}),
        ("StringNGrams", [StringTensor.from_list([b"a"]), np.array([0, 1])],
         {"separator": "", "ngram_widths": [2**31], "left_pad": "x", "right_pad": "x", "pad_width": -1,
          "preserve_short_sequences": True}),
        ("UnsortedSegmentJoin", [StringTensor.from_list([b"a"]), np.array([0]), np.array(2**40)], {}),
    ],
)  # fmt: skip
def test_a_few_numbers_do_not_take_all_memory(op, inputs, attrs):
    with pytest.raises(ValueError, match=r"more|1 to"):
        find_host_op(op).function(*inputs, **attrs)


def test_patterns_that_would_explode_elsewhere_are_fast():
    assert not compiled_pattern("(a*)*b").full_matches(StringTensor.from_list([b"a" * 5000])).any()
