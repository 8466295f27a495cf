"""Scales of channels folded into filters: the same numbers with a pass less, and only where that is so."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from hublayer.graph.ir import Function, Node, Parameter, Value
from hublayer.graph.passes.channel_scales import fold_channel_scales
from hublayer.lowering.execute import Executable, Run, VariableHandle
from lowering.backends import BACKEND, gradients, to_numpy, to_tensor
from lowering.case import floats

X = floats(2, 5, 6, 4, seed=1)
FILTERS = {"Conv2D": floats(3, 3, 4, 6, seed=2), "DepthwiseConv2dNative": floats(3, 3, 4, 2, seed=3)}
CHANNELS = {"Conv2D": 6, "DepthwiseConv2dNative": 8}


def normalised(op: str, *, swapped: bool = False, shared: bool = False, moving: bool = False, layout: str = "NHWC"):
    """conv(x, w) · f + (offset - mean · f) with f = scale / sqrt(variance + 0.001), as Keras 3 writes it.

    swapped: the factors in the other order. shared: the convolution is an output too. moving: f depends on x.
    """
    names = ("w", "scale", "offset", "mean", "variance")
    nodes = [Node(f"read_{name}", "ReadVariableOp", (Value(name),), {"dtype": "float32"}) for name in names]

    def add(name: str, kind: str, *inputs: str, **attrs: Any) -> None:
        nodes.append(Node(name, kind, tuple(map(Value, inputs)), attrs))

    add("epsilon", "Const", value=np.float32(1e-3))
    add("conv", op, "x", "read_w", strides=[1, 1, 1, 1], padding="SAME", data_format=layout)
    add("shifted", "AddV2", "read_variance", "epsilon")
    if moving:
        add("axes", "Const", value=np.int32([0, 1, 2, 3]))
        add("level", "Sum", "x", "axes")
        add("root", "Rsqrt", "shifted")
        add("rsqrt", "Mul", "root", "level")
    else:
        add("rsqrt", "Rsqrt", "shifted")
    add("f", "Mul", "rsqrt", "read_scale")
    add("product", "Mul", *(("f", "conv") if swapped else ("conv", "f")))
    add("weighted", "Mul", "read_mean", "f")
    add("rest", "Sub", "read_offset", "weighted")
    add("y", "AddV2", *(("rest", "product") if swapped else ("product", "rest")), T="float32")
    parameters = (Parameter("x", "float32"), *(Parameter(name, "resource") for name in names))
    outputs = (Value("y"), Value("conv")) if shared else (Value("y"),)
    return Function("f", parameters, tuple(nodes), outputs)


def variables(op: str, channels: int | None = None) -> dict[str, np.ndarray]:
    """Values for the parameters."""
    channels = channels or CHANNELS[op]
    vectors = {
        name: floats(channels, seed=i, low=0.5) for i, name in enumerate(("scale", "offset", "mean", "variance"))
    }
    return {"w": FILTERS[op], **vectors}


def shapes(values: dict[str, np.ndarray]) -> dict[str, tuple[int, ...]]:
    return {name: value.shape for name, value in values.items()}


def run(function: Function, values: dict[str, Any], x: Any) -> list[Any]:
    """The outputs on the backend."""
    handles = [VariableHandle(name) for name in ("w", "scale", "offset", "mean", "variance")]
    return Executable(function, BACKEND)(Run(dict(values), {}.__getitem__), [x, *handles])


@pytest.mark.parametrize("swapped", [False, True])
@pytest.mark.parametrize("op", sorted(FILTERS))
def test_a_folded_scale_gives_the_same(op, swapped):
    values = variables(op)
    function = normalised(op, swapped=swapped)
    folded = fold_channel_scales(function, shapes(values))
    assert [node.op for node in folded.nodes if node.name in ("product", "y")] == [op, "BiasAdd"]
    assert "conv" not in {node.name for node in folded.nodes}
    tensors = {name: to_tensor(value) for name, value in values.items()}
    (expected,), (found,) = run(function, tensors, to_tensor(X)), run(folded, tensors, to_tensor(X))
    np.testing.assert_allclose(to_numpy(found), to_numpy(expected), rtol=1e-5, atol=1e-5)

    def of_weights(each: Function) -> list[np.ndarray]:
        given = [to_tensor(value) for value in (X, *values.values())]
        places = list(range(len(given)))
        weight = floats(*to_numpy(expected).shape, seed=9)
        return gradients(lambda t: run(each, dict(zip(values, t[1:], strict=True)), t[0]), given, places, [weight])

    for a, b in zip(of_weights(folded), of_weights(function), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-4, atol=1e-4 * max(1.0, np.abs(b).max()))


@pytest.mark.parametrize("op", sorted(FILTERS))
@pytest.mark.parametrize("options", [{"shared": True}, {"moving": True}, {"layout": "NCHW"}])
def test_what_would_not_be_the_same_stays(op, options):
    function = normalised(op, **options)
    assert fold_channel_scales(function, shapes(variables(op))) is function


@pytest.mark.parametrize("op", sorted(FILTERS))
def test_other_shapes_and_large_filters_stay(op):
    function, values = normalised(op), variables(op)
    known = shapes(values)
    assert fold_channel_scales(function, shapes(variables(op, 1))) is function
    assert fold_channel_scales(function, {**known, "scale": (1, 1, 1, CHANNELS[op])}) is function
    assert fold_channel_scales(function, {**known, "w": (3, 3, None, 6)}) is function
    assert fold_channel_scales(function, {**known, "w": None}) is function
    assert fold_channel_scales(function, known, largest=FILTERS[op].size - 1) is function
    assert fold_channel_scales(function, known, largest=FILTERS[op].size) is not function


def test_a_scale_through_many_ops():
    values = variables("Conv2D")
    function = normalised("Conv2D")
    chain = [Node(f"same_{i}", "Identity", (Value(f"same_{i - 1}" if i else "f"),), {}) for i in range(5_000)]
    at = next(i for i, node in enumerate(function.nodes) if node.name == "product")
    product = replace(function.nodes[at], inputs=(Value("conv"), Value(chain[-1].name)))
    nodes = (*function.nodes[:at], *chain, product, *function.nodes[at + 1 :])
    folded = fold_channel_scales(replace(function, nodes=nodes), shapes(values))
    assert "conv" not in {node.name for node in folded.nodes}
