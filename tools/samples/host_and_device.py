"""Functions in which strings and weights take turns."""

from pathlib import Path

import numpy as np
import tensorflow as tf
from translated.host_and_device import INPUTS

LABELS = ["cat", "dog", "bird", "fish"]


class Turns(tf.Module):
    """See the file."""

    def __init__(self) -> None:
        super().__init__()
        keys = tf.range(4, dtype=tf.int64)
        self.weights = tf.Variable(np.eye(5, 4, dtype="float32")[:, ::-1].copy(), name="weights")
        self.second = tf.Variable((np.arange(21, dtype="float32") ** 2 % 11).reshape(7, 3), name="second")
        self.names = tf.Variable([f"item {i}" for i in range(4)], trainable=False, name="names")
        self.ids_of = tf.lookup.StaticVocabularyTable(tf.lookup.KeyValueTensorInitializer(LABELS, keys), 1)
        self.label_of = tf.lookup.StaticHashTable(tf.lookup.KeyValueTensorInitializer(keys, LABELS), "unknown")

    def _scores(self, x: tf.Tensor) -> tf.Tensor:
        return x @ self.weights[:4]

    def labels(self, x: tf.Tensor) -> dict[str, tf.Tensor]:
        """Names of classes out of a table, beside their scores."""
        scores, best = tf.math.top_k(tf.nn.softmax(self._scores(x)), 2)
        return {"scores": scores, "labels": self.label_of.lookup(tf.cast(best, tf.int64))}

    def named(self, x: tf.Tensor) -> tf.Tensor:
        """Rows of a variable of strings, joined."""
        names = tf.gather(self.names, tf.math.top_k(self._scores(x), 2)[1])
        return tf.strings.reduce_join(names, 1, separator=" + ")

    def row_of_names(self, x: tf.Tensor) -> tf.Tensor:
        """One element of a variable of strings."""
        return self.names[tf.argmax(self._scores(x)[0])]

    def printed(self, x: tf.Tensor) -> tf.Tensor:
        """Results as text."""
        return tf.strings.as_string(tf.round(self._scores(x) * 8) / 8, precision=3)

    def label_of_each(self, x: tf.Tensor) -> tf.Tensor:
        """A loop after the weights in which a table is asked."""
        return tf.map_fn(self.label_of.lookup, tf.argmax(self._scores(x), -1), fn_output_signature=tf.string)

    def best_of_dataset(self, x: tf.Tensor) -> tf.Tensor:
        """A dataset of weights, reduced by products with them."""
        batches = tf.data.Dataset.from_tensor_slices(self.weights.read_value()).batch(2)

        def better(state: tf.Tensor, rows: tf.Tensor) -> tf.Tensor:
            return tf.math.top_k(tf.concat([state, tf.matmul(x, rows, transpose_b=True)], 1), 2)[0]

        return batches.reduce(tf.fill([tf.shape(x)[0], 2], -1e9), better)

    def again(self, text: tf.Tensor) -> dict[str, tf.Tensor]:
        """Weights, labels, and weights that are looked up by hashes of the labels."""
        best = tf.argmax(tf.gather(self.weights, self.ids_of.lookup(text)), -1)
        labels = self.label_of.lookup(best)
        return {"labels": labels, "rows": tf.gather(self.second, tf.strings.to_hash_bucket_fast(labels, 5)) * 2.0}

    def looked_up_in_loop(self, text: tf.Tensor) -> tf.Tensor:
        """A loop over strings that reads a weight in each step."""
        return tf.map_fn(
            lambda word: tf.nn.softmax(tf.gather(self.second, tf.strings.to_hash_bucket_fast(word, 7))),
            text,
            fn_output_signature=tf.TensorSpec([3]),
        )

    def parsed(self, text: tf.Tensor) -> tf.Tensor:
        """A loop over strings that collects numbers for the weights."""
        numbers = tf.map_fn(
            lambda line: tf.ensure_shape(tf.strings.to_number(tf.strings.split(line, ",")), [4]),
            text,
            fn_output_signature=tf.TensorSpec([4]),
        )
        return self._scores(numbers)

    def resized(self, files: tf.Tensor) -> tf.Tensor:
        """Images of several sizes, decoded and resized one by one."""
        return self._of_images(lambda image: tf.image.resize(image, [4, 4], "bicubic"), files)

    def cropped(self, files: tf.Tensor) -> tf.Tensor:
        """The same with an op for which the host has no kernel of its own."""
        box = tf.constant([[0.1, 0.2, 0.9, 0.8]])
        return self._of_images(lambda image: tf.image.crop_and_resize(image[None], box, [0], [4, 4])[0], files)

    def _of_images(self, resize, files: tf.Tensor) -> tf.Tensor:
        def read(content: tf.Tensor) -> tf.Tensor:
            return resize(tf.image.convert_image_dtype(tf.io.decode_png(content, 3), tf.float32))

        images = tf.map_fn(read, files, fn_output_signature=tf.TensorSpec([4, 4, 3]))
        return tf.reduce_mean(images, [1, 2]) @ self.second[:3]


def build(folder: Path) -> None:
    """Write the SavedModel."""
    module = Turns()
    for name, value in INPUTS.items():
        spec = tf.TensorSpec([None, 4]) if value.ndim == 2 else tf.TensorSpec([None], tf.string)
        setattr(module, name, tf.function(getattr(module, name), input_signature=[spec]))
    tf.saved_model.save(module, str(folder))
