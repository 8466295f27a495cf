"""Fold batch normalisation with fixed statistics into the convolution before it."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import numpy as np

from hublayer.graph.ir import Function, Node, Value
from hublayer.ops.traits import facts

_NORMS = frozenset({"FusedBatchNorm", "FusedBatchNormV2", "FusedBatchNormV3"})
_CONVOLUTIONS = frozenset({"Conv2D", "DepthwiseConv2dNative"})
_EPSILON = 1e-4  # the op's default


def fold_batch_norm(function: Function) -> Function:
    """conv(x, w) normalised becomes conv(x, w · f) + (offset - mean · f), with f = scale / sqrt(variance + epsilon).

    Only where the convolution feeds nothing else, the statistics do not depend on the function's inputs, and channels
    come last. What is left of the normalisation depends on weights alone, so that it can be computed once.
    """
    producers = {node.name: node for node in function.nodes}
    uses = Counter(value for node in function.nodes for value in node.inputs)
    uses.update(function.outputs)
    fixed = fixed_values(function)
    folded = {
        node.inputs[0].node: node
        for node in function.nodes
        if node.op in _NORMS and _foldable(node, producers, uses, fixed)
    }
    if not folded:
        return function
    norms = {norm.name: producers[conv] for conv, norm in folded.items()}
    nodes: list[Node] = []
    for node in function.nodes:
        if node.name in folded:
            continue  # its filter must follow the statistics, so it moves to where the normalisation stood
        if node.name in norms:
            nodes += _folded(norms[node.name], node)
        else:
            nodes.append(node)
    return replace(function, nodes=tuple(nodes))


def fixed_values(function: Function) -> frozenset[str]:
    """Names of nodes that depend on variables and constants only, and give the same whenever they run."""
    fixed: set[str] = set()
    captured = {parameter.name for parameter in function.parameters if parameter.dtype == "resource"}
    for node in function.nodes:
        if node.op in _SOURCES or (
            node.inputs
            and facts(node.op).follows_from_weights
            and all(value.node in fixed or value.node in captured for value in node.inputs)
        ):
            fixed.add(node.name)
    return frozenset(fixed)


_SOURCES = frozenset({"Const", "VarHandleOp"})


def _foldable(node: Node, producers: dict[str, Node], uses: Counter[Value], fixed: frozenset[str]) -> bool:
    source = node.inputs[0]
    conv = producers.get(source.node)
    return (
        conv is not None
        and conv.op in _CONVOLUTIONS
        and not node.attrs.get("is_training", True)
        and node.attrs.get("data_format", "NHWC") == "NHWC"
        and conv.attrs.get("data_format", "NHWC") == "NHWC"
        and uses[source] == 1
        and all(uses[Value(node.name, i)] == 0 for i in range(1, 6))
        and all(value.node in fixed for value in node.inputs[1:5])
        and conv.inputs[1].node in fixed
    )


def _folded(conv: Node, norm: Node) -> list[Node]:
    _, scale, offset, mean, variance = norm.inputs[:5]
    base = f"{norm.name}/folded"
    dtype = norm.attrs.get("U") or "float32"
    epsilon = np.asarray(norm.attrs.get("epsilon", _EPSILON), dtype)

    def node(name: str, op: str, *inputs: Value, **attrs: object) -> Node:
        return Node(f"{base}/{name}", op, inputs, attrs, norm.origin)

    def value(name: str) -> Value:
        return Value(f"{base}/{name}")

    nodes = [
        node("epsilon", "Const", value=epsilon),
        node("variance", "AddV2", variance, value("epsilon")),
        node("deviation", "Rsqrt", value("variance")),
        node("factor", "Mul", scale, value("deviation")),
        node("shift", "Mul", mean, value("factor")),
        node("bias", "Sub", offset, value("shift")),
    ]
    factor = value("factor")
    if conv.op == "DepthwiseConv2dNative":  # its filter is (height, width, channels, multiplier)
        nodes += [
            node("filter_shape", "Shape", conv.inputs[1]),
            node("begin", "Const", value=np.array([2], np.int32)),
            node("size", "Const", value=np.array([2], np.int32)),
            node("channels", "Slice", value("filter_shape"), value("begin"), value("size")),
            node("factor_by_channel", "Reshape", factor, value("channels")),
        ]
        factor = value("factor_by_channel")
    nodes += [
        node("filter", "Mul", conv.inputs[1], factor),
        Node(f"{base}/conv", conv.op, (conv.inputs[0], value("filter")), conv.attrs, conv.origin),
        Node(norm.name, "BiasAdd", (value("conv"), value("bias")), {"data_format": "NHWC"}, norm.origin),
    ]
    return nodes
