"""Sentences per second through a text embedding like nnlm-en-dim128: hublayer beside TensorFlow, in turn.

    KERAS_BACKEND=jax python benchmarks/text.py [--tensorflow PYTHON]

Makes a model of 50,000 words and 128 dimensions, sentences of 3 to 30 words and, with TensorFlow, a peer that runs the
SavedModel itself. --tensorflow: an interpreter that has TensorFlow, where this one has none. The two take turns, each
idle while the other works. A ratio above 1: hublayer embeds more sentences per second.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
from turns import Worker, answer, compare

WORDS, DIMENSIONS, BUCKETS = 50_000, 128, 1_000
BATCHES = (1, 32, 1_024)
# Calls in a turn: a third of a second or so, for what is measured is a stream of batches.
REPEATS = {1: 300, 32: 200, 1_024: 60}


def sentences(count: int, seed: int = 0) -> list[str]:
    """Sentences of 3 to 30 words with a few unknown words and punctuation marks."""
    rng = np.random.default_rng(seed)
    made = []
    for _ in range(count):
        words = [f"word{n}" if n < WORDS else f"unknown{n}" for n in rng.zipf(1.2, rng.integers(3, 31)) % (WORDS + 500)]
        made.append(" ".join(words).replace(" word7 ", ", ") + ".")
    return made


def make_model(folder: Path) -> None:
    """Write the SavedModel; needs TensorFlow."""
    import tensorflow as tf

    vocabulary = folder / "tokens.txt"
    vocabulary.write_text("".join(f"word{n}\n" for n in range(WORDS)))
    index = tf.lookup.TextFileIndex
    initializer = tf.lookup.TextFileInitializer(
        str(vocabulary), tf.string, index.WHOLE_LINE, tf.int64, index.LINE_NUMBER
    )

    class Embedding(tf.Module):
        def __init__(self):
            super().__init__()
            self.table = tf.lookup.StaticVocabularyTable(initializer, BUCKETS)
            values = np.random.default_rng(0).normal(size=(WORDS + BUCKETS, DIMENSIONS)).astype("float32")
            self.embeddings = tf.Variable(values, name="embeddings")

        @tf.function(input_signature=[tf.TensorSpec([None], tf.string)])
        def __call__(self, text):
            words = tf.strings.split(tf.strings.regex_replace(text, r"\pP", "")).to_sparse()
            ids = tf.SparseTensor(words.indices, self.table.lookup(words.values), words.dense_shape)
            return tf.nn.safe_embedding_lookup_sparse(self.embeddings, ids, combiner="sqrtn")

    tf.saved_model.save(Embedding(), str(folder / "model"))


def work(kind: str, folder: str) -> None:
    """One of the two processes."""
    data = np.array(sentences(max(BATCHES)), object)
    if kind == "tensorflow":
        import tensorflow as tf

        model = tf.saved_model.load(folder)
        return answer(lambda batch, _: model(tf.constant(data[: int(batch)])).numpy())
    import keras

    import hublayer as hub

    layer = hub.KerasLayer(folder, runtime="translated")
    return answer(lambda batch, _: keras.ops.convert_to_numpy(layer(data[: int(batch)])))


def main() -> None:
    """Make the model, measure in turn, print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--tensorflow", default=sys.executable, help="an interpreter that has TensorFlow")
    parser.add_argument("--work", help=argparse.SUPPRESS)
    parser.add_argument("--folder", help=argparse.SUPPRESS)
    parser.add_argument("--make", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.make:
        return make_model(Path(arguments.make))
    if arguments.work:
        return work(arguments.work, arguments.folder)
    import keras

    with tempfile.TemporaryDirectory() as scratch:
        subprocess.run([arguments.tensorflow, __file__, "--make", scratch], check=True)
        folder = Path(scratch) / "model"
        ours, peer = (
            Worker(python, __file__, "--work", kind, "--folder", str(folder))
            for python, kind in ((sys.executable, "hublayer"), (arguments.tensorflow, "tensorflow"))
        )
        for batch in BATCHES:
            a, b = compare(ours, peer, str(batch), REPEATS[batch])
            print(
                f"{keras.config.backend():10} batch {batch:5}  hublayer {batch / a:10,.0f}/s   "
                f"TensorFlow {batch / b:10,.0f}/s   ratio {b / a:5.2f}",
                flush=True,
            )
        ours.close()
        peer.close()
    return None


if __name__ == "__main__":
    main()
