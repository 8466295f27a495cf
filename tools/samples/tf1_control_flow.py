"""A TF1 SavedModel, as text: a loop nested in a conditional, whose predicate has a default and may be fed."""

from pathlib import Path

import numpy as np
import tensorflow as tf

from samples.tf1_format import Signatures, v1, variable, write

WIDTH = 4


def _graph(training: bool) -> Signatures:
    rng = np.random.default_rng(13)
    x = v1.placeholder(tf.float32, [None, WIDTH], name="x")
    deep = v1.placeholder_with_default(True, [], name="deep")
    weights = variable("layer/weights", rng.normal(scale=0.6, size=(WIDTH, WIDTH)), use_resource=False)
    biases = variable("layer/biases", rng.normal(scale=0.1, size=WIDTH), use_resource=True)
    threshold = tf.Variable(np.float32(0.5), trainable=False, collections=[v1.GraphKeys.LOCAL_VARIABLES], name="bound")

    def layer(y):
        return tf.tanh(tf.matmul(y, weights) + biases)

    def several():
        return v1.while_loop(lambda i, y: i < 3, lambda i, y: (i + 1, layer(y)), [0, x])[1]

    y = v1.cond(deep, several, lambda: layer(x))
    large = tf.reduce_mean(tf.abs(y)) > threshold
    z = v1.cond(large, lambda: y / threshold, lambda: v1.cond(deep, lambda: y * 2.0, lambda: y * 3.0))
    initialise = v1.group(v1.local_variables_initializer(), name="initialise")
    v1.add_to_collection("legacy_init_op", initialise)
    both = ({"x": x, "deep": deep}, {"y": z})
    return Signatures({"serving_default": ({"x": x}, {"y": z, "hidden": y}), "with_depth": both})


def build(folder: Path) -> None:
    """Writes the SavedModel to `folder`."""
    v1.disable_control_flow_v2()
    write(folder, _graph, [{"serve"}], hub=False, as_text=True)
