"""Which side runs a node: strings, tables and what they need on the host, weights and what follows on the device.

Before the weights: every op on strings, tables, parsing and the like that depends on no weight, whatever such an op
needs, and all integers, booleans and dynamic shapes that follow from strings without touching a weight. Then device and
host take turns: what turns results into strings (labels of classes) follows on the host, what weights make of those
strings again on the device. The device gets plain numbers, and no dynamic shapes to compute.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from hublayer.errors import UnsupportedOpsError
from hublayer.graph.effects import has_effect
from hublayer.graph.ir import Function, FunctionName, Node, Value
from hublayer.graph.node_dtypes import input_dtypes, output_dtypes
from hublayer.graph.op_schema import op_schema
from hublayer.graph.parts import BEFORE, DEVICE, Partition, cut
from hublayer.ops.traits import State, Trait, facts

_BOOKKEEPING = frozenset(
    {"bool", "int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64", "string"}
)  # fmt: skip
# Lists, datasets and TensorArrays are objects of the side that made them.
_OBJECTS = frozenset({"variant", "resource"})


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
        self._late: dict[str, bool] = {}

    def needs_host(self, node: Node) -> bool:
        if node.op in ("Const", "NoOp") or facts(node.op).traits & (Trait.RAISES | Trait.PRINTS):
            return False  # they may hold strings (a message) and yet run anywhere
        if _has_strings(node):
            return True
        if not self._device_runs(node.op) and self._host_runs(node.op):
            return True
        return any(self._of_body(self._needs, self.needs_host, name) for name in called(node, self._functions))

    def can_run_on_host(self, node: Node) -> bool:
        """Whether the host has kernels of its own for all of it."""
        return self._host_runs(node.op) and not any(
            self._of_body(self._can, lambda inner: not self.can_run_on_host(inner), name)
            for name in called(node, self._functions)
        )

    def is_late(self, node: Node) -> bool:
        """Whether the node draws random numbers or has a weight of its own, by name."""
        known = facts(node.op)
        if known.traits & (Trait.DRAWS | Trait.SEEDED) or (_is_handle(node) and _is_weight(node)):
            return True
        return any(self._of_body(self._late, self.is_late, name) for name in called(node, self._functions))

    def _of_body(self, known: dict[str, bool], asked: Callable[[Node], bool], name: str) -> bool:
        if name not in known:
            known[name] = False  # a function that calls itself
            known[name] = any(map(asked, self._functions[name].nodes))
        return known[name]

    def missing(self, node: Node) -> list[Node]:
        """What of the node neither the host nor, inside of loops and branches, the device's kernels can run."""
        found = [] if self._host_runs(node.op) else [node]
        seen: set[str] = set()
        pending = list(called(node, self._functions))
        while pending:
            name = pending.pop()
            if name in seen:
                continue
            seen.add(name)
            for inner in self._functions[name].nodes:
                pending += called(inner, self._functions)
                alone = self._device_runs(inner.op) and not _has_strings(inner) and not _calls(inner)
                if not self._host_runs(inner.op) and not alone:
                    found.append(inner)
        return found


def partition(
    function: Function,
    functions: Mapping[str, Function],
    host_runs: Callable[[str], bool],
    device_runs: Callable[[str], bool],
    host_parameters: frozenset[str] = frozenset(),
    host_resources: frozenset[str] = frozenset(),
) -> Partition | None:
    """The cut of `function`, whose calls are inlined; None if nothing in it needs the host.

    functions: those that its control flow refers to. host_runs, device_runs: whether that side can run an op.
    host_parameters: numbers that come to the host all the same: row splits, indices and shapes of composite tensors.
    host_resources: parameters that are tables, tokenizers or variables of strings; the other resources are weights.

    Raises UnsupportedOpsError if a string needs an op that the host cannot run.
    """
    bodies = _Bodies(functions, host_runs, device_runs)
    handles = host_resources | {node.name for node in function.nodes if _is_handle(node) and not _is_weight(node)}
    copied = _copied(function)
    needing = {
        node.name
        for node in function.nodes
        if node.name not in copied and (bodies.needs_host(node) or any(value.node in handles for value in node.inputs))
    }
    needing = _with_objects(function, needing, copied)
    strings = {p.name for p in function.parameters if p.dtype == "string"} | host_parameters
    if not needing and not strings and not _returns_constant_string(function):
        return None
    late = _late(function, bodies, needing, handles)
    before = _ancestors(function, needing - late)
    _follow(function, bodies, before, late, strings)
    _follow_checks(function, bodies, before, late)
    levels = _levels(function, bodies, before, needing, copied)
    _check(function, bodies, levels)
    return cut(function, levels, copied, host_parameters)


def called(node: Node, functions: Mapping[str, Function]) -> Iterable[str]:
    """Names of those of `functions` that `node` runs."""
    for attr in node.attrs.values():
        for name in attr if isinstance(attr, list) else [attr]:
            if isinstance(name, FunctionName) and name in functions:
                yield name


def _calls(node: Node) -> bool:
    return Trait.CALLS in facts(node.op).traits or any(isinstance(attr, FunctionName) for attr in node.attrs.values())


def _has_strings(node: Node) -> bool:
    return "string" in input_dtypes(node) or "string" in output_dtypes(node)


def _is_handle(node: Node) -> bool:
    """Whether the node only names a variable or a table, wherever it stands."""
    schema = op_schema(node.op)
    if schema is None or node.inputs or "shared_name" not in schema.attrs:
        return False
    return "resource" in output_dtypes(node)


def _is_weight(node: Node) -> bool:
    return facts(node.op).state is State.VARIABLE and node.attrs.get("dtype") != "string"


