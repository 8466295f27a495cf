"""A plain tf.Module, as TensorFlow's guides show it: no lists of variables, two named callables, two signatures."""

from pathlib import Path

import tensorflow as tf


class HalfPlusTwo(tf.Module):
    """w * x + b with w = 0.5 and b = 2, and a step counter that every call of `advance` moves."""

    def __init__(self):
        super().__init__()
        self.w = tf.Variable(0.5, name="w")
        self.b = tf.Variable(2.0, name="b")
        self.step = tf.Variable(0, name="step", dtype=tf.int64, trainable=False)

    @tf.function(input_signature=[tf.TensorSpec([None], tf.float32, name="x")])
    def __call__(self, x):
        return self.w * x + self.b

    @tf.function
    def scale(self, x, factor=2.0):
        return factor * self(x)

    @tf.function(input_signature=[])
    def advance(self):
        return self.step.assign_add(1)

    @tf.function(
        input_signature=[tf.TensorSpec([None], tf.float32, name="a"), tf.TensorSpec([None], tf.float32, name="b")]
    )
    def triple(self, a, b):
        return {"weighted": 3.0 * (self.w * a + b), "sum": a + b}


def build(folder: Path) -> None:
    """Writes the SavedModel to `folder`."""
    module = HalfPlusTwo()
    x = tf.TensorSpec([None], tf.float32, name="x")
    module.scale.get_concrete_function(x)
    module.scale.get_concrete_function(x, factor=tf.TensorSpec([], tf.float32, name="factor"))
    signatures = {"serving_default": module.__call__, "triple": module.triple}
    tf.saved_model.save(module, str(folder), signatures=signatures)
