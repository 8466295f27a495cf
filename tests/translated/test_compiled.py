"""The translated runtime inside compiled and differentiated code of users, under policies and other dtypes."""

from __future__ import annotations

import keras
import numpy as np
import pytest

import hublayer as hub
from translated.training import ROOT

BACKEND = keras.config.backend()
SAMPLES = ROOT / "tests" / "samples"
DIGITS = ROOT / "src" / "hublayer" / "demo" / "digits_feature_vector"
X = np.random.default_rng(0).random((4, 8, 8, 1), "float32")
pytestmark = pytest.mark.filterwarnings("ignore:.* is a TF1 model and trains through its serving graph:UserWarning")
on_jax = pytest.mark.skipif(BACKEND != "jax", reason="code of JAX")
on_torch = pytest.mark.skipif(BACKEND != "torch", reason="code of PyTorch")
on_tensorflow = pytest.mark.skipif(BACKEND != "tensorflow", reason="code of TensorFlow")
# Models and inputs: convolutions with BatchNorm, an encoder with a mask, a TF1 module, a loop in a conditional.
MODELS = {
    "image": (DIGITS, {}, X),
    "keras": (SAMPLES / "keras2_save", {}, X[:, 0, :6, 0]),
    "encoder": (
        SAMPLES / "bert_encoder",
        {"output_key": "pooled_output"},
        {name: np.ones((2, 8), "int32") for name in ("input_word_ids", "input_mask", "input_type_ids")},
    ),
    "TF1": (SAMPLES / "tf1_image_module", {"output_key": "steady"}, X.repeat(3, -1)),
    "loop": (SAMPLES / "tf1_control_flow", {"output_key": "y"}, X[:, 0, :4, 0]),
}


def made(name: str, **options):
    """The layer and its inputs. A TF1 model without a graph for training says so when it is made trainable."""
    folder, chosen, inputs = MODELS[name]
    return hub.KerasLayer(folder, runtime="translated", **chosen, **options), inputs


def array(value) -> np.ndarray:
    return np.asarray(keras.ops.convert_to_numpy(value))


def close(found, expected, rtol: float = 1e-4) -> None:
    found, expected = array(found), array(expected)
    assert (found.dtype, found.shape) == (expected.dtype, expected.shape)
    np.testing.assert_allclose(found, expected, rtol=rtol, atol=rtol * max(np.abs(expected).max(), 1e-6))


def tensors(inputs):
    return keras.tree.map_structure(keras.ops.convert_to_tensor, inputs)


@pytest.fixture(params=sorted(MODELS))
def model(request) -> str:
    return request.param


@on_jax
def test_jit(model):
    import jax

    layer, inputs = made(model)
    close(jax.jit(layer)(tensors(inputs)), layer(inputs))


@on_jax
def test_a_call_on_known_values_while_another_program_is_traced(model):
    import jax

    layer, inputs = made(model)
    given = tensors(inputs)
    close(jax.jit(lambda zero: zero + layer(given))(np.float32(0)), layer(inputs))


@on_jax
def test_jit_over_a_stateless_call_that_trains(model):
    import jax
    import jax.numpy as jnp

    layer, inputs = made(model, trainable=True)
    trainable = [v.value for v in layer.trainable_variables]
    others = [v.value for v in layer.non_trainable_variables]

    def loss(trainable, others, inputs):
        outputs, others = layer.stateless_call(trainable, others, inputs)
        return jnp.mean(outputs**2), others

    (value, _), gradients = jax.jit(jax.value_and_grad(loss, has_aux=True))(trainable, others, tensors(inputs))
    close(value, np.mean(array(layer(inputs)) ** 2))
    assert [g.shape for g in gradients] == [v.shape for v in trainable]
    assert any(float(jnp.abs(g).max()) > 0 for g in gradients)
    # One direction, by finite differences.
    direction = [g / (jnp.sqrt(sum(jnp.sum(g**2) for g in gradients)) + 1e-12) for g in gradients]
    step = 1e-2
    ahead, behind = (
        loss([v + sign * step * d for v, d in zip(trainable, direction, strict=True)], others, tensors(inputs))[0]
        for sign in (1, -1)
    )
    slope = sum(jnp.sum(g * d) for g, d in zip(gradients, direction, strict=True))
    np.testing.assert_allclose((ahead - behind) / (2 * step), slope, rtol=0.05, atol=1e-4)


@on_jax
def test_gradients_of_the_inputs_are_those_without_jit():
    import jax

    layer, x = made("image")

    def total(x):
        return layer(x).sum()

    plain, compiled = jax.grad(total)(x), jax.jit(jax.grad(total))(x)
    assert np.abs(plain).max() > 0
    close(compiled, plain)
    close(jax.vmap(lambda row: layer(row[None])[0])(x), layer(x))


@on_torch
def test_torch_compile(model):
    import torch

    torch.compiler.reset()
    layer, inputs = made(model)
    # In one piece, except where a value decides what runs.
    compiled = torch.compile(layer, backend="aot_eager", fullgraph=model != "loop")
    first = keras.tree.map_structure(lambda x: x[:1], inputs)
    with torch.no_grad():
        found = compiled(tensors(inputs))
        close(found, layer(inputs))
        close(compiled(tensors(first)), layer(first))


