"""Records that TensorFlow refuses to parse."""

from __future__ import annotations

from typing import Any

import numpy as np
from lowering.case import i64

from host.cases.examples import example, sequence, sequence_v1, single, v1, v2
from host.collect import strings, text
from host.program import Program, Step

GOOD = example(age=[1], size=[1.5, 2.5])
INT = ((), i64([]))
FLOATS = ((2,), np.zeros(0, np.float32))


def refused(name: str, case: Any, raises: str) -> Program:
    return Program(f"{case.op}, {name}", (Step("op", case.op, case.inputs, case.attrs),), (), raises=raises)


PROGRAMS = [
    refused("no record", v1(strings(GOOD, b"\xff\xff\xff"), {}, {"age": INT}), "record 1 of 3 bytes is no tf.Example"),
    refused("cut off", v1(strings(GOOD[:-3]), {}, {"age": INT}), "record 0 .* is no tf.Example"),
    refused("missing", v1(strings(GOOD, example(size=[1.5])), {}, {"age": INT}),
            "feature 'age' of record 1 is missing and has no default"),
    refused("missing, with a name", v1(strings(b""), {}, {"age": INT}, strings("row seven")),
            r"feature 'age' of record 0 \('row seven'\) is missing"),
    refused("another dtype, dense", v1(strings(GOOD), {}, {"size": INT}),
            "feature 'size' of record 0 has values of dtype float32, but int64 is expected"),
    refused("another dtype, sparse", v1(strings(GOOD), {"age": "string"}, {}), "has values of dtype int64, but string"),
    refused("too many values", v1(strings(GOOD, example(age=[1, 2])), {}, {"age": INT}),
            "feature 'age' of record 1 has 2 values"),
    refused("too few values", v1(strings(example(size=[1.0])), {}, {"size": FLOATS}), "has 1 values, but shape"),
    refused("no multiple", v1(strings(example(age=[1, 2, 3])), {}, {"age": ((None, 2), i64(0))}), "no multiple of 2"),
    refused("no padding", v1(strings(GOOD), {}, {"age": ((None,), i64(1, 2))}), "one value as padding"),
    refused("a default of another shape", v1(strings(GOOD), {}, {"age": ((2,), i64(1, 2, 3))}), "but its default"),
    refused("names of others", v1(strings(GOOD), {}, {"age": INT}, strings("a", "b")), "2 names were given"),
    refused("unknown inner dimension", v1(strings(GOOD), {}, {"age": ((2, None), i64(0))}), "only its first dimension"),
    refused("ragged of another dtype", v2(strings(GOOD), {}, {}, {"age": ("float32", "int64")}), "but float32 is"),
    refused("records of rank two", v2(strings([GOOD]), {}, {}, {"age": ("int64", "int64")}), "vector of records"),
    refused("no record", single(text(b"\x0a\x05"), {}, {"age": INT}), "is no tf.Example"),
    refused("missing", single(text(b""), {}, {"age": INT}), "feature 'age' of record 0 is missing"),
    refused("no record", sequence_v1(strings(b"\xff")), "is no tf.SequenceExample"),
    refused("list missing", sequence_v1(strings(sequence({"age": [1]}, {}))), "feature 'd_n' of record 0 is missing"),
    refused("step of another size", sequence_v1(strings(sequence({"age": [1]}, {"n": [[1, 2], [3]]}))),
            "feature 'd_n' of record 0 has a step of 1 values"),
    Program("ParseTensor, no tensor", (Step("op", "ParseTensor", (text(b"\xff\xff"),), {"out_type": "int32"}),), (),
            raises="no serialised tensor"),
    Program("ParseTensor, another dtype",
            (Step("op", "ParseTensor", (text(b"\x08\x03\x12\x00:\x01\x07"),), {"out_type": "int64"}),), (),
            raises="dtype int64 is expected, but int32"),
    Program("ParseTensor, content of another size",
            (Step("op", "ParseTensor", (text(b"\x08\x03\x12\x00\x22\x01\x07"),), {"out_type": "int32"}),), (),
            raises="1 bytes of content"),
]  # fmt: skip
