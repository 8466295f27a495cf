"""Tables of every kind, labels after weights, ragged and sparse inputs, tf.Example: the surroundings of weights."""

import contextlib
import tempfile
from pathlib import Path

import numpy as np
import tensorflow as tf

WORDS = ["the", "cat", "sat", "on", "mat", "dog", "film", "great", "bad"]
FEATURES = {
    "x": tf.io.FixedLenFeature([2], tf.float32, default_value=[0.0, 0.0]),
    "words": tf.io.VarLenFeature(tf.string),
}


class WordTables(tf.Module):
    """Each callable shows one thing."""

    def __init__(self, vocabulary_file: str):
        super().__init__()
        rng = np.random.default_rng(0)
        lookup = tf.lookup
        self.kernel = tf.Variable(rng.normal(size=(3, 4)).astype("float32"), name="kernel")
        self.vectors = tf.Variable(rng.normal(size=(11, 3)).astype("float32"), name="vectors")
        self.ids = lookup.StaticHashTable(lookup.KeyValueTensorInitializer(WORDS, tf.range(9, dtype=tf.int64)), -1)
        index = lookup.TextFileIndex
        lines = lookup.TextFileInitializer(vocabulary_file, tf.int64, index.LINE_NUMBER, tf.string, index.WHOLE_LINE)
        self.names = lookup.StaticHashTable(lines, "?")
        self.changed = lookup.experimental.MutableHashTable(tf.string, tf.int64, -5)
        self.changed.insert(tf.constant(["cat", "dog"]), tf.constant([10, 20], tf.int64))
        self.dense = lookup.experimental.DenseHashTable(
            tf.int64, tf.float32, 0.5, empty_key=-7, deleted_key=-8, initial_num_buckets=16
        )
        self.dense.insert(tf.constant([1, 5], tf.int64), tf.constant([1.5, 2.5]))
        self.labels = tf.constant(["a", "b", "c", "d"])

    @tf.function(input_signature=[tf.TensorSpec([None, 3]), tf.TensorSpec([None], tf.string)])
    def __call__(self, x, words):
        """Scores and labels of x, and what the tables say of the words."""
        scores = x @ self.kernel
        ids = self.ids.lookup(words)
        return {
            "scores": scores,
            "label": tf.gather(self.labels, tf.argmax(scores, -1)),
            "shown": tf.strings.as_string(tf.cast(tf.round(scores * 10), tf.int32)),
            "ids": ids,
            "names": self.names.lookup(ids),
            "changed": self.changed.lookup(words),
            "dense": self.dense.lookup(ids),
            "joined": tf.strings.join([words, tf.strings.as_string(ids)], "-"),
        }

    @tf.function(input_signature=[tf.RaggedTensorSpec([None, None], tf.string, 1)])
    def ragged(self, words):
        """Ids row by row, rows joined, rows filled up."""
        return {
            "ids": tf.ragged.map_flat_values(self.ids.lookup, words),
            "joined": tf.strings.reduce_join(words, -1, separator=" "),
            "filled": words.to_tensor("-"),
        }

    @tf.function(input_signature=[tf.SparseTensorSpec([None, None], tf.int64)])
    def sparse(self, numbers):
        """The dense tensor and its sums."""
        return {"dense": tf.sparse.to_dense(numbers), "sums": tf.sparse.reduce_sum(numbers, 1)}

    @tf.function(input_signature=[tf.TensorSpec([None], tf.string)])
    def examples(self, serialized):
        """Vectors (n, 3) of serialized tf.Example messages with the features x and words."""
        found = tf.io.parse_example(serialized, FEATURES)
        ids = tf.sparse.map_values(lambda words: tf.strings.to_hash_bucket_fast(words, 11), found["words"])
        vectors = tf.nn.safe_embedding_lookup_sparse(self.vectors, ids, combiner="mean")
        return vectors + found["x"] @ self.kernel[:2, :3]


def build(folder: Path) -> None:
    """Writes the SavedModel to `folder`."""
    with tempfile.TemporaryDirectory() as scratch, contextlib.chdir(scratch):
        Path("words.txt").write_text("".join(word + "\n" for word in WORDS))
        model = WordTables("words.txt")
        tf.saved_model.save(model, str(folder), signatures={"serving_default": model.__call__})
