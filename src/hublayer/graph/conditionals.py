"""TF1's conditionals (Switch and Merge) as functional If.

A Switch lets its data through on one of two outputs, so whatever depends on the other does not run. Each node thus has
a context: the predicates that must have come out one way for it to run. A Merge ends one of them: it takes the value
that was computed. Merges that end the same predicate in the same context, and whose branches share nodes, are one If.
A predicate that is known chooses its branch here already.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import numpy as np

from hublayer.errors import CorruptSavedModelError
from hublayer.graph.body import Body, Captures, Wired, extract, ordered
from hublayer.graph.ir import Function, FunctionName, Node, Value
from hublayer.graph.passes.fold import folded

Literal = tuple[Value, bool]
Context = frozenset[Literal]

_SWITCHES = frozenset({"Switch", "RefSwitch"})
_MERGES = frozenset({"Merge", "RefMerge"})
# What two conditionals may have in common without being one: it costs nothing to have it in both.
_TRIVIAL = frozenset({"Const", "Identity", "NoOp", "Switch", "RefIdentity", "RefSwitch"})

_CHOSEN = "/chosen"


def replace_conditionals(
    body: Body, outputs: Sequence[Value], effects: Sequence[str], prefix: str, functions: dict[str, Function]
) -> None:
    """Put If nodes in place of the conditionals that `outputs` and the nodes `effects` need; `functions` gets branches.

    Raises CorruptSavedModelError for a Merge whose inputs are not alternatives of one predicate.
    """
    if any(wired.node.op in _SWITCHES | _MERGES for wired in body.nodes.values()):
        _Conditionals(body, outputs, effects, prefix, functions).replace()


@dataclass
class _Item:
    """Something that ends a predicate: a Merge with the value that it takes for each outcome, or a node to be run.

    branches: per outcome (false, true), the value, or None. effect: the node to be run, and for which outcome.
    """

    merge: str | None = None
    values: tuple[Value, Value] | None = None
    positions: tuple[Value | None, Value | None] = (None, None)
    effect: tuple[str, bool] | None = None
    inside: set[str] = field(default_factory=set)


class _Conditionals:
    def __init__(
        self,
        body: Body,
        outputs: Sequence[Value],
        effects: Sequence[str],
        prefix: str,
        functions: dict[str, Function],
    ):
        self.body = body
        self.prefix = prefix
        self.functions = functions
        self.outputs = outputs
        self.effects = effects
        self.contexts: dict[str, Context | None] = {}
        self.rank: dict[Value, int] = {}
        self.groups: dict[tuple[Context, Value], list[_Item]] = {}
        self.known: dict[Value, np.ndarray | None] = {}
        self.asked = {value for wired in body.nodes.values() for value in wired.node.inputs} | set(outputs)

    def replace(self) -> None:
        """Do it all."""
        body = self.body
        roots = [*(body.value(value).node for value in self.outputs), *map(body.name, self.effects)]
        for wired in ordered(body.nodes, roots, body.where, body.sources):
            self.contexts[wired.node.name] = self._context(wired)
        for effect in map(body.name, self.effects):
            self._run(effect)
        while self.groups:
            key = max(self.groups, key=lambda key: len(key[0]))
            for items in self._together(key, self.groups.pop(key)):
                self._put(key, items)
        # What is left of switches lets its data through: an output that was asked for is taken to be alive.
        for name, wired in list(body.nodes.items()):
            if wired.node.op in _SWITCHES:
                self._let_through(name)

    # ---- contexts ----

    def _context(self, wired: Wired) -> Context | None:
        """The context of a node; None if it never runs. That of a Switch is without its own predicate."""
        if wired.node.op in _MERGES:
            return self._merge(wired)
        return self._union(
            [
                *(self._of(value) for value in self.body.inputs(wired)),
                *(self.contexts.get(name, frozenset()) for name in self.body.controls(wired)),
            ]
        )

    def _union(self, contexts: Iterable[Context | None]) -> Context | None:
        union: set[Literal] = set()
        for context in contexts:
            if context is None:
                return None
            union |= context
        return None if any((predicate, not outcome) in union for predicate, outcome in union) else frozenset(union)

    def _of(self, value: Value) -> Context | None:
        """The context of a value."""
        context = self.contexts.get(value.node, frozenset())
        wired = self.body.nodes.get(value.node)
        if context is None or wired is None or wired.node.op not in _SWITCHES:
            return context
        predicate, outcome = self._predicate(wired), bool(value.index)
        known = self._value(predicate)
        if known is not None:
            return context if bool(known) == outcome else None
        self.rank.setdefault(predicate, len(self.rank))
        return self._union([context, frozenset({(predicate, outcome)})])

    def _predicate(self, switch: Wired) -> Value:
        """The predicate of a Switch; one that is only handed on counts as the same."""
        value = self.body.value(switch.node.inputs[1])
        while value.node in self.body.nodes:
            node = self.body.nodes[value.node].node
            if node.op not in ("Identity", "LoopCond", "PlaceholderWithDefault"):
                break
            value = self.body.value(node.inputs[0])
        return value

    def _value(self, value: Value) -> np.ndarray | None:
        """What `value` is, if that follows from constants."""
        if value not in self.known:
            self.known[value] = None
            wired = self.body.nodes.get(value.node)
            if wired is not None and wired.node.op == "Const":
                self.known[value] = wired.node.attrs["value"]
            elif wired is not None and wired.node.inputs and wired.node.op not in _SWITCHES | _MERGES:
                inputs = [self._value(self.body.value(source)) for source in wired.node.inputs]
                if wired.node.op == "PlaceholderWithDefault":
                    self.known[value] = inputs[0]
                elif all(source is not None for source in inputs):
                    self.known[value] = folded(wired.node, [source for source in inputs if source is not None])
        return self.known[value]

    # ---- merges ----

    def _merge(self, wired: Wired) -> Context | None:
        name = wired.node.name
        live = [
            (value, context, i)
            for i, value in enumerate(self.body.inputs(wired))
            if (context := self._of(value)) is not None
        ]
        if not live:
            return None
        value, position, context = self._choose(name, live)
        self.body.values[Value(name, 0)] = value
        self.body.names[name] = value.node
        if position is not None:
            self.body.values[Value(name, 1)] = position
        return context

    def _choose(self, name: str, live: Sequence[tuple[Value, Context, int]]) -> tuple[Value, Value | None, Context]:
        """The value that stands for a Merge of `live` (value, context, position), its position, and its context."""
        if len(live) == 1:
            value, context, at = live[0]
            position = None
            if Value(name, 1) in self.asked:
                position = Value(f"{name}/position_{at}")
                constant = Node(position.node, "Const", (), {"value": np.array(at, np.int32), "dtype": "int32"})
                self.body.nodes[position.node] = Wired(constant)
            return value, position, context
        outcomes = [dict(context) for _, context, _ in live]
        shared = [p for p in outcomes[0] if all(p in o for o in outcomes) and len({o[p] for o in outcomes}) == 2]
        if not shared:
            raise CorruptSavedModelError(
                f"{self.body.where}, node {name}: the inputs of a Merge are not alternatives: "
                + ", ".join(str(value) for value, _, _ in live)
                + ". Expected one for each outcome of a predicate."
            )
        pivot = min(shared, key=lambda predicate: self.rank[predicate])
        ends = []
        for outcome in (False, True):
            part = [item for item, known in zip(live, outcomes, strict=True) if known[pivot] is outcome]
            ends.append(self._choose(f"{name}/{outcome}".lower() if len(part) > 1 else name, part))
        (no, no_at, no_context), (yes, yes_at, yes_context) = ends
        context = frozenset(literal for literal in no_context & yes_context if literal[0] != pivot)
        item = _Item(name, (no, yes), (no_at, yes_at))
        self.groups.setdefault((context, pivot), []).append(item)
        node = f"{name}{_CHOSEN}"
        self.contexts[node] = context
        return Value(node, 0), None if no_at is None else Value(node, 1), context

    def _run(self, effect: str) -> None:
        """Have `effect` run in its context, which is not that of the body."""
        context = self.contexts.get(effect, frozenset())
        if context is None:
            self.body.names[effect] = f"{effect}/never"
        elif context:
            predicate, outcome = max(context, key=lambda literal: self.rank[literal[0]])
            key = (context - {(predicate, outcome)}, predicate)
            self.groups.setdefault(key, []).append(_Item(effect=(effect, outcome)))

    # ---- If nodes ----

    def _is_inside(self, name: str, literal: Literal) -> bool:
        context = self.contexts.get(name)
        return context is not None and literal in context and self.body.nodes[name].node.op not in _MERGES

    def _together(self, key: tuple[Context, Value], items: list[_Item]) -> list[list[_Item]]:
        """The items in groups that share nodes of their branches, or the copy of the predicate that tf.cond makes."""
        outside: dict[int, set[str]] = {}
        for item in items:
            captures = Captures(self.body)
            for outcome in (False, True):
                item.inside |= self._nodes(key, item, outcome, captures)
            outside[id(item)] = {value.node for value in captures.taken}
        groups: list[tuple[set[str], list[_Item]]] = []
        for item in items:
            touching = [group for group in groups if group[0] & item.inside]
            groups = [group for group in groups if not group[0] & item.inside]
            names = set(item.inside).union(*(group[0] for group in touching))
            groups.append((names, [*(one for group in touching for one in group[1]), item]))
        together: list[list[_Item]] = []
        for _, group in groups:
            # A graph whose equal nodes were made one may need one end of a conditional for the other.
            if len(group) > 1 and self._needs_itself(group, set().union(*(outside[id(item)] for item in group))):
                together += [[item] for item in group]
            else:
                together.append(group)
        return together

    def _needs_itself(self, group: Sequence[_Item], outside: set[str]) -> bool:
        merges = {item.merge for item in group}
        seen: set[str] = set()
        pending = list(outside)
        while pending:
            name = pending.pop().removesuffix(_CHOSEN)
            if name in merges:
                return True
            if name not in seen and name in self.body.nodes:
                seen.add(name)
                pending += self.body.sources(self.body.nodes[name])
        return False

    def _nodes(self, key: tuple[Context, Value], item: _Item, outcome: bool, captures: Captures) -> set[str]:
        """Names of the nodes, other than trivial ones, that `item` needs of one branch, and copies of the predicate."""
        literal = (key[1], outcome)
        copies: set[str] = set()
        part = self._extracted(key, [item], outcome, captures, copies)[0]
        return copies | {
            f"{outcome}:{name}"
            for name, wired in part.nodes.items()
            if wired.node.op not in _TRIVIAL and self._is_inside(name, literal)
        }

    def _extracted(
        self,
        key: tuple[Context, Value],
        items: Sequence[_Item],
        outcome: bool,
        captures: Captures,
        copies: set[str] | None = None,
    ) -> tuple[Body, tuple[Value, ...], tuple[str, ...]]:
        literal = (key[1], outcome)
        wanted: list[Value] = []
        for item in items:
            if item.values is not None:
                wanted.append(item.values[outcome])
                position = item.positions[outcome]
                if position is not None:
                    wanted.append(position)
        effects = tuple(
            self.body.name(item.effect[0]) for item in items if item.effect is not None and item.effect[1] is outcome
        )

        def place(value: Value) -> Value | Node:
            while value.node in self.body.nodes:
                wired = self.body.nodes[value.node]
                inside = literal in (self.contexts.get(value.node) or ())
                if wired.node.op not in _SWITCHES:
                    if inside:
                        return value
                    break
                if not inside and self._predicate(wired) != literal[0]:
                    break  # the Switch of a conditional around this one
                if copies is not None:
                    copies.add(self._copy(wired))
                value = self.body.value(wired.node.inputs[0])
            if value.node not in self.body.nodes and literal in (self.contexts.get(value.node) or ()):
                return value
            return captures.inside(value)

        part, outputs = extract(self.body, wanted, effects, place, lambda name: self._is_inside(name, literal))
        return part, outputs, effects

    def _copy(self, switch: Wired) -> str:
        """What one call of tf.cond has of its own: the copy of the predicate for its switches, or the first switch."""
        data, predicate = switch.node.inputs
        return f"switch {switch.node.name}" if data == predicate else f"predicate {predicate}"

    def _put(self, key: tuple[Context, Value], items: list[_Item]) -> None:
        context, predicate = key
        body, captures = self.body, Captures(self.body)
        parts = [self._extracted(key, items, outcome, captures) for outcome in (False, True)]
        first = items[0]
        base = first.merge if first.merge is not None else f"{first.effect[0]}/run" if first.effect else ""
        name = f"{base}/if"
        parameters = tuple(captures.taken.values())
        attrs: dict[str, object] = {"Tcond": "bool", "Tin": [parameter.dtype for parameter in parameters]}
        for role, (part, outputs, effects) in zip(("else_branch", "then_branch"), parts, strict=True):
            function = f"{self.prefix}{name}/{role}"
            self._let_all_through(part)
            self.functions[function] = part.function(function, parameters, outputs, effects)
            attrs[role] = FunctionName(function)
        dtypes: list[str] = []
        for item in items:
            if item.merge is None or item.values is None:
                continue
            chosen = f"{item.merge}{_CHOSEN}"
            body.values[Value(chosen, 0)] = Value(name, len(dtypes))
            body.names[chosen] = name
            dtypes.append(next((d for v in item.values if (d := self._dtype(v)) != "unknown"), "unknown"))
            if item.positions[0] is not None:
                body.values[Value(chosen, 1)] = Value(name, len(dtypes))
                dtypes.append("int32")
        attrs["Tout"] = dtypes
        origin = next((body.nodes[v.node].node.origin for v in [predicate] if v.node in body.nodes), body.where)
        node = Node(name, "If", (predicate, *captures.taken), attrs, origin)
        controls = self._controls(key, parts)
        body.nodes[name] = Wired(node, controls)
        self.contexts[name] = context
        if not dtypes:
            self._wanted(name, items)

    def _dtype(self, value: Value) -> str:
        return self.body.dtype(self.body.value(value))

    def _controls(
        self, key: tuple[Context, Value], parts: Iterable[tuple[Body, tuple[Value, ...], tuple[str, ...]]]
    ) -> tuple[str, ...]:
        """What the nodes of both branches wait for outside of them."""
        found: dict[str, None] = {}
        for outcome, (part, _, _) in zip((False, True), parts, strict=True):
            for name in part.nodes:
                if name not in self.body.nodes or not self._is_inside(name, (key[1], outcome)):
                    continue
                for control in self.body.controls(self.body.nodes[name]):
                    wired = self.body.nodes.get(control)
                    if wired is None or wired.node.op in _SWITCHES or self._is_inside(control, (key[1], outcome)):
                        continue
                    found[control] = None
        return tuple(found)

    def _wanted(self, name: str, items: Iterable[_Item]) -> None:
        """Have whoever waited for the effects wait for the If, which itself may stand in a branch."""
        for item in items:
            if item.effect is not None:
                self.body.names[item.effect[0]] = name
        self._run(name)

    # ---- what is left ----

    def _let_all_through(self, part: Body) -> None:
        for name, wired in list(part.nodes.items()):
            if wired.node.op in _SWITCHES:
                part.values[Value(name, 0)] = part.values[Value(name, 1)] = wired.node.inputs[0]
                part.names[name] = wired.node.inputs[0].node

    def _let_through(self, name: str) -> None:
        data = self.body.nodes[name].node.inputs[0]
        self.body.values[Value(name, 0)] = self.body.values[Value(name, 1)] = data
        self.body.names[name] = self.body.value(data).node
