"""Ops on strings, hublayer's host beside TensorFlow's kernels, in one process and in turn; needs TensorFlow.

    python benchmarks/strings.py

Sentences of 3 to 30 words. A ratio above 1: hublayer is faster. TensorFlow's ops are called eagerly, which adds some
microseconds to each; at batch 1 compare whole models with benchmarks/text.py.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from statistics import median

import numpy as np
import tensorflow as tf

from hublayer.host.registry import find_host_op
from hublayer.host.string_tensor import StringTensor

BATCHES = (1, 32, 1_024)
ROUNDS = 31
PUNCTUATION = r"""[!"#$%&()\*\+,-\./:;<=>?@\[\\\]^_`{|}~\']"""


def sentences(count: int) -> list[bytes]:
    """Sentences of words of 1 to 10 letters, with some punctuation."""
    rng = np.random.default_rng(0)
    letters = np.frombuffer(b"abcdefghijklmnopqrstuvwxyz", np.uint8)
    words = [rng.choice(letters, rng.integers(1, 11)).tobytes() + b"," * (n % 9 == 0) for n in range(20_000)]
    return [b" ".join(words[n] for n in rng.integers(0, 20_000, rng.integers(3, 31))) for _ in range(count)]


def seconds(call: Callable[[], object]) -> float:
    """How long one call takes."""
    start = time.perf_counter()
    call()
    return time.perf_counter() - start


def main() -> None:
    """Print milliseconds and ratios."""
    print(f"{'op':24}{'batch':>7}{'hublayer':>10}{'TensorFlow':>12}{'ratio':>8}   (milliseconds)")
    for batch in BATCHES:
        plain = sentences(batch)
        words = b" ".join(plain).split()
        space = StringTensor.from_list([b" "], ())
        rows = [
            ("StaticRegexReplace", plain, (), {"pattern": PUNCTUATION, "rewrite": ""}, {}),
            ("StringSplit", plain, (space,), {}, {"delimiter": " "}),
            ("StringLower", plain, (), {"encoding": ""}, {}),
            ("StringToHashBucketFast", words, (), {"num_buckets": 1000}, {}),
            ("StringToNumber", [b"%d.5" % n for n in range(batch)], (), {"out_type": "float32"}, {}),
        ]
        for op, values, inputs, attrs, theirs in rows:
            host = find_host_op(op)
            assert host is not None
            array, shape = StringTensor.from_list(values).array, (len(values),)
            tensor, first = tf.constant(values), "string_tensor" if op == "StringToNumber" else "input"
            kernel = getattr(tf.raw_ops, op)
            named = {**attrs, **theirs, first: tensor}
            if "out_type" in named:
                named["out_type"] = tf.float32
            ours, reference = [], []
            for _ in range(ROUNDS):
                ours.append(seconds(lambda: host.function(StringTensor(array, shape), *inputs, **attrs)))  # noqa: B023
                reference.append(seconds(lambda: kernel(**named)))  # noqa: B023
            a, b = median(ours) * 1e3, median(reference) * 1e3
            print(f"{op:24}{batch:7}{a:10.3f}{b:12.3f}{b / a:8.2f}")


if __name__ == "__main__":
    main()
