"""Two models that jax2tf wrote: a network as StableHLO, and a small vision transformer in TensorFlow's Xla* ops.

Needs JAX with jax2tf's non-native serialisation beside TensorFlow, in an environment of its own:

    pip install jax==0.4.26 jaxlib==0.4.26 tensorflow-cpu==2.16.2 "numpy<2" "scipy<1.13"
    python tools/samples/jax_models.py

Besides the samples it writes tests/goldens/NAME.jax.npz: inputs ("x"), outputs ("y"), and for each weight ("w:NAME")
JAX's gradient ("g:NAME") of the outputs' sum, weighted as in lowering.case.cotangent; "g:x" is that of the input.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import tensorflow as tf
from jax import lax
from jax.experimental import jax2tf

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "tests"), str(ROOT / "src")]
Weights = dict[str, Any]


def _normal(rng: np.random.Generator, *shape: int) -> np.ndarray:
    return (rng.normal(size=shape) / np.sqrt(max(np.prod(shape[:-1]), 1))).astype(np.float32)


def _norm(x: Any, scale: Any, bias: Any) -> Any:
    mean = x.mean(-1, keepdims=True)
    variance = ((x - mean) ** 2).mean(-1, keepdims=True)
    return (x - mean) * lax.rsqrt(variance + 1e-6) * scale + bias


def convolutional(weights: Weights, x: Any) -> Any:
    """Images (b, 12, 12, 3) to (b, 5): convolutions, one of them depthwise, pooling, a recurrent scan, softmax."""
    numbers = ("NHWC", "HWIO", "NHWC")
    h = lax.conv_general_dilated(x, weights["stem"], (2, 2), "SAME", dimension_numbers=numbers)
    h = jax.nn.gelu(h + weights["stem_bias"])
    h = h + lax.conv_general_dilated(
        h, weights["depthwise"], (1, 1), "SAME", dimension_numbers=numbers, feature_group_count=8
    )
    h = lax.reduce_window(h, -jnp.inf, lax.max, (1, 2, 2, 1), (1, 2, 2, 1), "VALID")
    rows = h.reshape(x.shape[0], 9, 8)

    def step(state: Any, row: Any) -> tuple[Any, Any]:
        state = jnp.tanh(state @ weights["recurrent"] + row @ weights["inward"])
        return state, state

    start = jnp.zeros((x.shape[0], 6)) + weights["start"]
    state, states = lax.scan(step, start, jnp.swapaxes(rows, 0, 1))
    best = jnp.sort(states.max(0), axis=-1)
    return jax.nn.log_softmax((state + best) @ weights["head"] + weights["head_bias"])


def convolutional_weights() -> Weights:
    """From a fixed seed."""
    rng = np.random.default_rng(11)
    return {
        "stem": _normal(rng, 3, 3, 3, 8),
        "stem_bias": _normal(rng, 8),
        "depthwise": _normal(rng, 3, 3, 1, 8),
        "recurrent": _normal(rng, 6, 6),
        "inward": _normal(rng, 8, 6),
        "start": _normal(rng, 6),
        "head": _normal(rng, 6, 5),
        "head_bias": _normal(rng, 5),
    }


def transformer(weights: Weights, x: Any) -> Any:
    """Images (b, 12, 12, 3) to (b, 5): patches of 4×4, a class token, two blocks of attention."""
    h = lax.conv_general_dilated(x, weights["patches"], (4, 4), "VALID", dimension_numbers=("NHWC", "HWIO", "NHWC"))
    h = h.reshape(x.shape[0], 9, 16)
    token = jnp.broadcast_to(weights["token"], (x.shape[0], 1, 16))
    h = jnp.concatenate([token, h], 1) + weights["positions"]
    for i in range(2):
        y = _norm(h, weights[f"scale_{i}"], weights[f"bias_{i}"])
        q, k, v = jnp.moveaxis((y @ weights[f"qkv_{i}"]).reshape(x.shape[0], 10, 3, 2, 8), 2, 0)
        attention = jax.nn.softmax(jnp.einsum("bqhd,bkhd->bhqk", q, k) / np.sqrt(8))
        y = jnp.einsum("bhqk,bkhd->bqhd", attention, v).reshape(x.shape[0], 10, 16)
        h = h + y @ weights[f"out_{i}"]
        h = h + jax.nn.gelu(_norm(h, 1.0, 0.0) @ weights[f"up_{i}"]) @ weights[f"down_{i}"]
    pooled = lax.reduce_window(h, -jnp.inf, lax.max, (1, 2, 1), (1, 2, 1), "VALID").mean(1)
    order = jnp.argmax(pooled, -1)
    chosen = jnp.take_along_axis(pooled, order[:, None], 1)
    return (h[:, 0] + pooled) @ weights["head"] + chosen


def transformer_weights() -> Weights:
    """From a fixed seed."""
    rng = np.random.default_rng(12)
    weights = {
        "patches": _normal(rng, 4, 4, 3, 16),
        "token": _normal(rng, 1, 1, 16),
        "positions": _normal(rng, 1, 10, 16) * 0.1,
        "head": _normal(rng, 16, 5),
    }
    for i in range(2):
        weights |= {
            f"scale_{i}": 1 + 0.1 * _normal(rng, 16),
            f"bias_{i}": _normal(rng, 16),
            f"qkv_{i}": _normal(rng, 16, 48),
        }
        weights |= {
            f"out_{i}": _normal(rng, 16, 16),
            f"up_{i}": _normal(rng, 16, 32),
            f"down_{i}": _normal(rng, 32, 16),
        }
    return weights


class Model(tf.train.Checkpoint):
    """A JAX function of weights and images as a reusable SavedModel."""

    def __init__(self, function: Callable[..., Any], weights: Weights, native: bool):
        super().__init__()
        self.named = {name: tf.Variable(value, name=name) for name, value in weights.items()}
        self.variables = list(self.named.values())
        self.trainable_variables = list(self.named.values())
        converted = jax2tf.convert(
            function, polymorphic_shapes=[None, "(b, 12, 12, 3)"], native_serialization=native, enable_xla=True
        )
        self._call = lambda x: converted(self.named, x)

    @tf.function(autograph=False, jit_compile=True, input_signature=[tf.TensorSpec([None, 12, 12, 3], name="x")])
    def __call__(self, x: tf.Tensor) -> tf.Tensor:
        return self._call(x)


def _save(name: str, function: Callable[..., Any], weights: Weights, native: bool) -> None:
    from lowering.case import cotangent

    folder = ROOT / "tests" / "samples" / name
    model = Model(function, weights, native)
    options = tf.saved_model.SaveOptions(experimental_custom_gradients=False)
    tf.saved_model.save(model, str(folder), options=options)
    (folder / "fingerprint.pb").unlink(missing_ok=True)
    (folder / "assets").rmdir() if (folder / "assets").is_dir() else None
    x = np.random.default_rng(13).random((3, 12, 12, 3), np.float32)
    y = np.asarray(function(weights, x))
    np.testing.assert_allclose(model(x).numpy(), y, rtol=1e-4, atol=1e-5)
    loss = jax.grad(lambda w, x: (function(w, x) * cotangent(0, y)).sum(), argnums=(0, 1))
    of_weights, of_x = loss({k: jnp.asarray(v) for k, v in weights.items()}, x)
    arrays = {"x": x, "y": y, "g:x": np.asarray(of_x)}
    arrays |= {f"w:{key}": value for key, value in weights.items()}
    arrays |= {f"g:{key}": np.asarray(value) for key, value in of_weights.items()}
    np.savez_compressed(ROOT / "tests" / "goldens" / f"{name}.jax.npz", **arrays)
    size = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
    print(f"{folder}: {size / 1000:.0f} kB")


if __name__ == "__main__":
    _save("jax_stablehlo", convolutional, convolutional_weights(), native=True)
    _save("jax_xla_ops", transformer, transformer_weights(), native=False)
