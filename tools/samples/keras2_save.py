"""What Keras 2's `Model.save` writes in the SavedModel format: most published TF2 models are of this kind."""

import os
from pathlib import Path

os.environ["TF_USE_LEGACY_KERAS"] = "1"

import numpy as np
import tf_keras


def build(folder: Path) -> None:
    """Writes the SavedModel to `folder`."""
    tf_keras.utils.set_random_seed(6)
    inputs = tf_keras.Input((6,), name="features")
    regularizer = tf_keras.regularizers.L2(0.01)
    x = tf_keras.layers.Dense(8, activation="relu", kernel_regularizer=regularizer, name="hidden")(inputs)
    x = tf_keras.layers.BatchNormalization(name="norm")(x)
    x = tf_keras.layers.Dropout(0.3, name="drop")(x)
    model = tf_keras.Model(inputs, tf_keras.layers.Dense(3, name="scores")(x), name="tabular")
    rng = np.random.default_rng(6)
    model.compile("sgd", "mse")
    model.fit(rng.normal(size=(64, 6)), rng.normal(size=(64, 3)), epochs=2, verbose=0)
    model.save(str(folder), save_format="tf", include_optimizer=False)
