"""A text module of TF1 Hub like nnlm 1: words are split, looked up in a vocabulary file, and their rows averaged."""

from pathlib import Path

import numpy as np
import tensorflow as tf

from samples.tf1_format import Signatures, v1, write

WORDS = ["the", "a", "great", "film", "boring", "and", "slow", "but", "fine", "acting", "story", "I", "saw"]
BUCKETS = 2
WIDTH = 6


def _graph(training: bool) -> Signatures:
    rng = np.random.default_rng(14)
    text = v1.placeholder(tf.string, [None], name="text")
    file = tf.constant("words.txt", name="vocabulary_file")  # the loader puts the path in its place
    v1.add_to_collection(v1.GraphKeys.ASSET_FILEPATHS, file)
    table = tf.lookup.StaticVocabularyTable(
        tf.lookup.TextFileInitializer(
            file, tf.string, tf.lookup.TextFileIndex.WHOLE_LINE, tf.int64, tf.lookup.TextFileIndex.LINE_NUMBER
        ),
        BUCKETS,
    )
    words = v1.string_split(v1.strings.regex_replace(text, r"[[:punct:]]", ""), " ")
    ids = tf.SparseTensor(words.indices, table.lookup(words.values), words.dense_shape)
    values = rng.normal(size=(len(WORDS) + BUCKETS, WIDTH)).astype(np.float32)
    embeddings = v1.get_variable(
        "embeddings", values.shape, initializer=lambda shape, dtype, partition_info: tf.constant(
            values[tuple(slice(o, o + s) for o, s in zip(partition_info.var_offset, shape, strict=True))]
        ), partitioner=v1.fixed_size_partitioner(2), use_resource=False,
    )  # fmt: skip
    mean = v1.nn.embedding_lookup_sparse(embeddings, ids, None, combiner="sqrtn", partition_strategy="div")
    v1.add_to_collection(v1.GraphKeys.REGULARIZATION_LOSSES, 1e-3 * tf.nn.l2_loss(tf.convert_to_tensor(embeddings)))
    return Signatures({"default": ({"text": text}, {"default": mean})}, assets={"words.txt": file})


def build(folder: Path) -> None:
    """Writes the module to `folder`."""
    assets = folder / "assets"
    assets.mkdir(parents=True)
    (assets / "words.txt").write_text("\n".join(WORDS) + "\n")
    write(folder, _graph, [set(), {"train"}], hub=True)
