"""Models that jax2tf wrote, against what JAX computed when it wrote them: outputs, and derivatives for every weight."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import pytest
from lowering.case import cotangent

import hublayer as hub
from translated.training import ROOT

BACKEND = keras.config.backend()
RUNS = {"jax_stablehlo": ("jax",), "jax_xla_ops": ("jax", "torch", "tensorflow")}
NAMES = [name for name, backends in RUNS.items() if BACKEND in backends]


def recorded(name: str) -> dict[str, np.ndarray]:
    with np.load(ROOT / "tests" / "goldens" / f"{name}.jax.npz") as arrays:
        return dict(arrays)


def made(name: str, **options: Any) -> Any:
    return hub.KerasLayer(ROOT / "tests" / "samples" / name, runtime="translated", **options)


def _close(got: Any, expected: np.ndarray, tolerance: float = 1e-4) -> None:
    scale = float(np.abs(expected).max(initial=1e-3))
    np.testing.assert_allclose(np.asarray(got), expected, rtol=tolerance, atol=tolerance * scale)


@pytest.mark.parametrize("name", NAMES)
def test_outputs(name):
    arrays, layer = recorded(name), made(name)
    _close(keras.ops.convert_to_numpy(layer(arrays["x"])), arrays["y"])
    for batch in (1, 2):
        _close(keras.ops.convert_to_numpy(layer(arrays["x"][:batch])), arrays["y"][:batch])


@pytest.mark.parametrize("name", NAMES)
def test_derivatives_for_every_weight(name):
    arrays, layer = recorded(name), made(name, trainable=True)
    weight = cotangent(0, arrays["y"])
    layer(arrays["x"])
    found = _derivatives(layer, arrays["x"], weight)
    names = {key[2:] for key in arrays if key.startswith("w:")}
    assert {w.name for w in layer.trainable_weights} == names
    for key, gradient in found.items():
        _close(gradient, arrays[f"g:{key}"], 1e-3)


def _derivatives(layer: Any, x: np.ndarray, weight: np.ndarray) -> dict[str, np.ndarray]:
    """By the weights' names, of the weighted sum of outputs."""
    weights = layer.trainable_weights
    if BACKEND == "jax":
        import jax

        fixed = [v.value for v in layer.non_trainable_variables]

        def loss(values: list[Any]) -> Any:
            return (layer.stateless_call(values, fixed, x)[0] * weight).sum()

        found = jax.jit(jax.grad(loss))([w.value for w in weights])
    elif BACKEND == "torch":
        total = (layer(x) * keras.ops.convert_to_tensor(weight)).sum()
        total.backward()
        found = [w.value.grad.detach() for w in weights]
    else:
        import tensorflow as tf

        with tf.GradientTape() as tape:
            total = tf.reduce_sum(layer(x) * weight)
        found = tape.gradient(total, [w.value for w in weights])
    return {w.name: np.asarray(keras.ops.convert_to_numpy(g)) for w, g in zip(weights, found, strict=True)}


@pytest.mark.parametrize("name", NAMES)
def test_a_model_around_it_is_trained(name):
    x = recorded(name)["x"]
    # On TensorFlow a batch of any size is traced with an unknown one, and windows of Xla* ops need a known size.
    inputs = keras.Input(batch_shape=x.shape) if BACKEND == "tensorflow" else keras.Input(x.shape[1:])
    model = keras.Sequential([inputs, made(name, trainable=True), keras.layers.Dense(2)])
    model.compile(keras.optimizers.SGD(1e-4), "mse")
    losses = [float(model.train_on_batch(x, np.ones((len(x), 2), "float32"))) for _ in range(5)]
    assert losses[-1] < losses[0]


@pytest.mark.skipif(BACKEND == "jax", reason="it runs there")
def test_stablehlo_is_refused_in_words():
    with pytest.raises(hub.UnsupportedOpsError, match="runs on Keras's JAX backend"):
        made("jax_stablehlo")
