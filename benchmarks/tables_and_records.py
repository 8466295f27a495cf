"""Vocabulary tables and tf.Example, hublayer's host beside TensorFlow's kernels, in one process and in turn.

    python benchmarks/tables_and_records.py

A table of 50,000 words of 2 to 13 letters is asked for words that follow Zipf's law; a record has 8 floats, 6 integers
and 6 strings. A ratio above 1: hublayer is faster. TensorFlow uses all cores, hublayer one. Needs TensorFlow.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from statistics import median

import numpy as np
import tensorflow as tf

from hublayer.host.examples import parse_example_v2
from hublayer.host.lookup_table import ImmutableTable
from hublayer.host.string_tensor import StringTensor

ROUNDS = 31
NONE = StringTensor.from_list([])


def seconds(call: Callable[[], object]) -> float:
    """How long one call takes."""
    start = time.perf_counter()
    call()
    return time.perf_counter() - start


def compare(what: str, count: int, ours: Callable[[], object], theirs: Callable[[], object]) -> None:
    """Print milliseconds and the ratio of two calls, taken in turn."""
    pairs = [(seconds(ours), seconds(theirs)) for _ in range(ROUNDS)]
    a, b = (median(column) * 1e3 for column in zip(*pairs, strict=True))
    print(f"{what:24}{count:7}{a:10.3f}{b:12.3f}{b / a:8.2f}")


def tables() -> None:
    """Find words in a vocabulary."""
    rng = np.random.default_rng(0)
    letters = np.frombuffer(b"abcdefghijklmnopqrstuvwxyz", np.uint8)
    words = list(dict.fromkeys(rng.choice(letters, rng.integers(2, 14)).tobytes() for _ in range(50_000)))
    table = ImmutableTable("words", "string", "int64")
    table.initialize(words, list(range(len(words))))
    entries = tf.lookup.KeyValueTensorInitializer(tf.constant(words), tf.range(len(words), dtype=tf.int64))
    reference = tf.lookup.StaticHashTable(entries, -1)
    for count in (1, 32, 1_024, 16_000):
        asked = [words[i] for i in rng.zipf(1.2, count) % len(words)]
        array, tensor, default = StringTensor.from_list(asked).array, tf.constant(asked), np.array(-1, np.int64)
        compare(
            "LookupTableFindV2",
            count,
            lambda: table.find(StringTensor(array, (count,)), default),  # noqa: B023
            lambda: reference.lookup(tensor),  # noqa: B023
        )


def records() -> None:
    """Parse records."""
    rng = np.random.default_rng(0)

    def record() -> bytes:
        features = {f"f{i}": tf.train.Feature(float_list=tf.train.FloatList(value=[rng.random()])) for i in range(8)}
        for i in range(6):
            features[f"i{i}"] = tf.train.Feature(int64_list=tf.train.Int64List(value=[rng.integers(1000)]))
            features[f"s{i}"] = tf.train.Feature(bytes_list=tf.train.BytesList(value=[b"%d" % rng.integers(1000)]))
        return tf.train.Example(features=tf.train.Features(feature=features)).SerializeToString()

    sparse = [f"s{i}" for i in range(6)]
    floats, integers = [f"f{i}" for i in range(8)], [f"i{i}" for i in range(6)]
    spec: dict[str, object] = {key: tf.io.VarLenFeature(tf.string) for key in sparse}
    spec |= {key: tf.io.FixedLenFeature((), tf.float32, 0.0) for key in floats}
    spec |= {key: tf.io.FixedLenFeature((), tf.int64, 0) for key in integers}
    parse = tf.function(lambda serialized: tf.io.parse_example(serialized, spec))
    defaults = [*[np.zeros((), np.float32)] * 8, *[np.zeros((), np.int64)] * 6]
    keys = [StringTensor.from_list([key.encode() for key in names]) for names in (sparse, floats + integers)]
    for count in (1, 32, 1_024):
        serialized = [record() for _ in range(count)]
        array, tensor = StringTensor.from_list(serialized).array, tf.constant(serialized)
        parse(tensor)
        compare(
            "ParseExampleV2",
            count,
            lambda: parse_example_v2(
                StringTensor(array, (count,)),  # noqa: B023
                NONE,
                *keys,
                NONE,
                defaults,
                sparse_types=["string"] * 6,
                ragged_value_types=[],
                ragged_split_types=[],
                dense_shapes=[()] * 14,
            ),
            lambda: parse(tensor),  # noqa: B023
        )


if __name__ == "__main__":
    print(f"{'op':24}{'batch':>7}{'hublayer':>10}{'TensorFlow':>12}{'ratio':>8}   (milliseconds)")
    tables()
    records()
