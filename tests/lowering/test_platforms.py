"""What another platform gets is chosen where the computation runs, and can be asked for anywhere."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import pytest

from hublayer.graph.ir import Function, Graph, Node, Parameter, Value
from hublayer.lowering.platforms import lowered_for, platform_of
from hublayer.lowering.registry import find_lowering, lowers, platform_lowerings
from hublayer.runtime.device_part import DevicePart
from lowering.backends import BACKEND, gradients, to_numpy, to_tensor
from lowering.case import floats
from lowering.test_lowerings import HERE

X = floats(2, 8, 8, 3)


def network() -> DevicePart:
    """A convolution and a pool, as a model holds them."""
    nodes = (
        Node("w", "ReadVariableOp", (Value("handle"),), {"dtype": "float32"}),
        Node("y", "Conv2D", (Value("x"), Value("w")), {"strides": [1, 1, 1, 1], "padding": "SAME"}),
        Node("z", "MaxPool", (Value("y"),), {"ksize": [1, 3, 3, 1], "strides": [1, 2, 2, 1], "padding": "SAME"}),
    )
    entry = Function("f", (Parameter("x", "float32"), Parameter("handle", "resource")), nodes, (Value("z"),))
    variables = {"v": keras.Variable(floats(3, 3, 3, 4, seed=1), name="w")}
    return DevicePart(Graph(entry, {}), [entry], {"handle": "v"}, variables, BACKEND)


def results(part: DevicePart) -> list[np.ndarray]:
    """The output, and the gradient of its sum."""
    (output,) = part([to_tensor(X)], None)
    (gradient,) = gradients(lambda given: part(given, None), [to_tensor(X)], [0], [np.ones(output.shape, "float32")])
    assert gradient is not None
    return [to_numpy(output), gradient]


def test_a_model_gives_and_trains_the_same_with_the_lowerings_of_another_platform():
    part = network()
    here = results(part)
    with lowered_for("accelerator"):
        elsewhere = results(part)
    for a, b in zip(here, elsewhere, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-4, atol=1e-5)


@pytest.mark.skipif(BACKEND == "tensorflow", reason="TensorFlow chooses its kernels itself")
def test_the_other_lowerings_are_the_ones_that_run(monkeypatch):
    from hublayer.lowering import registry

    own = platform_lowerings("Conv2D", BACKEND)
    assert "cpu" in own and find_lowering("Conv2D", BACKEND, "cpu") is own["cpu"]
    assert find_lowering("Conv2D", BACKEND, "tpu") is find_lowering("Conv2D", BACKEND) is not own["cpu"]

    monkeypatch.setattr(registry, "_REGISTRY", dict(registry._REGISTRY))
    seen = []

    @lowers("MaxPool", backend=BACKEND, platform="elsewhere")
    def max_pool(
        input: Any, *, ksize: Any, strides: Any, padding: str, explicit_paddings: Any = (), data_format: str = "NHWC"
    ) -> Any:
        seen.append(tuple(input.shape))
        return input

    part = network()
    assert part([to_tensor(X)], None)[0].shape == (2, 4, 4, 4) and not seen
    with lowered_for("elsewhere"):
        assert part([to_tensor(X)], None)[0].shape == (2, 8, 8, 4) and seen == [(2, 8, 8, 4)]
    assert part([to_tensor(X)], None)[0].shape == (2, 4, 4, 4) and len(seen) == 1


def test_a_platform_is_that_of_the_tensors():
    assert platform_of(BACKEND, []) == HERE
    with lowered_for("tpu"):
        assert platform_of(BACKEND, [to_tensor(X)]) == "tpu"
    if BACKEND == "torch":
        import torch

        assert platform_of(BACKEND, [np.zeros(2), torch.zeros(2, device="meta")]) == "meta"
    if BACKEND == "jax":
        import jax

        first = jax.devices("cpu")[0]
        with jax.default_device(first):
            assert platform_of(BACKEND, [to_tensor(X)]) == "cpu"
        assert platform_of(BACKEND, [jax.device_put(X, first)]) == "cpu"
        jax.jit(lambda x: [platform_of(BACKEND, [x])] and x)(X)  # a tracer has no device, and is not asked for one