@on_torch
def test_torch_compile_trains():
    import torch

    torch.compiler.reset()
    layer, x = made("image", trainable=True)
    compiled = torch.compile(lambda x: (layer(x, training=False) ** 2).mean(), backend="aot_eager", fullgraph=True)
    weights = [v.value for v in layer.trainable_variables]
    found = torch.autograd.grad(compiled(tensors(x)), weights, allow_unused=True)
    expected = torch.autograd.grad((layer(x, training=False) ** 2).mean(), weights, allow_unused=True)
    for a, b in zip(found, expected, strict=True):
        assert (a is None) == (b is None)
        if a is not None and b is not None:
            close(a, b, 1e-3)


@on_torch
def test_autograd_through_the_inputs():
    import torch

    layer, x = made("image")
    tensor = torch.tensor(x, requires_grad=True)
    layer(tensor).sum().backward()
    assert tensor.grad is not None and tensor.grad.abs().max() > 0


@on_tensorflow
def test_tf_function_with_open_sizes(model):
    import tensorflow as tf

    layer, inputs = made(model)
    specs = keras.tree.map_structure(lambda x: tf.TensorSpec((None, *x.shape[1:]), x.dtype), inputs)
    compiled = tf.function(layer, input_signature=[specs])
    close(compiled(tensors(inputs)), layer(inputs))
    first = keras.tree.map_structure(lambda x: x[:1], inputs)
    close(compiled(tensors(first)), layer(first))


@on_tensorflow
def test_data_pipelines(model):
    import tensorflow as tf

    layer, inputs = made(model)
    pipeline = tf.data.Dataset.from_tensor_slices(inputs).batch(2).map(layer, num_parallel_calls=2)
    close(np.concatenate([array(batch) for batch in pipeline]), layer(inputs))


@on_tensorflow
def test_gradient_tape():
    import tensorflow as tf

    layer, x = made("image", trainable=True)
    step = tf.function(lambda x: _gradients(layer, x))
    for compiled, eager in zip(step(tf.constant(x)), _gradients(layer, tf.constant(x)), strict=True):
        close(compiled, eager, 1e-3)


def _gradients(layer, x):
    import tensorflow as tf

    with tf.GradientTape() as tape:
        loss = keras.ops.mean(layer(x, training=False) ** 2)
    return tape.gradient(loss, [v.value for v in layer.trainable_variables])


@pytest.mark.parametrize("policy", ["mixed_float16", "mixed_bfloat16"])
def test_a_mixed_policy_leaves_the_model_as_it_was_saved(policy):
    layer, x = made("image")
    expected = array(layer(x))
    keras.config.set_dtype_policy(policy)
    try:
        mixed, _ = made("image")
        head = keras.layers.Dense(2)
        model = keras.Sequential([mixed, head])
        outputs = model(x)
    finally:
        keras.config.set_dtype_policy("float32")
    assert {weight.dtype for weight in mixed.weights} == {"float32"}
    close(mixed(x), expected)
    assert keras.backend.standardize_dtype(outputs.dtype) == policy.removeprefix("mixed_")
    assert head.kernel.dtype == "float32"


@pytest.mark.parametrize("dtype", ["float16", "bfloat16"])
def test_half_precision_inputs_are_widened(dtype):
    layer, x = made("image")
    narrow = keras.ops.cast(x, dtype)
    wide = keras.ops.cast(narrow, "float32")
    close(layer(narrow), layer(wide))
    if dtype == "float16":
        close(layer(x.astype("float16")), layer(wide))


def test_trainable_is_toggled():
    layer, x = made("image")
    model = keras.Sequential([layer, keras.layers.Dense(1)])
    y = np.ones((4, 1), "float32")

    def moved() -> list[bool]:
        before = [weight.copy() for weight in layer.get_weights()]
        model.compile(keras.optimizers.SGD(0.1), "mse")
        model.fit(x, y, batch_size=4, verbose=0)
        return [not np.array_equal(a, b) for a, b in zip(before, layer.get_weights(), strict=True)]

    assert not any(moved())
    assert layer.trainable_weights == []
    layer.trainable = True
    assert len(layer.trainable_weights) > 0
    assert sum(moved()) > len(layer.trainable_weights)  # moving averages as well
    layer.trainable = False
    assert not any(moved())
    assert len(model.trainable_weights) == 2


@pytest.mark.parametrize("batch", [None, 3])
def test_output_specs(model, batch):
    layer, inputs = made(model)
    outputs = layer(inputs)

    def symbolic(x):
        return keras.KerasTensor((batch, *x.shape[1:]), str(x.dtype))

    spec = layer.compute_output_spec(keras.tree.map_structure(symbolic, inputs))
    assert tuple(spec.shape) == (batch, *outputs.shape[1:])
    assert spec.dtype == keras.backend.standardize_dtype(outputs.dtype)
