"""Random counts by TensorFlow."""

from __future__ import annotations

from typing import Any

import tensorflow as tf

from hublayer.lowering.counts import lowers_counts


def _poisson(words: Any, shape: tuple[int, ...], rate: Any) -> Any:
    return tf.random.stateless_poisson(shape, words, rate, tf.int64)


def _binomial(words: Any, shape: tuple[int, ...], counts: Any, probs: Any) -> Any:
    return tf.random.stateless_binomial(shape, words, counts, probs, tf.int64)


lowers_counts("tensorflow", _poisson, _binomial)
