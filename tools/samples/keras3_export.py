"""What Keras 3's `Model.export` writes.

Keras lists the variables of the endpoint a second time, as `_all_variables`, in an order that differs from run to run;
so this is the one sample whose bytes change when it is built again.
"""

import os
from pathlib import Path

os.environ["KERAS_BACKEND"] = "tensorflow"

import keras
import numpy as np


def build(folder: Path) -> None:
    """Writes the SavedModel to `folder`."""
    keras.utils.set_random_seed(5)
    model = keras.Sequential(
        [
            keras.Input((6,), name="features"),
            keras.layers.Dense(8, activation="relu", name="hidden"),
            keras.layers.BatchNormalization(name="norm"),
            keras.layers.Dropout(0.3, name="drop"),
            keras.layers.Dense(3, name="scores"),
        ],
        name="tabular",
    )
    rng = np.random.default_rng(5)
    # Moves the averages and biases away from their initial values, which a test could not tell from a missing weight.
    model.set_weights([weight + rng.uniform(0.0, 0.2, weight.shape) for weight in model.get_weights()])
    model.export(str(folder), format="tf_saved_model", verbose=False)
