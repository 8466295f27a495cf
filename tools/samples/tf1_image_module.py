"""An image module of TF1 Hub as TF-Slim wrote them: reference variables, a partitioned one, BatchNorm, dropout.

In the graph for training, `default` is after dropout, `steady` what it would be without.
"""

from pathlib import Path

import numpy as np
import tensorflow as tf

from samples.tf1_format import Signatures, v1, variable, write

SIZE = 8
CHANNELS = 6
FEATURES = 8
IMAGE_MODULE_INFO = b"\x0a\x04\x08" + bytes([SIZE]) + b"\x10" + bytes([SIZE])
"""ImageModuleInfo(default_image_size=ImageSize(height=SIZE, width=SIZE))."""


def _batch_norm(x, rng: np.random.Generator, training: bool):
    with v1.variable_scope("BatchNorm"):
        gamma = variable("gamma", rng.uniform(0.8, 1.2, CHANNELS))
        beta = variable("beta", rng.normal(scale=0.1, size=CHANNELS))
        mean = variable("moving_mean", rng.normal(scale=0.1, size=CHANNELS), trainable=False)
        variance = variable("moving_variance", rng.uniform(0.5, 1.5, CHANNELS), trainable=False)
        if not training:
            return v1.nn.fused_batch_norm(x, gamma, beta, mean, variance, is_training=False)[0]
        y, batch_mean, batch_variance = v1.nn.fused_batch_norm(x, gamma, beta, is_training=True)
        for average, batch in ((mean, batch_mean), (variance, batch_variance)):
            update = v1.assign_sub(average, (average - batch) * 0.1)
            v1.add_to_collection(v1.GraphKeys.UPDATE_OPS, update)
        return y


def _graph(training: bool) -> Signatures:
    rng = np.random.default_rng(11)
    images = v1.placeholder(tf.float32, [None, None, None, 3], name="images")
    with v1.variable_scope("net"):
        kernel = variable("conv/weights", rng.normal(scale=0.3, size=(3, 3, 3, CHANNELS)))
        x = tf.nn.relu(_batch_norm(tf.nn.conv2d(images, kernel, 1, "SAME"), rng, training))
        pooled = tf.reduce_mean(x, [1, 2])
        values = rng.normal(scale=0.5, size=(CHANNELS, FEATURES)).astype(np.float32)
        weights = v1.get_variable(
            "logits/weights", [CHANNELS, FEATURES], initializer=lambda shape, dtype, partition_info: tf.constant(
                values[tuple(slice(o, o + s) for o, s in zip(partition_info.var_offset, shape, strict=True))]
            ), partitioner=v1.fixed_size_partitioner(3),
        )  # fmt: skip
        biases = variable("logits/biases", rng.normal(scale=0.1, size=FEATURES))
        for regularised in (kernel, weights):
            loss = 1e-2 * tf.nn.l2_loss(tf.convert_to_tensor(regularised))
            v1.add_to_collection(v1.GraphKeys.REGULARIZATION_LOSSES, loss)
        steady = tf.matmul(pooled, weights) + biases
        features = tf.matmul(v1.nn.dropout(pooled, rate=0.5), weights) + biases if training else steady
    outputs = {"default": features, "steady": steady, "net/pool": pooled}
    return Signatures({"default": ({"images": images}, outputs)}, {"image_module_info": IMAGE_MODULE_INFO})


def build(folder: Path) -> None:
    """Writes the module to `folder`."""
    v1.disable_resource_variables()
    write(folder, _graph, [set(), {"train"}], hub=True)
