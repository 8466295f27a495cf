"""A recommender's bookkeeping with numbers of 64 bits: ids, hashes, time stamps a counter, one unsigned hash."""

from pathlib import Path

import tensorflow as tf

_IDS = tf.TensorSpec([None], tf.int64, name="ids")
_TEN = 10


def _long(value):
    return tf.constant(value, tf.int64)


class WideIds(tf.Module):
    """Ten rows of an embedding, the ten ids of their items, and how many ids were seen."""

    def __init__(self):
        super().__init__()
        self.rows = tf.Variable(tf.reshape(tf.range(40, dtype=tf.float32), [10, 4]), name="rows")
        self.items = tf.Variable(tf.range(10, dtype=tf.int64) + 2**40, trainable=False, name="items")
        self.seen = tf.Variable(_long(2**40), trainable=False, name="seen")

    @tf.function(input_signature=[_IDS])
    def row(self, ids):
        return tf.gather(self.rows, tf.math.floormod(ids, _TEN))

    @tf.function(input_signature=[_IDS])
    def hashed(self, ids):
        mixed = tf.bitwise.bitwise_xor(ids, tf.bitwise.right_shift(ids, _long(33))) * _long(-49064778989728563)
        return tf.gather(self.rows, tf.math.floormod(mixed, _TEN))

    @tf.function(input_signature=[_IDS])
    def item(self, ids):
        return tf.gather(self.items, tf.math.floormod(ids, _TEN))

    @tf.function(input_signature=[_IDS])
    def day(self, ids):
        return tf.cast(ids // 86_400_000, tf.int32) % 7, tf.reduce_mean(tf.cast(ids % 5, tf.int32) + 2**31 - 5)

    @tf.function(input_signature=[_IDS])
    def count(self, ids):
        return self.seen.assign_add(tf.cast(tf.size(ids), tf.int64)) % 1000

    @tf.function(input_signature=[_IDS])
    def repeated(self, ids):
        def step(i, x):
            return i + 1, x * 1_000_003 + i

        return tf.while_loop(lambda i, x: i < 6, step, (_long(0), ids))[1] % 97

    @tf.function(input_signature=[_IDS])
    def unsigned(self, ids):
        mixed = tf.cast(ids, tf.uint32) * tf.constant(0xCC9E2D51, tf.uint32)
        return tf.bitwise.bitwise_xor(mixed, tf.bitwise.right_shift(mixed, tf.constant(15, tf.uint32)))


def build(folder: Path) -> None:
    """Writes the SavedModel to `folder`."""
    module = WideIds()
    tf.saved_model.save(module, str(folder), signatures={"serving_default": module.row})
