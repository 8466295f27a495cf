"""A sentence encoder in the manner of google/universal-sentence-encoder-multilingual: strings in, unit vectors out."""

from pathlib import Path

import numpy as np
import tensorflow as tf
import tensorflow_text as text

from samples.sentencepieces import sentencepiece_model

DIMENSION = 32
PIECES = 1200


class SentenceEncoder(tf.train.Checkpoint):
    """SentencePiece ids, their vectors, the mean of each sentence, one layer, length one."""

    def __init__(self, model: bytes):
        super().__init__()
        rng = np.random.default_rng(3)
        self.sentencepiece = text.SentencepieceTokenizer(model, out_type=tf.int32)
        size = int(self.sentencepiece.vocab_size())
        self.embeddings = tf.Variable(rng.normal(size=(size, DIMENSION)).astype(np.float32), name="embeddings")
        self.kernel = tf.Variable(rng.normal(size=(DIMENSION, DIMENSION)).astype(np.float32) / 6, name="dense/kernel")
        self.variables = [self.embeddings, self.kernel]
        self.trainable_variables = [self.embeddings, self.kernel]
        self.regularization_losses = []

    @tf.function(input_signature=[tf.TensorSpec([None], tf.string, name="inputs")])
    def __call__(self, inputs):
        """Vectors (n, DIMENSION) of the strings (n,); an empty sentence counts as its unknown piece."""
        lowered = tf.strings.lower(inputs, encoding="utf-8")
        pieces = self.sentencepiece.tokenize(lowered).to_sparse()
        pieces, _ = tf.sparse.fill_empty_rows(pieces, 0)
        rows = pieces.indices[:, 0]
        means = tf.math.segment_mean(tf.gather(self.embeddings, pieces.values), rows)
        hidden = tf.tanh(tf.matmul(means, self.kernel))
        return tf.ensure_shape(tf.math.l2_normalize(hidden, axis=1), [None, DIMENSION])


def build(folder: Path) -> None:
    """Writes the SavedModel to `folder`."""
    tf.saved_model.save(SentenceEncoder(sentencepiece_model(PIECES)), str(folder), signatures={})
