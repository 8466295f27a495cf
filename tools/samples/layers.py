"""The few layers that the hand-written samples share. Every variable gets its full name from its owner."""

from collections.abc import Sequence

import numpy as np
import tensorflow as tf


def random_weights(rng: np.random.Generator, shape: Sequence[int], name: str, gain: float = 2.0) -> tf.Variable:
    """A float32 kernel with variance gain / fan-in, where the last axis of `shape` is the output."""
    fan_in = int(np.prod(shape[:-1]))
    return tf.Variable(rng.normal(scale=np.sqrt(gain / fan_in), size=shape).astype(np.float32), name=name)


class Dense(tf.Module):
    """x (..., inputs) @ kernel + bias: (..., outputs)."""

    def __init__(self, rng: np.random.Generator, inputs: int, outputs: int, path: str, gain: float = 1.0):
        super().__init__()
        self.kernel = random_weights(rng, [inputs, outputs], f"{path}/kernel", gain)
        self.bias = tf.Variable(rng.normal(scale=0.01, size=outputs).astype(np.float32), name=f"{path}/bias")

    def __call__(self, x):
        product = tf.matmul(x, self.kernel) if x.shape.rank == 2 else tf.tensordot(x, self.kernel, 1)
        return product + self.bias


class Convolution(tf.Module):
    """Same-padded convolution of images (batch, height, width, channels), without bias; depthwise if `depthwise`."""

    def __init__(self, rng, size: int, inputs: int, outputs: int, path: str, stride: int = 1, depthwise: bool = False):
        super().__init__()
        self.stride, self.depthwise = stride, depthwise
        if depthwise:
            values = random_weights(rng, [size, size, 1, inputs], f"{path}/kernel").numpy()
            self.kernel = tf.Variable(values.reshape(size, size, inputs, 1), name=f"{path}/depthwise_kernel")
        else:
            self.kernel = random_weights(rng, [size, size, inputs, outputs], f"{path}/kernel")

    def __call__(self, x):
        apply = tf.nn.depthwise_conv2d if self.depthwise else tf.nn.conv2d
        return apply(x, self.kernel, strides=[1, self.stride, self.stride, 1], padding="SAME")


class BatchNorm(tf.Module):
    """Batch normalisation over the last axis of images; training moves the averages inside the call."""

    def __init__(self, rng: np.random.Generator, channels: int, path: str):
        super().__init__()

        def variable(name, values, trainable):
            return tf.Variable(values.astype(np.float32), name=f"{path}/{name}", trainable=trainable)

        self.gamma = variable("gamma", rng.uniform(0.8, 1.2, size=channels), True)
        self.beta = variable("beta", rng.normal(scale=0.1, size=channels), True)
        self.moving_mean = variable("moving_mean", np.zeros(channels), False)
        self.moving_variance = variable("moving_variance", np.ones(channels), False)

    def __call__(self, x, training: bool, momentum):
        if not training:
            y, _, _ = tf.compat.v1.nn.fused_batch_norm(
                x, self.gamma, self.beta, self.moving_mean, self.moving_variance, epsilon=1e-3, is_training=False
            )
            return y
        y, mean, variance = tf.compat.v1.nn.fused_batch_norm(x, self.gamma, self.beta, epsilon=1e-3, is_training=True)
        for average, batch in ((self.moving_mean, mean), (self.moving_variance, variance)):
            average.assign_sub((average - batch) * (1.0 - momentum))
        return y


def l2_losses(kernels: Sequence[tf.Variable], factor: float) -> list:
    """One function without arguments for every kernel, that returns factor * sum(kernel ** 2)."""

    def loss_of(kernel):
        def l2_loss():
            return factor * tf.reduce_sum(tf.square(kernel))

        return tf.function(l2_loss, input_signature=[])

    return [loss_of(kernel) for kernel in kernels]
