"""XLA's random bits, and dimensions of a size that is set."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from hublayer.graph.ir import Function, Node, Parameter, Value
from hublayer.lowering.execute import Executable, Run
from lowering.backends import BACKEND, gradients, to_numpy, to_tensor
from lowering.case import floats
from lowering.test_random import constant, draw


@pytest.mark.parametrize("name", ["int32", "int64"])
@pytest.mark.parametrize("algorithm", [0, 1, 2])
def test_bits_are_a_function_of_the_state_which_moves_on(name, algorithm):
    def drawn(state: Any) -> list[np.ndarray]:
        inputs = {
            "algorithm": np.int32(algorithm),
            "initial_state": np.asarray(state).astype("int64"),
            "shape": np.int32([50, 60]),
        }
        return [to_numpy(x) for x in draw("XlaRngBitGenerator", inputs, {"dtype": name})]

    state, bits = drawn([5, 7, 1])
    assert bits.shape == (50, 60) and (bits == drawn([5, 7, 1])[1]).all()
    assert (bits == drawn(state)[1]).mean() < 0.01
    width = np.iinfo(bits.dtype).bits
    set_bits = (bits.astype(np.int64)[..., None] >> np.arange(width)) & 1
    assert np.abs(set_bits.mean((0, 1)) - 0.5).max() < 0.05


def test_a_dimension_ends_at_its_set_size():
    x = floats(4, 5)
    nodes = (constant("axis", np.int32(1)), constant("size", np.int32(3)))
    node = Node("op", "XlaSetDynamicDimensionSize", (Value("x"), Value("axis"), Value("size")), {}, "test")
    function = Function("test", (Parameter("x", "float32"),), (*nodes, node), (Value("op"),))
    executable = Executable(function, BACKEND)

    def run(given: Any) -> list[Any]:
        return executable(Run({}, {}.__getitem__), given)

    np.testing.assert_array_equal(to_numpy(run([to_tensor(x)])[0]), x[:, :3])
    (gradient,) = gradients(run, [to_tensor(x)], [0], [np.ones((4, 3), np.float32)])
    np.testing.assert_array_equal(gradient, np.float32([[1, 1, 1, 0, 0]] * 4))


def test_the_gradient_passes_lower_precision_unchanged():
    attrs = {"exponent_bits": 5, "mantissa_bits": 10}
    node = Node("op", "XlaReducePrecision", (Value("x"),), attrs, "test")
    executable = Executable(Function("test", (Parameter("x", "float32"),), (node,), (Value("op"),)), BACKEND)
    weight = floats(6, seed=1)
    (gradient,) = gradients(
        lambda given: executable(Run({}, {}.__getitem__), given), [to_tensor(floats(6))], [0], [weight]
    )
    np.testing.assert_array_equal(gradient, weight)
