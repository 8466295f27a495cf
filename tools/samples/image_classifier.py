"""A narrow MobileNetV2: 224x224 images to 1001 logits, with `training` and `batch_norm_momentum` as arguments."""

import itertools
from pathlib import Path

import numpy as np
import tensorflow as tf

from samples.layers import BatchNorm, Convolution, Dense, l2_losses

SIZE = 224
CLASSES = 1001
STEM = 8
LAST = 128
BLOCKS = [(1, 8, 1), (4, 12, 2), (4, 16, 2), (4, 16, 1), (4, 24, 2), (4, 32, 2)]
"""Expansion, channels and stride of every inverted residual block."""


class NormedConvolution(tf.Module):
    """Convolution, batch normalisation and, unless `linear`, relu6."""

    def __init__(self, rng, size, inputs, outputs, path, linear=False, **arguments):
        super().__init__()
        self.convolution = Convolution(rng, size, inputs, outputs, path, **arguments)
        self.norm = BatchNorm(rng, outputs, f"{path}/BatchNorm")
        self.linear = linear

    def __call__(self, x, training, momentum):
        y = self.norm(self.convolution(x), training, momentum)
        return y if self.linear else tf.nn.relu6(y)


class InvertedResidual(tf.Module):
    """Expands by a 1x1 convolution, filters each channel, projects back, and adds the input where shapes agree."""

    def __init__(self, rng, inputs: int, expansion: int, outputs: int, stride: int, path: str):
        super().__init__()
        width = inputs * expansion
        self.steps = []
        if expansion > 1:
            self.steps.append(NormedConvolution(rng, 1, inputs, width, f"{path}/expand"))
        self.steps.append(NormedConvolution(rng, 3, width, width, f"{path}/depthwise", stride=stride, depthwise=True))
        self.steps.append(NormedConvolution(rng, 1, width, outputs, f"{path}/project", linear=True))
        self.residual = stride == 1 and inputs == outputs

    def __call__(self, x, training, momentum):
        y = x
        for step in self.steps:
            y = step(y, training, momentum)
        return x + y if self.residual else y


class Network(tf.Module):
    """Images (batch, SIZE, SIZE, 3), float32 in 0..1, to logits (batch, CLASSES)."""

    def __init__(self, rng: np.random.Generator):
        super().__init__()
        self.stages = [NormedConvolution(rng, 3, 3, STEM, "MobilenetV2/Conv", stride=2)]
        channels = STEM
        for number, (expansion, outputs, stride) in enumerate(BLOCKS):
            path = f"MobilenetV2/expanded_conv_{number}"
            self.stages.append(InvertedResidual(rng, channels, expansion, outputs, stride, path))
            channels = outputs
        self.stages.append(NormedConvolution(rng, 1, channels, LAST, "MobilenetV2/Conv_1"))
        self.logits = Dense(rng, LAST, CLASSES, "MobilenetV2/Logits")

    def __call__(self, x, training, momentum):
        x = 2.0 * x - 1.0
        for stage in self.stages:
            x = stage(x, training, momentum)
        return self.logits(tf.reduce_mean(x, axis=[1, 2]))


class ImageClassifier(tf.train.Checkpoint):
    """The reusable SavedModel around the network."""

    def __init__(self, network: Network):
        super().__init__()
        self.network = network
        self.variables = list(network.variables)
        self.trainable_variables = list(network.trainable_variables)
        self.regularization_losses = l2_losses([v for v in network.variables if "kernel" in v.name], 4e-5)

    @tf.function
    def __call__(self, inputs, training=False, batch_norm_momentum=0.99):
        return self.network(inputs, training, batch_norm_momentum)


def build(folder: Path) -> None:
    """Writes the SavedModel to `folder`."""
    rng = np.random.default_rng(2)
    model = ImageClassifier(Network(rng))
    # Averages of real activations, so that inference on the random weights stays in a sensible range.
    model.network(tf.image.resize(rng.random((8, 7, 7, 3), np.float32), [SIZE, SIZE]), True, 0.0)
    images = tf.TensorSpec([None, SIZE, SIZE, 3], tf.float32, name="inputs")
    momentum = tf.TensorSpec([], tf.float32, name="batch_norm_momentum")
    for training, arguments in itertools.product((False, True), ({}, {"batch_norm_momentum": momentum})):
        model.__call__.get_concrete_function(images, training=training, **arguments)

    @tf.function(input_signature=[images])
    def serving_default(inputs):
        return {"logits": model(inputs)}

    tf.saved_model.save(model, str(folder), signatures={"serving_default": serving_default})
