"""What a frozen layer computes ahead follows its weights, however they were changed, and is kept while they are not."""

from __future__ import annotations

import copy

import keras
import numpy as np
import pytest

from hublayer.runtime.ahead import Ahead
from hublayer.runtime.weights import NamedVariable

BACKEND = keras.config.backend()
on_torch = pytest.mark.skipif(BACKEND != "torch", reason="ways of PyTorch's to write into a tensor")


class Doubled:
    """Twice a weight, and a view of it, computed ahead. times: how often that was done."""

    def __init__(self):
        self.weight = NamedVariable(np.arange(6, dtype="float32").reshape(2, 3), "w:0", "float32", False)
        self.times = 0
        self.ahead = Ahead([self.weight], self._compute)

    def _compute(self, values):
        self.times += 1
        return [keras.ops.multiply(values["w"], 2.0), keras.ops.transpose(values["w"])]

    def __call__(self):
        return self.ahead.values({"w": self.weight.value})

    def check(self):
        kept = self()
        assert kept is not None
        expected = np.array(keras.ops.convert_to_numpy(self.weight.value))
        np.testing.assert_array_equal(keras.ops.convert_to_numpy(kept[0]), 2 * expected)
        np.testing.assert_array_equal(keras.ops.convert_to_numpy(kept[1]), expected.T)


@pytest.mark.skipif(BACKEND == "tensorflow", reason="nothing is kept ahead there")
def test_it_is_computed_once_and_again_when_a_weight_is_assigned():
    doubled = Doubled()
    for _ in range(3):
        doubled()
    assert doubled.times == 1
    doubled.weight.assign(doubled.weight.value + 1)
    doubled.check()


def through_numpy(weight):
    weight.detach().numpy()[1, 2] = -5


def through_numpys_view(weight):
    np.asarray(weight)[0] *= 3


def through_a_view_of_data(weight):
    weight.data.view(-1)[4] += 1


def through_storage(weight):
    import torch

    torch.tensor([], dtype=weight.dtype).set_(weight.untyped_storage())[3] = 77


def through_dlpack(weight):
    np.from_dlpack(weight.detach())  # only looks
    import torch

    torch.from_dlpack(weight.detach()).fill_(8)


def data_exchanged(weight):
    import torch

    weight.data = torch.ones(2, 3)


def from_a_vector(weight):
    import torch

    torch.nn.utils.vector_to_parameters(torch.linspace(0, 1, 6), [weight])


def by_an_optimizer(weight):
    import torch

    weight.requires_grad_(True)
    weight.grad = torch.ones(2, 3)
    torch.optim.SGD([weight], 0.5).step()
    weight.requires_grad_(False)


WAYS = (through_numpy, through_numpys_view, through_a_view_of_data, through_storage, through_dlpack)
WAYS += (data_exchanged, from_a_vector, by_an_optimizer)


@on_torch
@pytest.mark.parametrize("change", WAYS)
def test_it_follows_what_is_written_past_pytorchs_count(change):
    doubled = Doubled()
    doubled()
    change(doubled.weight.value)
    doubled.check()
    doubled()
    times = doubled.times
    doubled()
    assert doubled.times == times  # nobody has the memory any more


@on_torch
def test_it_follows_an_alias_for_as_long_as_somebody_has_it():
    doubled = Doubled()
    alias = doubled.weight.value.data
    for number in range(3):
        alias.fill_(number)
        doubled.check()
    del alias
    doubled()
    times = doubled.times
    doubled()
    assert doubled.times == times


@on_torch
def test_reading_weights_changes_nothing_for_long():
    doubled = Doubled()
    copy.deepcopy(doubled.weight.value)
    for _ in range(2):
        np.asarray(doubled.weight).sum()
        doubled.check()
    doubled()
    times = doubled.times
    doubled()
    assert doubled.times == times


@on_torch
def test_a_weight_is_saved_as_a_plain_parameter(tmp_path):
    import torch

    doubled = Doubled()
    torch.save([doubled.weight.value], tmp_path / "weights.pt")
    (loaded,) = torch.load(tmp_path / "weights.pt", weights_only=True)
    assert type(loaded) is torch.nn.Parameter and not loaded.requires_grad
    np.testing.assert_array_equal(loaded, np.arange(6).reshape(2, 3))


@on_torch
def test_a_constant_keeps_nothing_of_a_call_on_shapes():
    from hublayer.lowering.backends.torch.tensors import tensor

    constant = np.arange(4, dtype="float32")
    with keras.device("meta"):
        assert tensor(constant).is_meta
    np.testing.assert_array_equal(tensor(constant).cpu(), constant)