def _copied(function: Function) -> frozenset[str]:
    """Nodes that stand on each side that needs them: constants, names, and objects that their inputs tell."""
    found: set[str] = set()
    objects: set[Value] = set()
    for node in function.nodes:
        dtypes = output_dtypes(node)
        is_object = "variant" in dtypes and facts(node.op).is_function and not _calls(node)
        told = is_object and all(value.node in found for value in node.inputs if value in objects)
        if told or node.op == "Const" or _is_handle(node):
            found.add(node.name)
        objects.update(Value(node.name, i) for i, dtype in enumerate(dtypes) if dtype in _OBJECTS)
    return frozenset(found)


def _with_objects(function: Function, needing: set[str], copied: frozenset[str]) -> set[str]:
    """`needing`, and what makes or takes the same list or array as one of them."""
    dtypes = {node.name: output_dtypes(node) for node in function.nodes}
    beside: dict[str, list[str]] = {}
    for node in function.nodes:
        for value in node.inputs:
            made = dtypes.get(value.node, [])
            if value.node not in copied and value.index < len(made) and made[value.index] in _OBJECTS:
                beside.setdefault(value.node, []).append(node.name)
                beside.setdefault(node.name, []).append(value.node)
    found, pending = set(needing), list(needing)
    while pending:
        for name in beside.get(pending.pop(), ()):
            if name not in found and name not in copied:
                found.add(name)
                pending.append(name)
    return found


def _late(function: Function, bodies: _Bodies, needing: set[str], handles: set[str] | frozenset[str]) -> set[str]:
    """Nodes that cannot stand before the weights: they depend on one, on chance, or on what only the device can run."""
    found = {p.name for p in function.parameters if p.dtype == "resource" and p.name not in handles}
    for node in function.nodes:
        alone = node.op == "NoOp" or node.op == "Const" or node.name in needing or bodies.can_run_on_host(node)
        if not alone or bodies.is_late(node) or any(value.node in found for value in node.inputs):
            found.add(node.name)
    return found


def _returns_constant_string(function: Function) -> bool:
    returned = {value.node for value in function.outputs}
    return any(n.name in returned and n.op == "Const" and output_dtypes(n) == ["string"] for n in function.nodes)


def _ancestors(function: Function, names: set[str]) -> set[str]:
    """`names`, and all nodes that they need."""
    found = set(names)
    for node in reversed(function.nodes):
        if node.name in found:
            found.update(value.node for value in node.inputs)
    return found & {node.name for node in function.nodes}


def _follow(function: Function, bodies: _Bodies, before: set[str], late: set[str], strings: set[str]) -> None:
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
        and node.name not in late
        and bodies.can_run_on_host(node)
    }
    before |= {name for name in _ancestors(function, dynamic) if name not in late}
    known = before | constants | strings
    for node in function.nodes:
        if node.name in known or node.name in late or Trait.OF_SHAPES in facts(node.op).traits or not node.inputs:
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


def _follow_checks(function: Function, bodies: _Bodies, before: set[str], late: set[str]) -> None:
    """Add to `before` what no output needs (assertions on shapes, as a rule): on the device it would only cost time."""
    nodes = {node.name: node for node in function.nodes}
    needed = _ancestors(function, {value.node for value in function.outputs} | late)
    for node in function.nodes:
        if node.name in needed or node.name in before or node.name in late or not has_effect(node):
            continue
        own = _ancestors(function, {node.name}) - before
        if own & late or not any(value.node in before for name in own for value in nodes[name].inputs):
            continue
        if all(bodies.can_run_on_host(nodes[name]) for name in own):
            before |= own


def _levels(
    function: Function, bodies: _Bodies, before: set[str], needing: set[str], copied: frozenset[str]
) -> dict[str, int]:
    """The turn of each node: `BEFORE`, `DEVICE`, then the host again, and so on; even turns are the host's."""
    levels: dict[str, int] = {}
    for node in function.nodes:
        if node.name in before:
            levels[node.name] = BEFORE
            continue
        given = [levels[value.node] for value in node.inputs if value.node in levels]
        latest = max(given, default=BEFORE)
        if node.name in copied:
            levels[node.name] = latest
        elif node.name in needing:
            levels[node.name] = max(DEVICE + 1, latest + latest % 2)
        else:
            stays = latest > DEVICE and not any(level % 2 for level in given) and bodies.can_run_on_host(node)
            stays = stays and facts(node.op).state is not State.VARIABLE and not bodies.is_late(node)
            levels[node.name] = latest if stays or latest % 2 else latest + 1
    return levels


def _check(function: Function, bodies: _Bodies, levels: Mapping[str, int]) -> None:
    missing: dict[str, list[tuple[Node, str]]] = {}
    for node in function.nodes:
        if levels[node.name] % 2 or node.op in ("Const", "NoOp"):
            continue
        for inner in bodies.missing(node):
            if levels[node.name] == BEFORE:
                why = "strings, tables or dynamic shapes need it before the weights"
            else:
                why = "it follows from strings that depend on weights"
            missing.setdefault(inner.op, []).append((inner, why))
    if not missing:
        return
    said = {}
    for op, found in sorted(missing.items()):
        node, why = found[0]
        said[op] = f"{len(found)} times, in {node.origin}, node {node.name}: {why}"
    raise UnsupportedOpsError(
        f"The translated runtime cannot run {len(missing)} ops of {function.name!r} on the host.\n"
        + "\n".join(f"    {op} ({where})" for op, where in said.items())
        + "\nOn Keras's TensorFlow backend, runtime='native' runs every op of TensorFlow's.",
        said,
    )
