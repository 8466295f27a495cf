"""Ops that work element by element: one input, inputs that broadcast, inputs of one shape."""

from __future__ import annotations

from typing import Any

from values.drawers.registry import draws, draws_op
from values.drawing import Drawing


@draws("x", "input", "features", "t", "value", "logits", "images", "diagonal", "arr", "out_backprop", "tensor", "bytes")
def one(d: Drawing) -> list[Any]:
    """One tensor of any shape."""
    return [d.given(0, d.shape())]


@draws("x y", "y x", "a x", "x q", "x1 x2", "a b x", "t clip_value_min clip_value_max", "condition t e")
def broadcast(d: Drawing) -> list[Any]:
    """Tensors that broadcast; any of them may be the largest."""
    shape = d.shape()
    largest = d.whole(0, len(d.schema.inputs) - 1)
    return [d.given(i, shape if i == largest else d.broadcastable(shape)) for i in range(len(d.schema.inputs))]


@draws("y dy", "gradients outputs", "gradients features", "real imag", "gradients inputs")
@draws_op("ApproximateEqual", "FakeQuantWithMinMaxArgsGradient")
def alike(d: Drawing) -> list[Any]:
    """Tensors of one shape."""
    shape = d.shape()
    return [d.given(i, shape) for i in range(len(d.schema.inputs))]


@draws_op("Select")
def select(d: Drawing) -> list[Any]:
    """The condition is of the same shape, a scalar, or a vector for the rows."""
    shape = d.shape()
    condition = d.choose([shape, (), shape[:1]])
    return [d.given(0, condition), d.given(1, shape), d.given(2, shape)]


@draws("inputs")
@draws_op("AddN", "AccumulateNV2")
def several(d: Drawing) -> list[Any]:
    """A list of tensors of one shape, or one tensor where the input is no list."""
    shape = d.shape()
    if d.schema.inputs[0].length is None:
        return [d.given(0, shape)]
    if "shape" in d.schema.attrs:
        d.attrs["shape"] = shape
    return [[d.given(0, shape) for _ in range(d.whole(1, 3))]]


@draws_op("Cross")
def cross(d: Drawing) -> list[Any]:
    """Vectors of three numbers."""
    shape = (*d.shape(0, 3), 3)
    return [d.given(0, shape), d.given(1, shape)]


@draws_op("Bitcast")
def bitcast(d: Drawing) -> list[Any]:
    """To a smaller dtype, or to a larger one, whose parts are the last dimension."""
    shape = d.shape()
    if d.flag():
        shape = (*shape, d.choose([2, 4, 8]))
    return [d.given(0, shape)]


@draws_op("Bucketize")
def bucketize(d: Drawing) -> list[Any]:
    """Boundaries in order."""
    d.attrs["boundaries"] = sorted(float(d.choose([0.0, 1.0, -1.0, 2.5, 0.5, 3.0])) for _ in range(d.whole(0, 4)))
    return [d.given(0, d.shape())]


@draws_op("LeakyRelu", "LeakyReluGrad")
def leaky(d: Drawing) -> list[Any]:
    """Slopes below and above one."""
    d.attrs["alpha"] = d.choose([0.2, 0.0, 1.0, 1.5, -0.5])
    shape = d.shape()
    return [d.given(i, shape) for i in range(len(d.schema.inputs))]


@draws_op("Xdivy", "Xlogy", "Xlog1py", "DivNoNan", "MulNoNan")
def with_zeros(d: Drawing) -> list[Any]:
    """Zeros are what these ops are about."""
    return broadcast(d)


@draws_op("Print", "CheckNumerics", "CheckNumericsV2", "Assert", "PrintV2")
def effect(d: Drawing) -> list[Any]:
    """Ops that look at what they pass on."""
    inputs: list[Any] = [d.given(0, d.shape())]
    if len(d.schema.inputs) == 2:
        inputs.append([d.array("float32", d.shape(0, 2))])
    return inputs


@draws_op("IdentityN", "ShapeN")
def any_list(d: Drawing) -> list[Any]:
    """A list of tensors of any shapes."""
    if d.schema.inputs[0].dtype:
        return [[d.given(0, d.shape()) for _ in range(d.whole(1, 3))]]
    return [[d.array(d.choose(["float32", "int32", "bool"]), d.shape()) for _ in range(d.whole(1, 3))]]


@draws_op("EnsureShape", "PlaceholderWithDefault")
def shaped(d: Drawing) -> list[Any]:
    """A shape that fits, some of its dimensions unknown."""
    shape = d.shape()
    d.attrs["shape"] = tuple(None if d.flag() else size for size in shape)
    return [d.given(0, shape)]
