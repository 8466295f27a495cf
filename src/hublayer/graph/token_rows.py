"""Lay tokens out in rows: an array of n tokens and their segments becomes (rows, longest row) and row lengths.

What a combiner such as tf.nn.embedding_lookup_sparse takes has as many tokens as the batch happens to have. Laid out in
rows, padded to a few lengths, it has few shapes, and its first dimension is the batch's. The padding ends at the
combiner, which is told the lengths.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from hublayer.graph.ir import Function, Node, Parameter, Value
from hublayer.graph.parts import Partition
from hublayer.graph.passes.dead_code import drop_dead_code
from hublayer.graph.passes.unique_lookups import SEGMENT_COMBINE
from hublayer.graph.row_ids import is_ascending, row_counts

FLATTEN_ROWS = "hublayer>FlattenRows"
COMBINE_ROWS = "hublayer>CombineRows"
LOOK_UP_ROWS = "hublayer>LookUpRows"

# What a combiner gives for a row without tokens: zero, or the least or greatest value of the dtype.
_COMBINERS = {
    "SegmentSum": ("sum", "zero"),
    "SegmentSumV2": ("sum", "zero"),
    "SegmentMean": ("mean", "zero"),
    "SegmentMax": ("max", "zero"),
    "SegmentMin": ("min", "zero"),
    "UnsortedSegmentSum": ("sum", "zero"),
    "UnsortedSegmentMax": ("max", "bound"),
    "UnsortedSegmentMin": ("min", "bound"),
}
# Ops that work on each token by itself, with scalars beside it.
_TOKENWISE = frozenset(
    {
        "Abs", "Cast", "Elu", "Exp", "Identity", "LeakyRelu", "Log", "Log1p", "Neg", "Relu", "Relu6", "Rsqrt", "Selu",
        "Sigmoid", "Softplus", "Sqrt", "Square", "StopGradient", "Tanh",
    }
)  # fmt: skip
_BINARY = frozenset({"Add", "AddV2", "Maximum", "Minimum", "Mul", "RealDiv", "Sub"})
_LOOKUPS = frozenset({"ResourceGather", "GatherV2", "Gather"})


@dataclass(frozen=True)
class Rows:
    """A group of token arrays that share their segments; numbers are indices of `Partition.before.outputs`.

    tokens: the arrays that are laid out. segments: the row of each token. rows: how many rows there are: a number, the
    index of the output that says it, or None for the last segment plus one.
    """

    tokens: tuple[int, ...]
    segments: int
    rows: int | tuple[int] | None


@dataclass(frozen=True)
class LaidOut:
    """device: the device's function; its parameters after the entry's are those of `arguments`.

    arguments: ("plain", i), an output of `before` as it is; ("tokens", i), in rows; ("lengths", g), of `groups[g]`.
    """

    device: Function
    groups: tuple[Rows, ...]
    arguments: tuple[tuple[str, int], ...]


def lay_out_rows(cut: Partition) -> LaidOut:
    """The device's function of `cut` with tokens in rows wherever only combiners end them."""
    device = cut.device
    first = len(device.parameters) - len(cut.crossing)
    crossing = {p.name: index for p, index in zip(device.parameters[first:], cut.crossing, strict=True)}
    state = _Device(device, crossing)
    by_segments: dict[str, list[Node]] = {}
    for node in device.nodes:
        if (node.op in _COMBINERS or node.op == SEGMENT_COMBINE) and node.inputs[1].node in crossing:
            by_segments.setdefault(node.inputs[1].node, []).append(node)
    groups: list[Rows] = []
    lengths: dict[str, int] = {}
    tokens: set[str] = set()
    dropped: set[str] = set()
    for segments, combiners in by_segments.items():
        found = state.group(segments, combiners)
        if found is None:
            continue
        arrays, rows, unneeded = found
        lengths[segments] = len(groups)
        groups.append(Rows(tuple(crossing[name] for name in sorted(arrays)), crossing[segments], rows))
        tokens |= arrays
        dropped |= unneeded
        state.rewrite(segments, combiners, arrays)
    arguments, parameters = [], list(device.parameters[:first])
    for parameter in device.parameters[first:]:
        if parameter.name in dropped:
            continue
        parameters.append(parameter)
        if parameter.name in lengths:
            parameters[-1] = Parameter(parameter.name, "int32")
            arguments.append(("lengths", lengths[parameter.name]))
        else:
            arguments.append(("tokens" if parameter.name in tokens else "plain", crossing[parameter.name]))
    function = drop_dead_code(replace(device, parameters=tuple(parameters), nodes=tuple(state.nodes())))
    return LaidOut(function, tuple(groups), tuple(arguments))


