"""A body while it is built: nodes with their control edges, before they are put in an order."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from hublayer.errors import CorruptSavedModelError
from hublayer.graph.ir import Function, Node, Parameter, Value
from hublayer.graph.op_schema import op_schema


@dataclass(frozen=True, slots=True)
class Wired:
    """A node, and the names of the nodes that have to run before it although it takes nothing from them."""

    node: Node
    controls: tuple[str, ...] = ()

    def sources(self) -> Iterator[str]:
        """Names of the nodes it waits for, those of its inputs first."""
        yield from (value.node for value in self.node.inputs)
        yield from self.controls


def ordered(
    nodes: Mapping[str, Wired],
    roots: Iterable[str],
    where: str,
    sources: Callable[[Wired], Iterable[str]] = Wired.sources,
) -> list[Wired]:
    """The nodes that `roots` need, data and control inputs first. Names that are not in `nodes` count as given.

    Raises CorruptSavedModelError, naming `where`, if a node depends on itself.
    """
    order: list[Wired] = []
    done: set[str] = set()
    open_: set[str] = set()
    stack: list[tuple[str, bool]] = [(root, False) for root in reversed(list(roots))]
    while stack:
        name, leaving = stack.pop()
        if leaving:
            open_.discard(name)
            done.add(name)
            order.append(nodes[name])
            continue
        if name in done or name not in nodes:
            continue
        if name in open_:
            raise CorruptSavedModelError(f"{where}: the node {name!r} depends on itself.")
        open_.add(name)
        stack.append((name, True))
        for producer in reversed(list(sources(nodes[name]))):
            if producer in open_ and producer in nodes:
                raise CorruptSavedModelError(f"{where}: the node {producer!r} depends on itself.")
            if producer not in done:
                stack.append((producer, False))
    return order


@dataclass
class Body:
    """Nodes by name, of which some were replaced: `values` and `names` say by what.

    nodes may hold more than the body needs. where: what messages call it.
    """

    where: str
    nodes: dict[str, Wired]
    values: dict[Value, Value] = field(default_factory=dict)
    names: dict[str, str] = field(default_factory=dict)

    def value(self, value: Value) -> Value:
        """What stands for `value` now."""
        while value in self.values:
            value = self.values[value]
        return value

    def inputs(self, wired: Wired) -> tuple[Value, ...]:
        """The inputs of a node as they are now."""
        return tuple(map(self.value, wired.node.inputs))

    def name(self, name: str) -> str:
        """What stands for the node `name` now, where one waits for it."""
        while name in self.names:
            name = self.names[name]
        return name

    def controls(self, wired: Wired) -> Iterator[str]:
        """Names of the nodes that have to run before a node although it takes nothing from them."""
        return map(self.name, wired.controls)

    def sources(self, wired: Wired) -> Iterator[str]:
        """Names of the nodes that a node waits for."""
        yield from (value.node for value in self.inputs(wired))
        yield from self.controls(wired)

    def constant(self, value: Value) -> Node | None:
        """The constant that `value` is, also behind Identity and Enter; None if it is something else."""
        while value.node in self.nodes:
            node = self.nodes[value.node].node
            if node.op == "Const":
                return node
            if node.op not in ("Identity", "Enter") or not node.inputs:
                return None
            value = self.value(node.inputs[0])
        return None

    def dtype(self, value: Value) -> str:
        """The dtype of `value` as its node's attributes tell it; ``unknown`` if they do not."""
        if value.node not in self.nodes:
            return "unknown"
        node = self.nodes[value.node].node
        schema = op_schema(node.op)
        dtypes: list[str] = []
        for output in schema.outputs if schema else ():
            given = node.attrs.get(output.dtype) if output.dtype else None
            if isinstance(given, list | tuple):
                dtypes += given
                continue
            length = node.attrs.get(output.length, 0) if output.length else 1
            dtypes += [given or "unknown"] * (length if isinstance(length, int) else len(length))
        return dtypes[value.index] if value.index < len(dtypes) else "unknown"

    def function(
        self, name: str, parameters: Sequence[Parameter], outputs: Iterable[Value], effects: Iterable[str] = ()
    ) -> Function:
        """The nodes that `outputs` and the nodes `effects` need, in an order in which they can run."""
        results = tuple(map(self.value, outputs))
        roots = [*(value.node for value in results), *map(self.name, effects)]
        order = ordered(self.nodes, roots, self.where, self.sources)
        nodes = tuple(replace(wired.node, inputs=self.inputs(wired)) for wired in order)
        return Function(name, tuple(parameters), nodes, results)


@dataclass
class Captures:
    """What functions made out of one part of a body take from the outside: the same parameters for all of them.

    Small constants are not passed but repeated inside, so that what depends on them can be computed ahead there too.
    """

    body: Body
    taken: dict[Value, Parameter] = field(default_factory=dict)

    def inside(self, value: Value) -> Value | Node:
        """What stands for the outside's `value` in a function: a parameter's value, or a constant to be repeated."""
        constant = self.body.constant(value)
        if constant is not None:
            return constant
        if value not in self.taken:
            name = f"{value.node}/captured_{value.index}"
            self.taken[value] = Parameter(name, self.body.dtype(value))
        return Value(self.taken[value].name)


def extract(
    body: Body,
    outputs: Iterable[Value],
    effects: Iterable[str],
    place: Callable[[Value], Value | Node],
    is_inside: Callable[[str], bool],
) -> tuple[Body, tuple[Value, ...]]:
    """The part of `body` that computes `outputs` and runs the nodes `effects`, and its own outputs.

    place: for a value of the body, the value that stands for it inside, or a constant to be repeated there.
    is_inside: whether a node of the body belongs to the part; control edges that lead out of it are dropped.
    """
    found: dict[str, Wired] = {}
    pending: list[str] = list(effects)

    def placed(value: Value) -> Value:
        inner = place(body.value(value))
        if isinstance(inner, Node):
            found.setdefault(inner.name, Wired(inner))
            return Value(inner.name)
        if inner.node in body.nodes and is_inside(inner.node):
            pending.append(inner.node)
        return inner

    results = tuple(placed(value) for value in outputs)
    while pending:
        name = pending.pop()
        if name in found:
            continue
        wired = body.nodes[name]
        controls = tuple(control for control in body.controls(wired) if control in body.nodes and is_inside(control))
        found[name] = wired  # before its inputs, which may lead back here in a damaged file
        found[name] = Wired(replace(wired.node, inputs=tuple(map(placed, wired.node.inputs))), controls)
        pending += controls
    return Body(body.where, found), results
