"""TF1's control flow (Switch, Merge, Enter, Exit, NextIteration, LoopCond) as functional If and While.

A frame of TensorFlow's executor is one loop. Its Merge nodes are the loop's variables, each entering through an Enter
and coming round through a NextIteration; a Switch on the LoopCond sends each either into the body or to its Exit.
Frames are replaced from the innermost outwards, then what is left of Switch and Merge are conditionals.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from hublayer.errors import CorruptSavedModelError
from hublayer.graph.body import Body, Captures, Wired, extract, ordered
from hublayer.graph.conditionals import replace_conditionals
from hublayer.graph.ir import Function, FunctionName, Node, Parameter, Value

_LOOP_OPS = frozenset({"Enter", "Exit", "NextIteration", "LoopCond"})
CONTROL_FLOW_OPS = _LOOP_OPS | {"Switch", "Merge"}
CONTROL_FLOW_OPS |= {f"Ref{op}" for op in CONTROL_FLOW_OPS - {"LoopCond"}}

Frame = tuple[str, ...]


def plain_op(node: Node) -> str:
    """The op of a control flow node without regard to whether it passes references."""
    return node.op.removeprefix("Ref") if node.op in CONTROL_FLOW_OPS else node.op


def functional(
    body: Body, outputs: Sequence[Value], effects: Sequence[str], prefix: str
) -> tuple[Body, dict[str, Function]]:
    """`body` with If and While in place of TF1's control flow, and the functions that they call.

    outputs: the values wanted of it. effects: names of nodes that have to run besides. prefix: of the functions' names.

    Raises CorruptSavedModelError for control flow that TensorFlow's own functions do not make.
    """
    functions: dict[str, Function] = {}
    if not any(wired.node.op in CONTROL_FLOW_OPS for wired in body.nodes.values()):
        return body, functions
    roots = [*(value.node for value in outputs), *effects]
    reached = _reached(body, roots)
    body = Body(body.where, {name: body.nodes[name] for name in body.nodes if name in reached})
    frames = _frames(body)
    for frame in sorted(set(frames.values()) - {()}, key=len, reverse=True):
        for name in [name for name, place in frames.items() if place == frame]:
            if name in body.nodes and body.nodes[name].node.op == "LoopCond":
                _Loop(body, frames, frame, name).replace(prefix, functions)
    for name, wired in list(body.nodes.items()):
        if wired.node.op == "LoopCond":
            body.nodes[name] = replace(wired, node=replace(wired.node, op="Identity", attrs={"T": "bool"}))
    replace_conditionals(body, outputs, effects, prefix, functions)
    return body, functions


def _reached(body: Body, roots: Iterable[str]) -> set[str]:
    reached: set[str] = set()
    pending = list(roots)
    while pending:
        name = pending.pop()
        if name in body.nodes and name not in reached:
            reached.add(name)
            pending += body.nodes[name].sources()
    return reached


def _frames(body: Body) -> dict[str, Frame]:
    """For each node the loops around it, the outermost first."""
    frames: dict[str, Frame] = {}

    def forward(wired: Wired) -> Iterator[str]:
        if plain_op(wired.node) != "Merge":
            return wired.sources()
        return (name for name in wired.sources() if not _is(body, name, "NextIteration"))

    for wired in ordered(body.nodes, body.nodes, body.where, forward):
        around = max((frames.get(name, ()) for name in forward(wired)), key=len, default=())
        match plain_op(wired.node):
            case "Enter":
                outer = frames.get(wired.node.inputs[0].node, ())
                around = (*outer, str(wired.node.attrs.get("frame_name", "")))
            case "Exit":
                around = around[:-1]
        frames[wired.node.name] = around
    return frames


def _is(body: Body, name: str, op: str) -> bool:
    return name in body.nodes and plain_op(body.nodes[name].node) == op


class _Loop:
    """The loop in `frame` that goes on while the LoopCond node `test` says so."""

    def __init__(self, body: Body, frames: dict[str, Frame], frame: Frame, test: str):
        self.body = body
        self.frames = frames
        self.frame = frame
        self.test = test
        self.condition = body.nodes[test].node.inputs[0]
        self.variables: dict[str, Parameter] = {}
        self.captures = Captures(body)
        for name, wired in body.nodes.items():
            if frames[name] == frame and plain_op(wired.node) == "Switch" and self._steers(wired):
                self._add(body.value(wired.node.inputs[0]).node)

    def _steers(self, switch: Wired) -> bool:
        return self.body.value(switch.node.inputs[1]).node == self.test

    def _add(self, merge: str) -> None:
        """Take `merge` as one of the loop's variables."""
        if merge not in self.variables and self._is_variable(merge):
            self.variables[merge] = Parameter(f"{merge}/variable", self.body.dtype(Value(merge)))

    def _is_variable(self, name: str) -> bool:
        if self.frames.get(name) != self.frame or not _is(self.body, name, "Merge"):
            return False
        return any(_is(self.body, value.node, "NextIteration") for value in self.body.nodes[name].node.inputs)

    def _place(self, value: Value) -> Value | Node:
        body = self.body
        while value.node in body.nodes and self.frames[value.node] == self.frame:
            wired = body.nodes[value.node]
            if self._is_variable(value.node):
                self._add(value.node)
                return Value(self.variables[value.node].name)
            op = plain_op(wired.node)
            if op == "Enter" or (op == "Switch" and self._steers(wired)):
                value = body.value(wired.node.inputs[0])
            else:
                return value
        return self.captures.inside(value)

    def _inside(self, name: str) -> bool:
        return self.frames.get(name) == self.frame and not (
            plain_op(self.body.nodes[name].node) in _LOOP_OPS
            or self._is_variable(name)
            or (_is(self.body, name, "Switch") and self._steers(self.body.nodes[name]))
        )

    def _ends(self, merge: str) -> list[Value]:
        """What a variable is at first, and the value that it takes in the next step."""
        body = self.body
        inputs = [body.value(value) for value in body.nodes[merge].node.inputs]
        back = [value for value in inputs if _is(body, value.node, "NextIteration")]
        enter = [value for value in inputs if _is(body, value.node, "Enter")]
        if len(back) != 1 or len(enter) != 1 or len(inputs) != 2:
            raise CorruptSavedModelError(
                f"{body.where}, node {merge}: a loop's variable comes from {', '.join(map(str, inputs))}; expected one "
                "Enter and one NextIteration."
            )
        return [body.value(body.nodes[end.node].node.inputs[0]) for end in (enter[0], back[0])]

    def replace(self, prefix: str, functions: dict[str, Function]) -> None:
        """Put a While in the loop's place."""
        name = f"{self.test}/loop"
        test = self._extracted([self.condition])
        while True:  # what the body needs may be variables that no Switch has shown, which have to be stepped too
            count = len(self.variables)
            effects = self._effects()
            step, following = self._extracted([self._ends(merge)[1] for merge in self.variables], effects)
            if len(self.variables) == count:
                break
        first = [self._ends(merge)[0] for merge in self.variables]
        parameters = (*self.variables.values(), *self.captures.taken.values())
        passed = tuple(Value(parameter.name) for parameter in self.captures.taken.values())
        attrs: dict[str, object] = {"T": [parameter.dtype for parameter in parameters]}
        parts = {"cond": (*test, ()), "body": (step, (*following, *passed), effects)}
        for role, (part, outputs, besides) in parts.items():
            function = f"{prefix}{name}/{role}"
            replace_conditionals(part, outputs, besides, prefix, functions)
            functions[function] = part.function(function, parameters, outputs, besides)
            attrs[role] = FunctionName(function)
        node = Node(name, "While", (*first, *self.captures.taken), attrs, self.body.nodes[self.test].node.origin)
        self._put(node)

    def _extracted(self, outputs: Sequence[Value], effects: Sequence[str] = ()) -> tuple[Body, tuple[Value, ...]]:
        return extract(self.body, outputs, effects, self._place, self._inside)

    def _effects(self) -> tuple[str, ...]:
        """What has to run before the next step begins, although no variable takes a value from it."""
        body = self.body
        back = [value.node for merge in self.variables for value in body.inputs(body.nodes[merge])]
        controls = [
            name for node in back if _is(body, node, "NextIteration") for name in body.controls(body.nodes[node])
        ]
        return tuple(dict.fromkeys(name for name in controls if name in body.nodes and self._inside(name)))

    def _put(self, node: Node) -> None:
        body, outer = self.body, self.frame[:-1]
        positions = {merge: i for i, merge in enumerate(self.variables)}
        controls: dict[str, None] = {}
        for name in [name for name, frame in self.frames.items() if frame == self.frame and name in body.nodes]:
            for control in body.controls(body.nodes[name]):
                if self.frames.get(control, self.frame) != self.frame:
                    controls[control] = None
        for name, wired in list(body.nodes.items()):
            if plain_op(wired.node) != "Exit":
                continue
            switch = body.value(wired.node.inputs[0])
            source = body.nodes.get(switch.node)
            if source is None or self.frames[switch.node] != self.frame:
                continue
            if plain_op(source.node) == "Switch":
                if not self._steers(source):
                    continue
                merge = body.value(source.node.inputs[0]).node
            else:
                merge = switch.node
            if merge not in positions:
                raise CorruptSavedModelError(
                    f"{body.where}, node {name}: what leaves the loop {'/'.join(self.frame)!r} here is none of its "
                    "variables."
                )
            body.values[Value(name)] = Value(node.name, positions[merge])
            body.names[name] = node.name
            del body.nodes[name]
        body.nodes[node.name] = Wired(node, tuple(controls))
        self.frames[node.name] = outer
