"""A module of TF1 Hub like ELMo: a bidirectional LSTM over dynamic_rnn, its layers mixed by trained weights."""

import os
from pathlib import Path

os.environ["TF_USE_LEGACY_KERAS"] = "1"  # TF1's cells are there in Keras 2 only

import numpy as np
import tensorflow as tf

from samples.tf1_format import Signatures, v1, variable, write

WORDS = 20
WIDTH = 6
UNITS = 8


def _graph(training: bool) -> Signatures:
    rng = np.random.default_rng(12)
    ids = v1.placeholder(tf.int32, [None, None], name="ids")
    lengths = v1.placeholder(tf.int32, [None], name="lengths")
    words = tf.gather(variable("embeddings", rng.normal(size=(WORDS, WIDTH)), use_resource=True), ids)
    with v1.variable_scope("bilm", use_resource=True):
        cells = [
            v1.nn.rnn_cell.LSTMCell(
                UNITS, num_proj=WIDTH // 2, cell_clip=3.0, proj_clip=3.0, name=name,
                initializer=v1.random_uniform_initializer(-0.6, 0.6, seed=seed),
            )
            for seed, name in enumerate(("forward", "backward"))
        ]  # fmt: skip
        (forward, backward), _ = v1.nn.bidirectional_dynamic_rnn(
            *cells, words, sequence_length=lengths, dtype=tf.float32, swap_memory=True
        )
    states = tf.concat([forward, backward], -1)
    mix = tf.nn.softmax(variable("aggregation/weights", np.array([0.2, -0.1]), use_resource=True))
    scale = variable("aggregation/scaling", np.array(1.5), use_resource=True)
    elmo = scale * (mix[0] * words + mix[1] * states)
    mask = tf.sequence_mask(lengths, tf.shape(ids)[1], tf.float32)[..., tf.newaxis]
    mean = tf.reduce_sum(elmo * mask, 1) / tf.maximum(tf.reduce_sum(mask, 1), 1.0)
    loss = 1e-3 * tf.nn.l2_loss(mix)
    v1.add_to_collection(v1.GraphKeys.REGULARIZATION_LOSSES, loss)
    inputs = {"ids": ids, "lengths": lengths}
    return Signatures({"default": (inputs, {"default": mean, "elmo": elmo, "lstm_outputs": states})})


def build(folder: Path) -> None:
    """Writes the module to `folder`."""
    v1.disable_control_flow_v2()
    write(folder, _graph, [set(), {"train"}], hub=True)
