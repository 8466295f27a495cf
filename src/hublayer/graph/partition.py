"""Cut a graph in three: what strings need runs on the host before the weights, or after them; the rest on the device.

Before: every op on strings, tables, parsing and the like that depends on no weight, whatever such an op needs, and
all integers, booleans and dynamic shapes that follow from strings without touching a weight. After: what turns the
device's results into strings (labels of classes). The device gets plain numbers, and no dynamic shapes to compute.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace

from hublayer.errors import UnsupportedOpsError
from hublayer.graph.effects import has_effect
from hublayer.graph.ir import Function, FunctionName, Node, Parameter, Value
from hublayer.graph.node_dtypes import input_dtypes, output_dtypes
from hublayer.graph.passes.dead_code import drop_dead_code
from hublayer.ops.traits import State, Trait, facts

_BOOKKEEPING = frozenset(
    {"bool", "int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64", "string"}
)  # fmt: skip


@dataclass(frozen=True)
class Partition:
    """The three functions; `before` and `after` may be None.

    before: parameters of the entry function → `before.outputs`. device: first those parameters of the entry function
    that are not in `host_only`, in order, then one for each of `crossing`. after: one parameter for each of
    `after_inputs`, values of the entry function that the entry itself, `before` or the device gives.
    outputs: where each output of the entry function comes from: "input", "before", "device" or "after", and which.
    """

    before: Function | None
    device: Function
    after: Function | None
    host_only: frozenset[str]
    crossing: tuple[int, ...]
    after_inputs: tuple[tuple[str, int], ...]
    outputs: tuple[tuple[str, int], ...]


class _Bodies:
    """Which nodes need the host, and which can run there, functions of control flow included."""

    def __init__(
        self,
        functions: Mapping[str, Function],
        host_runs: Callable[[str], bool],
        device_runs: Callable[[str], bool],
    ):
        self._functions = functions
        self._host_runs = host_runs
        self._device_runs = device_runs
        self._needs: dict[str, bool] = {}
        self._can: dict[str, bool] = {}

    def needs_host(self, node: Node) -> bool:
        if node.op in ("Const", "NoOp") or facts(node.op).traits & (Trait.RAISES | Trait.PRINTS):
            return False  # they may hold strings (a message) and yet run anywhere
        if "string" in input_dtypes(node) or "string" in output_dtypes(node):
            return True
        if not self._device_runs(node.op) and self._host_runs(node.op):
            return True
        return any(self._body_needs(name) for name in called(node, self._functions))

    def _body_needs(self, name: str) -> bool:
        if name not in self._needs:
            self._needs[name] = False  # a function that calls itself
            self._needs[name] = any(map(self.needs_host, self._functions[name].nodes))
        return self._needs[name]

    def can_run_on_host(self, node: Node) -> bool:
        return self._host_runs(node.op) and all(self._body_can(name) for name in called(node, self._functions))

    def _body_can(self, name: str) -> bool:
        if name not in self._can:
            self._can[name] = True
            self._can[name] = all(map(self.can_run_on_host, self._functions[name].nodes))
        return self._can[name]


def partition(
    function: Function,
    functions: Mapping[str, Function],
    host_runs: Callable[[str], bool],
    device_runs: Callable[[str], bool],
    host_parameters: frozenset[str] = frozenset(),
) -> Partition | None:
    """The cut of `function`, whose calls are inlined; None if nothing in it needs the host.

    functions: those that its control flow refers to. host_runs, device_runs: whether that side can run an op.
    host_parameters: numbers that come to the host all the same: row splits, indices and shapes of composite tensors.

    Raises UnsupportedOpsError if a string depends on a weight and a weight on that string again, or if a string
    needs an op that the host cannot run.
    """
    bodies = _Bodies(functions, host_runs, device_runs)
    needing = {node.name for node in function.nodes if bodies.needs_host(node)}
    strings = {p.name for p in function.parameters if p.dtype == "string"} | host_parameters
    if not needing and not strings:
        return None
    weighty = _weighty(function, functions)
    before = _ancestors(function, needing - weighty)
    _follow(function, bodies, before, weighty, strings)
    _follow_checks(function, bodies, before, weighty)
    after = _descendants(function, (needing & weighty) - before)
    _check(function, bodies, before, after, weighty)
    return _cut(function, before, after, host_parameters)


def _weighty(function: Function, functions: Mapping[str, Function]) -> set[str]:
    """Nodes that depend on a variable, or on chance."""
    found = _variable_parameters(function, functions)
    for node in function.nodes:
        known = facts(node.op)
        weighty = known.state is State.VARIABLE or known.traits & (Trait.DRAWS | Trait.SEEDED)
        if weighty or any(value.node in found for value in node.inputs):
            found.add(node.name)
    return found


def _variable_parameters(function: Function, functions: Mapping[str, Function]) -> set[str]:
    """Resource parameters that are variables: not those that only tables and tokenizers use."""
    found: set[str] = set()
    resources = {p.name for p in function.parameters if p.dtype == "resource"}
    for node in function.nodes:
        used = [value.node for value in node.inputs if value.node in resources]
        if not used:
            continue
        if Trait.CALLS in facts(node.op).traits:
            found |= _passed_variables(node, functions) & resources
        elif facts(node.op).state not in (State.TABLE, State.MODEL):
            found.update(used)
    return found


def _passed_variables(node: Node, functions: Mapping[str, Function]) -> set[str]:
    """Names of the inputs of a call that are variables in a function it runs."""
    given = node.inputs[1:] if Trait.SELECTS in facts(node.op).traits else node.inputs
    found: set[str] = set()
    for name in called(node, functions):
        parameters = [parameter.name for parameter in functions[name].parameters]
        variables = _variable_parameters(functions[name], functions)
        found.update(value.node for parameter, value in zip(parameters, given, strict=False) if parameter in variables)
    return found


def called(node: Node, functions: Mapping[str, Function]) -> Iterable[str]:
    """Names of those of `functions` that `node` runs."""
    for attr in node.attrs.values():
        for name in attr if isinstance(attr, list) else [attr]:
            if isinstance(name, FunctionName) and name in functions:
                yield name


def _ancestors(function: Function, names: set[str]) -> set[str]:
    """`names`, and all nodes that they need."""
    found = set(names)
    for node in reversed(function.nodes):
        if node.name in found:
            found.update(value.node for value in node.inputs)
    return found & {node.name for node in function.nodes}


def _descendants(function: Function, names: set[str]) -> set[str]:
    """`names`, and all nodes that need them."""
    found = set(names)
    for node in function.nodes:
        if any(value.node in found for value in node.inputs):
            found.add(node.name)
    return found


def _follow(function: Function, bodies: _Bodies, before: set[str], weighty: set[str], strings: set[str]) -> None:
    """Add to `before` what follows from it: dynamic shapes with all that they need, integers and booleans."""
    constants = {node.name for node in function.nodes if node.op == "Const"}
    after_strings = set(strings)
    for node in function.nodes:
        if (node.name in before and node.name not in constants) or any(
            value.node in after_strings for value in node.inputs
        ):
            after_strings.add(node.name)
    dynamic = {
        node.name
        for node in function.nodes
        if Trait.DYNAMIC_SHAPE in facts(node.op).traits
        and node.name in after_strings
        and node.name not in weighty
        and bodies.can_run_on_host(node)
    }
    before |= {name for name in _ancestors(function, dynamic) if name not in weighty}
    known = before | constants | strings
    for node in function.nodes:
        if node.name in known or node.name in weighty or Trait.OF_SHAPES in facts(node.op).traits or not node.inputs:
            continue
        follows = any(
            (value.node in before and value.node not in constants) or value.node in strings for value in node.inputs
        )
        if (
            follows
            and all(value.node in known for value in node.inputs)
            and all(dtype in _BOOKKEEPING for dtype in output_dtypes(node))
            and bodies.can_run_on_host(node)
        ):
            before.add(node.name)
            known.add(node.name)


def _follow_checks(function: Function, bodies: _Bodies, before: set[str], weighty: set[str]) -> None:
    """Add to `before` what no output needs (assertions on shapes, as a rule): on the device it would only cost time."""
    nodes = {node.name: node for node in function.nodes}
    needed = _ancestors(function, {value.node for value in function.outputs} | weighty)
    for node in function.nodes:
        if node.name in needed or node.name in before or node.name in weighty or not has_effect(node):
            continue
        own = _ancestors(function, {node.name}) - before
        if own & weighty or not any(value.node in before for name in own for value in nodes[name].inputs):
            continue
        if all(bodies.can_run_on_host(nodes[name]) for name in own):
            before |= own


def _check(function: Function, bodies: _Bodies, before: set[str], after: set[str], weighty: set[str]) -> None:
    nodes = {node.name: node for node in function.nodes}
    missing: dict[str, list[Node]] = {}
    for name in (*before, *after):
        if not bodies.can_run_on_host(nodes[name]):
            missing.setdefault(nodes[name].op, []).append(nodes[name])
    if not missing:
        return
    said = {}
    for op, found in sorted(missing.items()):
        if found[0].name in after:
            why = "it follows from strings that depend on weights"
        else:
            why = "strings, tables or dynamic shapes need it before the weights"
        said[op] = f"{len(found)} times, in {found[0].origin}, node {found[0].name}: {why}"
    raise UnsupportedOpsError(
        f"The translated runtime cannot run {len(missing)} ops of {function.name!r} on the host.\n"
        + "\n".join(f"    {op} ({where})" for op, where in said.items())
        + "\nOn Keras's TensorFlow backend, runtime='native' runs every op of TensorFlow's.",
        said,
    )


def _cut(function: Function, before: set[str], after: set[str], host_parameters: frozenset[str]) -> Partition:
    constants = {node.name: node for node in function.nodes if node.op == "Const"}
    before, after = before - constants.keys(), after - constants.keys()
    parameters = {p.name: p for p in function.parameters}
    elsewhere = before | after | constants.keys()
    on_device = [node for node in function.nodes if node.name not in elsewhere]
    on_device = list(_needed(on_device, function.outputs, [n for n in function.nodes if n.name in after]))

    def side(value: Value) -> str:
        if value.node in parameters:
            return "before" if value.node in host_parameters else "input"
        if value.node in constants:
            return "constant"
        return "before" if value.node in before else "after" if value.node in after else "device"

    wanted: list[Value] = []  # of `before`
    given: list[Value] = []  # by the device
    taken: list[Value] = []  # by `after`
    for node in on_device:
        wanted += [value for value in node.inputs if side(value) == "before"]
    crossing = list(dict.fromkeys(wanted))
    for node in function.nodes:
        if node.name in after:
            taken += [value for value in node.inputs if side(value) in ("before", "device", "input")]
    taken = list(dict.fromkeys(taken))
    for value in (*taken, *function.outputs):
        if side(value) == "before":
            wanted.append(value)
        elif side(value) == "device":
            given.append(value)
    wanted, given = list(dict.fromkeys(wanted)), list(dict.fromkeys(given))
    from_after = list(dict.fromkeys(value for value in function.outputs if side(value) in ("after", "constant")))

    def stage(
        name: str,
        nodes: Iterable[Node],
        own: tuple[Parameter, ...],
        renamed: dict[Value, str],
        outputs: Iterable[Value],
    ) -> Function:
        def moved(value: Value) -> Value:
            return Value(renamed[value]) if value in renamed else value

        body = tuple(replace(node, inputs=tuple(map(moved, node.inputs))) for node in nodes)
        return drop_dead_code(
            Function(f"{function.name}/{name}", own, (*constants.values(), *body), tuple(map(moved, outputs)))
        )

    first = stage("before", (n for n in function.nodes if n.name in before), function.parameters, {}, wanted)
    used = {value.node for node in on_device for value in node.inputs} - host_parameters
    host_only = frozenset(p.name for p in function.parameters if p.name not in used)
    names = {value: f"{value.node}/crossing_{value.index}" for value in crossing}
    dtypes = {p.name: [p.dtype] for p in function.parameters}
    dtypes |= {node.name: output_dtypes(node) for node in function.nodes}
    own = tuple(p for p in function.parameters if p.name not in host_only)
    own += tuple(Parameter(names[value], dtypes[value.node][value.index]) for value in crossing)
    device = stage("device", on_device, own, names, given)
    after_names = {value: f"{value.node}/after_{value.index}" for value in taken}
    after_parameters = tuple(Parameter(after_names[value], dtypes[value.node][value.index]) for value in taken)
    last = stage("after", (n for n in function.nodes if n.name in after), after_parameters, after_names, from_after)

    positions = {p.name: index for index, p in enumerate(function.parameters)}

    def place(value: Value) -> tuple[str, int]:
        where = side(value)
        if where == "input":
            return "input", positions[value.node]
        if where in ("after", "constant"):
            return "after", from_after.index(value)
        return where, (wanted if where == "before" else given).index(value)

    return Partition(
        first if first.outputs or any(map(has_effect, first.nodes)) else None,
        device,
        last if last.outputs else None,
        host_only,
        tuple(wanted.index(value) for value in crossing),
        tuple(place(value) for value in taken),
        tuple(place(value) for value in function.outputs),
    )


def _needed(nodes: list[Node], outputs: Iterable[Value], users: Iterable[Node]) -> Iterable[Node]:
    """Those of `nodes` that an output, an effect or one of `users` needs, in order."""
    needed = {value.node for value in outputs} | {value.node for node in users for value in node.inputs}
    kept = []
    for node in reversed(nodes):
        if node.name in needed or has_effect(node):
            needed.update(value.node for value in node.inputs)
            kept.append(node)
    return reversed(kept)
