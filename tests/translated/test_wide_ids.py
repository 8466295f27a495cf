"""64-bit integers and unsigned ones give TensorFlow's numbers on the backend at hand, on JAX without jax_enable_x64."""

from __future__ import annotations

import json
from typing import Any

import keras
import numpy as np
import pytest

import hublayer as hub
from hublayer.errors import BackendError
from translated.classifier import ROOT
from translated.wide_ids import FOLDER, IDS, NAMES

EXPECTED = json.loads((ROOT / "tests" / "goldens" / "wide_ids.json").read_text())
BACKEND = keras.config.backend()


@pytest.fixture
def model() -> Any:
    return hub.load(FOLDER, runtime="translated")


def as_lists(outputs: Any) -> list[Any]:
    leaves = outputs if isinstance(outputs, list | tuple) else [outputs]
    return [np.asarray(keras.ops.convert_to_numpy(x)).tolist() for x in leaves]


@pytest.mark.parametrize("name", NAMES)
def test_results_are_tensorflows(model, name):
    assert as_lists(getattr(model, name)(IDS)) == EXPECTED[name]


def functional(name: str) -> keras.Model:
    layer = hub.KerasLayer(getattr(hub.load(FOLDER, runtime="translated"), name))
    inputs = keras.Input((), dtype="int64")
    return keras.Model(inputs, layer(inputs))


@pytest.mark.parametrize("name", ["hashed", "row"])
def test_a_functional_model_gets_ids_whole(name):
    assert as_lists(functional(name).predict(IDS, verbose=0)) == EXPECTED[name]


@pytest.mark.skipif(BACKEND != "jax", reason="the other backends have 64-bit integers")
def test_small_ids_stay_32_bits_and_no_id_is_cut_in_silence(model):
    assert str(model.item(np.arange(3)).dtype) == "int64"
    assert str(model.row(np.arange(3)).dtype) == "float32"
    assert str(model.count(np.arange(3)).dtype) == "int32"
    with pytest.raises(BackendError, match="64"):
        functional("item")(IDS)


@pytest.mark.skipif(BACKEND != "jax", reason="of jax.jit and jax.grad")
def test_a_users_program_computes_in_64_bits_inside(model):
    import jax
    import jax.numpy as jnp

    ids = jnp.asarray([3, 5, 7])
    expected = as_lists(model.hashed(np.array([3, 5, 7])))
    assert as_lists(jax.jit(lambda x: model.hashed(x))(ids)) == expected
    rows, counted = model.rows, np.zeros((10, 4), "float32")
    for row in np.asarray(expected[0])[:, 0]:
        counted[int(row) // 4] += 1

    def total(value: Any) -> Any:
        with keras.StatelessScope([(rows, value)]):
            return jnp.sum(model.hashed(ids))

    np.testing.assert_array_equal(jax.grad(total)(rows.value), counted)


@pytest.mark.skipif(BACKEND != "torch", reason="the dtype is the question on PyTorch alone")
def test_unsigned_numbers_have_their_dtype(model):
    import torch

    assert model.unsigned(IDS).dtype is torch.uint32
