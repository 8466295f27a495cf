"""How fast the ops are that prepare text, against tensorflow_text's in the same process.

    PYTHONPATH=src:tools KERAS_BACKEND=tensorflow python benchmarks/text_preprocessing.py [--batch 256]

Sentences of 20 to 40 words of the samples' vocabulary, another batch at each call. Each line has tensorflow_text's and
hublayer's time, taken in turn, and how many times faster hublayer is: the fastest call, and the median of the processor
time, which says more on a machine that does other things as well.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import tensorflow as tf
import tensorflow_text
from preprocessors import batches

from hublayer.host.execute import HostRun
from hublayer.host.registry import find_host_op
from hublayer.host.string_tensor import StringTensor

assert tensorflow_text.__version__


def compare(name: str, peer: Callable, ours: Callable, data: list) -> None:
    """Print the fastest call and the median processor time of both, in milliseconds, and the two ratios."""
    clocks = (time.perf_counter, time.process_time)
    times: tuple[list[list[float]], list[list[float]]] = ([], [])
    for number, item in enumerate(data):
        for function, kept in zip((peer, ours), times, strict=True):
            start = [clock() for clock in clocks]
            function(item)
            if number >= 2:
                kept.append([1000 * (clock() - begin) for clock, begin in zip(clocks, start, strict=True)])
    (a, b), (c, d) = ((min(t[0] for t in kept), float(np.median([t[1] for t in kept]))) for kept in times)
    print(
        f"{name:44} {a:8.2f} / {c:8.2f} ms {a / c:6.2f}x   processor {b:8.2f} / {d:8.2f} ms {b / d:6.2f}x", flush=True
    )


def ops(data: list[list[bytes]], what: str) -> None:
    """Single ops, tensors ready on both sides."""
    import tensorflow_text as text
    from samples.bert_preprocess import pieces
    from tensorflow_text.python.ops import bert_tokenizer
    from tensorflow_text.python.ops.fast_wordpiece_tokenizer import gen_fast_wordpiece_tokenizer
    from tensorflow_text.python.ops.normalize_ops import gen_normalize_ops
    from tensorflow_text.python.ops.regex_split_ops import gen_regex_split_ops

    run = HostRun(lambda name: None, Path())  # pyright: ignore[reportArgumentType]
    model = text.FastWordpieceTokenizer(pieces())._model
    patterns = [
        f"({pattern})".encode()
        for pattern in (bert_tokenizer._DELIM_REGEX_PATTERN, bert_tokenizer._KEEP_DELIM_NO_WHITESPACE_PATTERN)
    ]
    scalars = [StringTensor.from_list([pattern], ()) for pattern in patterns]
    buffer = model.numpy()
    pairs = [(tf.constant(batch), StringTensor.from_list(batch)) for batch in data]

    def ours(op: str) -> Callable:
        found = find_host_op(op)
        assert found is not None
        return found.function

    rows: dict[str, tuple[Callable, Callable]] = {
        "CaseFoldUTF8": (gen_normalize_ops.case_fold_utf8, ours("CaseFoldUTF8")),
        "NormalizeUTF8 NFD": (
            lambda x: gen_normalize_ops.normalize_utf8(x, "NFD"),
            lambda x: ours("NormalizeUTF8")(x, normalization_form="NFD"),
        ),
        "RegexSplitWithOffsets": (
            lambda x: gen_regex_split_ops.regex_split_with_offsets(x, *patterns),
            lambda x: ours("RegexSplitWithOffsets")(x, *scalars),
        ),
        "FastWordpieceTokenizeWithOffsets": (
            lambda x: gen_fast_wordpiece_tokenizer.fast_wordpiece_tokenize_with_offsets(x, model),
            lambda x: ours("FastWordpieceTokenizeWithOffsets")(run, x, buffer),
        ),
    }
    for name, (peer, own) in rows.items():
        compare(
            f"{name}, {what}",
            lambda pair, peer=peer: peer(pair[0]),
            lambda pair, own=own: own(pair[1]),
            pairs,
        )


def main() -> None:
    """Parse the command line and print all lines."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--batch", type=int, default=256)
    arguments = parser.parse_args()
    for accents in (False, True):
        ops(batches(arguments.batch, accents), "accents" if accents else "ASCII")


if __name__ == "__main__":
    main()
