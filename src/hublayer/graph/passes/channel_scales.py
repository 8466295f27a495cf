"""Fold a scale for each channel into the filter of the convolution before it.

Keras 3 writes batch normalisation with fixed statistics as a product and a sum, x · f + (offset - mean · f), which are
two passes over the activations. With conv(x, w) · f as conv(x, w · f), what is left depends on weights alone, so that
it can be computed once, and the sum becomes a BiasAdd, which backends fuse.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from hublayer.graph.ir import Function, Node, Value
from hublayer.savedmodel.specs import Shape

_CONVOLUTIONS = frozenset({"Conv2D", "DepthwiseConv2dNative"})
_ELEMENTWISE = frozenset({"Add", "AddV2", "Identity", "Mul", "Neg", "RealDiv", "Rsqrt", "Sqrt", "Sub"})


def fold_channel_scales(function: Function, shapes: Mapping[str, Shape], largest: int | None = None) -> Function:
    """`function` with scales in filters. shapes: of the variables that its parameters hold, by the parameters' names.
    largest: numbers in the largest filter that is scaled, None for all.

    Only where the filter is a variable, channels come last, the scale is a vector that depends on variables and
    constants alone, and nothing else uses the convolution.
    """
    state = _Folding(function, shapes, largest)
    nodes: list[Node] = []
    for node in function.nodes:
        nodes += state.scaled(node) or state.with_bias(node) or [node]
    # The filter must follow the scale: a convolution has moved to where its product stood.
    kept = tuple(node for node in nodes if node.name not in state.moved)
    return replace(function, nodes=kept) if state.moved else function


class _Folding:
    def __init__(self, function: Function, shapes: Mapping[str, Shape], largest: int | None):
        self._largest = largest
        self._producers = {node.name: node for node in function.nodes}
        self._shapes = shapes
        self._uses = Counter(value for node in function.nodes for value in node.inputs)
        self._uses.update(function.outputs)
        self._lengths: dict[str, int | None] = {}
        for node in function.nodes:  # in order, so that those of a node's inputs are known
            self._lengths[node.name] = self._length_of(node)
        self._channels: dict[str, int] = {}  # of the products that have become convolutions
        self.moved: set[str] = set()

    def scaled(self, node: Node) -> list[Node] | None:
        """The nodes for a product of a convolution and a scale."""
        if node.op != "Mul":
            return None
        for source, scale in (node.inputs, node.inputs[::-1]):
            conv = self._producers.get(source.node)
            if conv is None or conv.op not in _CONVOLUTIONS or self._uses[source] != 1:
                continue
            if conv.attrs.get("data_format", "NHWC") != "NHWC":
                continue
            channels = self._output_channels(conv)
            if channels is None or self._length(scale) != channels:
                continue
            self.moved.add(conv.name)
            self._channels[node.name] = channels
            return self._folded(conv, node, scale)
        return None

    def with_bias(self, node: Node) -> list[Node] | None:
        """A BiasAdd for a sum of a scaled convolution and a vector."""
        if node.op not in ("Add", "AddV2"):
            return None
        for source, bias in (node.inputs, node.inputs[::-1]):
            channels = self._channels.get(source.node)
            if channels is not None and channels == self._length(bias):
                attrs = {"data_format": "NHWC", "T": node.attrs.get("T", "float32")}
                return [Node(node.name, "BiasAdd", (source, bias), attrs, node.origin)]
        return None

    def _output_channels(self, conv: Node) -> int | None:
        read = self._producers.get(conv.inputs[1].node)
        if read is None or read.op != "ReadVariableOp":
            return None
        shape = self._shapes.get(read.inputs[0].node)
        if shape is None or len(shape) != 4 or None in shape:
            return None
        height, width, inner, outer = (int(dim or 0) for dim in shape)
        if self._largest is not None and height * width * inner * outer > self._largest:
            return None
        return inner * outer if conv.op == "DepthwiseConv2dNative" else outer

    def _length(self, value: Value) -> int | None:
        return self._lengths.get(value.node)

    def _length_of(self, node: Node) -> int | None:
        """The length of a vector that depends on variables and constants alone; 1 for a scalar, None for all else."""
        if node.op == "Const":
            array = node.attrs["value"]
            return int(array.size) if array.ndim <= 1 and array.dtype.kind == "f" else None
        if node.op == "ReadVariableOp":
            shape = self._shapes.get(node.inputs[0].node)
            return shape[0] if shape is not None and len(shape) == 1 else None
        if node.op not in _ELEMENTWISE:
            return None
        lengths = {self._length(each) for each in node.inputs}
        if None in lengths or len(lengths - {1}) > 1:
            return None
        return max(length for length in lengths if length is not None)

    def _folded(self, conv: Node, product: Node, scale: Value) -> list[Node]:
        base = f"{product.name}/folded"
        nodes: list[Node] = []
        if conv.op == "DepthwiseConv2dNative":  # its filter is (height, width, channels, multiplier)
            shape = self._shapes[self._producers[conv.inputs[1].node].inputs[0].node]
            by_channel = np.array((shape or ())[2:], np.int32)
            nodes.append(Node(f"{base}/channels", "Const", (), {"value": by_channel}, product.origin))
            inputs = (scale, Value(f"{base}/channels"))
            nodes.append(Node(f"{base}/scale", "Reshape", inputs, {}, product.origin))
            scale = Value(f"{base}/scale")
        nodes.append(Node(f"{base}/filter", "Mul", (conv.inputs[1], scale), {}, product.origin))
        inputs = (conv.inputs[0], Value(f"{base}/filter"))
        return [*nodes, Node(product.name, conv.op, inputs, conv.attrs, conv.origin)]
