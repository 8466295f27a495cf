"""The demo: a feature vector that was trained on the digits 0 to 4, and images of the digits 5 to 9 to use it on.

The images are scikit-learn's copy of the UCI handwritten digits: 1,797 grey images of 8x8 pixels, 0 to 16.
"""

from pathlib import Path

import numpy as np
import tensorflow as tf
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split

from samples.layers import BatchNorm, Convolution, Dense, l2_losses

FEATURES = 64
MOMENTUM = 0.9
DROPOUT = 0.2
EPOCHS = 30
BATCH = 32
DEMO_TRAINING_IMAGES = 150


class Network(tf.Module):
    """Images (batch, 8, 8, 1), float32 in 0..1, to non-negative features (batch, FEATURES)."""

    def __init__(self, rng: np.random.Generator):
        super().__init__()
        self.convolutions, self.norms = [], []
        for number, (inputs, outputs) in enumerate([(1, 16), (16, 32), (32, FEATURES)]):
            self.convolutions.append(Convolution(rng, 3, inputs, outputs, f"digits/conv_{number}"))
            self.norms.append(BatchNorm(rng, outputs, f"digits/conv_{number}/batch_norm"))

    def __call__(self, x, training):
        for number, (convolution, norm) in enumerate(zip(self.convolutions, self.norms, strict=True)):
            x = tf.nn.relu(norm(convolution(x), training, MOMENTUM))
            if number == 1:
                x = tf.nn.max_pool2d(x, 2, 2, "VALID")
        x = tf.reduce_mean(x, axis=[1, 2])
        return tf.nn.dropout(x, DROPOUT) if training else x


class DigitsFeatureVector(tf.train.Checkpoint):
    """The reusable SavedModel around the network."""

    def __init__(self, network: Network):
        super().__init__()
        self.network = network
        self.variables = list(network.variables)
        self.trainable_variables = list(network.trainable_variables)
        self.regularization_losses = l2_losses([layer.kernel for layer in network.convolutions], 1e-4)

    @tf.function
    def __call__(self, inputs, training=False):
        return self.network(inputs, training)


def train(network: Network, head: Dense, images: np.ndarray, labels: np.ndarray, rng: np.random.Generator) -> None:
    """Fits `network` and `head` to images (n, 8, 8, 1) with integer labels (n,) by Adam."""
    variables = [*network.trainable_variables, *head.trainable_variables]
    optimizer = tf.compat.v1.train.AdamOptimizer(2e-3)

    @tf.function
    def gradients(x, y):
        with tf.GradientTape() as tape:
            logits = head(network(x, True))
            loss = tf.reduce_mean(tf.nn.sparse_softmax_cross_entropy_with_logits(y, logits))
            loss += 1e-4 * tf.add_n([tf.reduce_sum(layer.kernel**2) for layer in network.convolutions])
        return tape.gradient(loss, variables)

    for _ in range(EPOCHS):
        order = rng.permutation(len(images))
        for start in range(0, len(order) - BATCH + 1, BATCH):
            batch = order[start : start + BATCH]
            optimizer.apply_gradients(zip(gradients(images[batch], labels[batch]), variables, strict=True))


def write_demo_images(file: Path, images: np.ndarray, labels: np.ndarray) -> None:
    """Writes the digits 5 to 9 as uint8 (n, 8, 8) in 0..16 with their labels, few for training, the rest to test."""
    chosen = labels >= 5
    x_train, x_test, y_train, y_test = train_test_split(
        images[chosen], labels[chosen], train_size=DEMO_TRAINING_IMAGES, stratify=labels[chosen], random_state=0
    )
    np.savez_compressed(file, x_train=x_train, y_train=y_train, x_test=x_test, y_test=y_test)


def build(folder: Path) -> None:
    """Trains, writes the SavedModel to `folder` and ``digits.npz`` beside it."""
    tf.keras.utils.set_random_seed(3)
    tf.config.experimental.enable_op_determinism()
    rng = np.random.default_rng(3)
    images, labels = load_digits(return_X_y=True)
    images, labels = images.reshape(-1, 8, 8).astype(np.uint8), labels.astype(np.uint8)
    write_demo_images(folder.parent / "digits.npz", images, labels)

    network, head = Network(rng), Dense(rng, FEATURES, 5, "digits/head")
    known = labels <= 4
    train(network, head, images[known, :, :, None].astype(np.float32) / 16, labels[known].astype(np.int32), rng)
    model = DigitsFeatureVector(network)
    inputs = tf.TensorSpec([None, 8, 8, 1], tf.float32, name="inputs")
    for training in (False, True):
        model.__call__.get_concrete_function(inputs, training=training)

    @tf.function(input_signature=[inputs])
    def serving_default(inputs):
        return {"feature_vector": model(inputs)}

    tf.saved_model.save(model, str(folder), signatures={"serving_default": serving_default})