class _Device:
    def __init__(self, function: Function, crossing: dict[str, int]):
        self._order = [node.name for node in function.nodes]
        self._nodes = {node.name: node for node in function.nodes}
        self._crossing = crossing
        self._outputs = {value.node for value in function.outputs}
        self._added: dict[str, list[Node]] = {}
        self._users: dict[str, set[str]] = {}
        for node in function.nodes:
            for value in node.inputs:
                self._users.setdefault(value.node, set()).add(node.name)

    def nodes(self) -> list[Node]:
        return [node for name in self._order for node in (*self._added.get(name, ()), self._nodes[name])]

    def group(self, segments: str, combiners: list[Node]) -> tuple[set[str], int | tuple[int] | None, set[str]] | None:
        """(token arrays, rows, parameters that are not needed any more); None if padding would be seen."""
        names = {node.name for node in combiners}
        if self._users[segments] - names or segments in self._outputs:
            return None
        sizes = {node.inputs[2] if len(node.inputs) > 2 else None for node in combiners}
        if len(sizes) > 1:
            return None
        size = sizes.pop()
        rows = self._rows(size)
        if rows is False:
            return None
        arrays: set[str] = set()
        inside: set[str] = set()
        for node in combiners:
            if not self._tokenwise(node.inputs[0], arrays, inside):
                return None
        if any(self._users.get(name, set()) - inside - names or name in self._outputs for name in arrays | inside):
            return None
        unneeded = set()
        if isinstance(rows, tuple) and size is not None and not self._users[size.node] - names:
            unneeded.add(size.node)
        return arrays, rows, unneeded  # type: ignore[return-value]

    def _rows(self, size: Value | None) -> int | tuple[int] | bool | None:
        if size is None:
            return None
        if size.node in self._crossing:
            return (self._crossing[size.node],)
        node = self._nodes.get(size.node)
        return int(node.attrs["value"]) if node is not None and node.op == "Const" else False

    def _tokenwise(self, value: Value, arrays: set[str], inside: set[str]) -> bool:
        """Whether `value` has one row for each token; fills the arrays it comes from and the nodes in between."""
        if value.node in self._crossing:
            arrays.add(value.node)
            return True
        node = self._nodes.get(value.node)
        if node is None:
            return False
        inside.add(node.name)
        if node.op in _TOKENWISE:
            return self._tokenwise(node.inputs[0], arrays, inside)
        if node.op in _LOOKUPS:
            return self._first_axis(node) and self._tokenwise(node.inputs[1], arrays, inside)
        if node.op in _BINARY:
            scalars = [self._is_scalar(v) for v in node.inputs]
            return sum(scalars) == 1 and self._tokenwise(node.inputs[scalars.index(False)], arrays, inside)
        return False

    def _first_axis(self, node: Node) -> bool:
        if node.attrs.get("batch_dims", 0) or node.inputs[0].node in self._crossing:
            return False
        axis = self._nodes.get(node.inputs[2].node) if node.op == "GatherV2" else None
        if node.op == "GatherV2" and (axis is None or axis.op != "Const"):
            return False
        return axis is None or int(axis.attrs["value"]) == 0

    def _is_scalar(self, value: Value) -> bool:
        node = self._nodes.get(value.node)
        return node is not None and node.op == "Const" and node.attrs["value"].size == 1

    def rewrite(self, segments: str, combiners: list[Node], arrays: set[str]) -> None:
        flat: dict[str, Value] = {}
        for node in combiners:
            combiner, empty = _COMBINERS.get(node.op, (node.attrs.get("combiner", "sum"), "zero"))
            attrs = {"combiner": combiner, "empty": empty}
            lookup = self._lookup(node.inputs[0], arrays)
            if lookup is not None and combiner in ("sum", "mean", "sqrtn"):
                inputs = (*self._table(lookup, node.name), lookup.inputs[1], Value(segments))
                self._nodes[node.name] = Node(node.name, LOOK_UP_ROWS, inputs, attrs, node.origin)
                continue
            self._flatten(node.inputs[0], arrays, flat)
            data = flat.get(node.inputs[0].node, node.inputs[0])
            self._nodes[node.name] = Node(node.name, COMBINE_ROWS, (data, Value(segments)), attrs, node.origin)

    def _lookup(self, value: Value, arrays: set[str]) -> Node | None:
        """The lookup of a token array that `value` is, if it is nothing else."""
        node = self._nodes.get(value.node)
        while node is not None and node.op == "Identity":
            node = self._nodes.get(node.inputs[0].node)
        return node if node is not None and node.op in _LOOKUPS and node.inputs[1].node in arrays else None

    def _table(self, lookup: Node, where: str) -> tuple[Value]:
        if lookup.op != "ResourceGather":
            return (lookup.inputs[0],)
        read = Node(
            f"{where}/table", "ReadVariableOp", (lookup.inputs[0],), {"dtype": lookup.attrs["dtype"]}, lookup.origin
        )
        self._added.setdefault(where, []).append(read)
        return (Value(read.name),)

    def _flatten(self, value: Value, arrays: set[str], flat: dict[str, Value]) -> None:
        """Put the token arrays behind `value` end to end again, for the nodes that work on each token."""
        if value.node in arrays:
            if value.node not in flat:
                name = f"{value.node}/flat"
                user = min(self._users[value.node], key=self._order.index)
                self._added.setdefault(user, []).insert(0, Node(name, FLATTEN_ROWS, (Value(value.node),), {}, ""))
                flat[value.node] = Value(name)
            return
        node = self._nodes[value.node]
        inputs = node.inputs[1:2] if node.op in _LOOKUPS else node.inputs
        for source in inputs:
            if source.node in arrays or (source.node in self._nodes and not self._is_scalar(source)):
                self._flatten(source, arrays, flat)
        moved = tuple(flat.get(source.node, source) for source in node.inputs)
        self._nodes[node.name] = replace(node, inputs=moved)


