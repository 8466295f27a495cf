"""A sentence embedding in the manner of google/nnlm-en-dim128/2: strings in, vectors out, no signatures."""

import contextlib
import tempfile
from pathlib import Path

import numpy as np
import tensorflow as tf

from samples.words import vocabulary

DIMENSION = 128
OOV_BUCKETS = 24


def embedding_values(entries: list[tuple[str, str, str]]) -> np.ndarray:
    """Vectors (words + buckets, DIMENSION), float32; words of one topic or stem lie close together."""
    rng = np.random.default_rng(1)
    centres: dict[str, np.ndarray] = {}
    rows = []
    for word, stem, topic in entries:
        for key in (topic + "/", stem):
            if key not in centres:
                centres[key] = rng.normal(size=DIMENSION)
        noise = rng.normal(size=DIMENSION) * (0.0 if word == stem else 0.3)
        rows.append(0.6 * centres[topic + "/"] + 0.8 * centres[stem] + noise)
    rows.extend(rng.normal(size=(OOV_BUCKETS, DIMENSION)))
    return (np.stack(rows) * 0.1).astype(np.float32)


class TextEmbedding(tf.train.Checkpoint):
    """Removes punctuation, splits at white space, looks every word up, adds the vectors and divides by sqrt(n)."""

    def __init__(self, vocabulary_file: str, values: np.ndarray):
        super().__init__()
        initializer = tf.lookup.TextFileInitializer(
            vocabulary_file,
            tf.string,
            tf.lookup.TextFileIndex.WHOLE_LINE,
            tf.int64,
            tf.lookup.TextFileIndex.LINE_NUMBER,
        )
        self.vocabulary = tf.lookup.StaticVocabularyTable(initializer, num_oov_buckets=OOV_BUCKETS)
        self.embeddings = tf.Variable(values, name="embeddings")
        self.variables = [self.embeddings]
        self.trainable_variables = [self.embeddings]
        self.regularization_losses = []

    @tf.function
    def __call__(self, sentences):
        """Vectors (n, DIMENSION) of the strings (n,); an empty sentence gives zeros."""
        words = tf.strings.split(tf.strings.regex_replace(sentences, r"\pP", "")).to_sparse()
        ids = tf.SparseTensor(words.indices, self.vocabulary.lookup(words.values), words.dense_shape)
        # With empty sentences only, the second dimension is 0, which the lookup does not take.
        ids = tf.sparse.reset_shape(ids, tf.stack([tf.size(sentences, tf.int64), tf.maximum(ids.dense_shape[1], 1)]))
        vectors = tf.nn.safe_embedding_lookup_sparse(self.embeddings, ids, combiner="sqrtn")
        return tf.ensure_shape(vectors, [None, DIMENSION])


def build(folder: Path) -> None:
    """Writes the SavedModel to `folder`."""
    entries = vocabulary()
    # The table is named after its file's path, so the path must not vary.
    with tempfile.TemporaryDirectory() as scratch, contextlib.chdir(scratch):
        Path("tokens.txt").write_text("".join(word + "\n" for word, _, _ in entries))
        model = TextEmbedding("tokens.txt", embedding_values(entries))
        model.__call__.get_concrete_function(tf.TensorSpec([None], tf.string, name="sentences"))
        tf.saved_model.save(model, str(folder), signatures={})
