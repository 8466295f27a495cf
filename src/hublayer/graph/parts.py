"""Make the functions of a graph that is cut between host and device: one for each turn of a side."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from hublayer.graph.effects import has_effect
from hublayer.graph.ir import Function, Node, Parameter, Value
from hublayer.graph.node_dtypes import output_dtypes
from hublayer.graph.passes.dead_code import drop_dead_code

# The first turns: the host's before the weights, and the device's. Even turns are the host's.
BEFORE = 0
DEVICE = 1

# Where a value comes from: "input" (a parameter of the entry function), "before", "device", or the number of a later
# part; and which of its values.
Place = tuple[str | int, int]


@dataclass(frozen=True)
class Part:
    """What one side computes after `Partition.device`.

    inputs: where the function's parameters come from. Resources among the entry's parameters keep their names.
    """

    on_host: bool
    function: Function
    inputs: tuple[Place, ...]


@dataclass(frozen=True)
class Partition:
    """The functions of a graph that is cut; `before` may be None.

    before: parameters of the entry function → `before.outputs`. device: first those parameters of the entry function
    that are not in `host_only`, in order, then one for each of `crossing`, outputs of `before`. later: what follows,
    host and device in turn. outputs: where each output of the entry function comes from.
    """

    before: Function | None
    device: Function
    host_only: frozenset[str]
    crossing: tuple[int, ...]
    later: tuple[Part, ...]
    outputs: tuple[Place, ...]

    def on_device(self) -> list[Function]:
        """The functions that the device runs."""
        return [self.device, *(part.function for part in self.later if not part.on_host)]


def cut(
    function: Function, levels: Mapping[str, int], copied: frozenset[str], host_parameters: frozenset[str]
) -> Partition:
    """The functions. levels: the turn of each node. copied: nodes that stand in every part that needs them."""
    return _Cut(function, levels, copied, host_parameters).partition()


class _Cut:
    def __init__(
        self,
        function: Function,
        levels: Mapping[str, int],
        copied: frozenset[str],
        host_parameters: frozenset[str],
    ):
        self._function = function
        self._levels = {name: level for name, level in levels.items() if name not in copied}
        self._copied = copied
        self._host_parameters = host_parameters
        self._parameters = {p.name: i for i, p in enumerate(function.parameters)}
        self._nodes = {node.name: node for node in function.nodes}
        self._dtypes = {node.name: output_dtypes(node) for node in function.nodes}
        self._dtypes |= {p.name: [p.dtype] for p in function.parameters}

    def _level(self, value: Value) -> int | None:
        """The turn whose part computes the value; None for inputs, which every part can have."""
        if value.node in self._parameters:
            return BEFORE if value.node in self._host_parameters else None
        return self._levels.get(value.node, DEVICE + 1)  # a constant that is an output

    def _body(self, level: int, wanted: Iterable[Value]) -> list[Node]:
        """The nodes of one turn, with those that are copied there."""
        kept = {name for name, found in self._levels.items() if found == level}
        pending = [value.node for name in kept for value in self._nodes[name].inputs]
        pending += [value.node for value in wanted]
        while pending:
            name = pending.pop()
            if name in self._copied and name not in kept:
                kept.add(name)
                pending += [value.node for value in self._nodes[name].inputs]
        return [node for node in self._function.nodes if node.name in kept]

    def partition(self) -> Partition:
        outputs = self._function.outputs
        turns = sorted({BEFORE, DEVICE, *self._levels.values(), *filter(None, map(self._level, outputs))})
        constants = [value for value in outputs if value.node in self._copied]
        bodies = {level: self._body(level, constants if level == DEVICE + 1 else ()) for level in turns}
        taken: dict[int, list[Value]] = {}
        wanted: dict[int, list[Value]] = {level: [] for level in turns}
        for level in turns:
            inside = {node.name for node in bodies[level]}
            values = [v for node in bodies[level] for v in node.inputs if v.node not in inside]
            taken[level] = list(dict.fromkeys(values))
        for value in (*(v for level in turns if level > BEFORE for v in taken[level]), *outputs):
            source = self._level(value)
            if source is not None and value not in wanted[source]:
                wanted[source].append(value)
        first = self._stage("before", bodies[BEFORE], self._function.parameters, {}, wanted[BEFORE])
        used = {value.node for value in taken[DEVICE]} - self._host_parameters
        host_only = frozenset(name for name in self._parameters if name not in used)
        crossing = [value for value in taken[DEVICE] if self._level(value) is not None]
        own = tuple(p for p in self._function.parameters if p.name not in host_only)
        names = {value: f"{value.node}/crossing_{value.index}" for value in crossing}
        parameters = (*own, *(self._parameter(value, names) for value in crossing))
        device = self._stage("device", bodies[DEVICE], parameters, names, wanted[DEVICE])
        later_turns = [level for level in turns if level > DEVICE and bodies[level]]

        def place(value: Value) -> Place:
            source = self._level(value)
            if source is None:
                return "input", self._parameters[value.node]
            names: dict[int, str | int] = {BEFORE: "before", DEVICE: "device"}
            part = names[source] if source in names else later_turns.index(source)
            return part, wanted[source].index(value)

        later = []
        for level in later_turns:
            names = {v: f"{v.node}/crossing_{v.index}" for v in taken[level] if self._level(v) is not None}
            parameters = tuple(self._parameter(value, names) for value in taken[level])
            made = self._stage(f"later_{level - DEVICE}", bodies[level], parameters, names, wanted[level])
            later.append(Part(level % 2 == BEFORE % 2, made, tuple(map(place, taken[level]))))
        return Partition(
            first if first.outputs or any(map(has_effect, first.nodes)) else None,
            device,
            host_only,
            tuple(wanted[BEFORE].index(value) for value in crossing),
            tuple(later),
            tuple(map(place, outputs)),
        )

    def _parameter(self, value: Value, names: Mapping[Value, str]) -> Parameter:
        dtypes = self._dtypes[value.node]  # none for an op that is not known, which is refused later
        dtype = dtypes[value.index] if value.index < len(dtypes) else "unknown"
        return Parameter(names.get(value, value.node), dtype)

    def _stage(
        self,
        name: str,
        nodes: Iterable[Node],
        parameters: tuple[Parameter, ...],
        names: Mapping[Value, str],
        outputs: Iterable[Value],
    ) -> Function:
        def moved(value: Value) -> Value:
            return Value(names[value]) if value in names else value

        body = tuple(replace(node, inputs=tuple(map(moved, node.inputs))) for node in nodes)
        return drop_dead_code(Function(f"{self._function.name}/{name}", parameters, body, tuple(map(moved, outputs))))