def in_rows(
    arrays: list[np.ndarray], segments: np.ndarray, rows: int | None, pad: Callable[[int], int] | None = None
) -> tuple[list[np.ndarray], np.ndarray]:
    """Token arrays (n, …) as arrays (rows, length, …), zeros at the ends, and the int32 length of each row.

    segments: int, shape (n,): each token's row; tokens of rows that do not exist are left out. rows: None for the
    last segment plus one. pad: what the longest row is padded to, given its length; by default nothing. A length is
    at least 1.
    """
    if segments.dtype != np.int64:
        segments = segments.astype(np.int64)
    if rows is None:
        rows = int(segments[-1]) + 1 if segments.size else 0
    if not is_ascending(segments):
        order = np.argsort(segments, kind="stable")
        segments, arrays = segments[order], [array[order] if len(array) != 1 else array for array in arrays]
    if segments.size and (segments[0] < 0 or segments[-1] >= rows):
        first, last = np.searchsorted(segments, (0, rows))
        segments, arrays = segments[first:last], [a[first:last] if len(a) != 1 else a for a in arrays]
    lengths = row_counts(segments, rows)
    length = max(int(lengths.max(initial=0)), 1)
    length = length if pad is None else pad(length)
    shifts = np.arange(0, rows * length, length)
    shifts -= np.cumsum(lengths) - lengths
    places = shifts.repeat(lengths)
    places += np.arange(segments.size)
    laid = []
    for array in arrays:
        out = np.zeros((rows * length, *array.shape[1:]), array.dtype)
        out[places] = array
        laid.append(out.reshape(rows, length, *array.shape[1:]))
    return laid, lengths.astype(np.int32)
