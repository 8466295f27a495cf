"""CTC decoding by TensorFlow's kernels."""

from __future__ import annotations

from typing import Any

import tensorflow as tf

from hublayer.lowering.backends.tensorflow.native import lowers_native
from hublayer.lowering.registry import lowers

lowers_native("CTCGreedyDecoder")


@lowers("CTCBeamSearchDecoder", backend="tensorflow")
def _ctc_beam_search_decoder(
    inputs: Any, sequence_length: Any, *, beam_width: int, top_paths: int, merge_repeated: bool = True
) -> list[Any]:
    indices, values, shapes, scores = tf.raw_ops.CTCBeamSearchDecoder(
        inputs=inputs,
        sequence_length=sequence_length,
        beam_width=beam_width,
        top_paths=top_paths,
        merge_repeated=merge_repeated,
    )
    return [*indices, *values, *shapes, scores]
