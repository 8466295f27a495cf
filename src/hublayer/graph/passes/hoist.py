"""Split a function into what depends on weights alone and the rest, so that a frozen layer computes the first once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from hublayer.graph.effects import writes
from hublayer.graph.ir import Function, Parameter, Value
from hublayer.graph.passes.batch_norm import fixed_values
from hublayer.graph.passes.dead_code import drop_dead_code


@dataclass(frozen=True)
class Split:
    """prologue: from the captures (parameters of dtype resource) to `crossing` values. main: takes those besides."""

    prologue: Function
    main: Function


def hoist(function: Function, called: Sequence[Function] = ()) -> Split | None:
    """The split of `function`; None if it changes a state, or if nothing could be computed ahead.

    called: all functions that its control flow reaches.

    main has the parameters of `function` first, then one for each value that crosses.
    """
    if writes([function, *called]):
        return None
    fixed = fixed_values(function)
    movable = {node.name for node in function.nodes if node.name in fixed and node.op not in ("Const", "VarHandleOp")}
    crossing = list(
        dict.fromkeys(
            value
            for value in [
                *(v for node in function.nodes if node.name not in movable for v in node.inputs),
                *function.outputs,
            ]
            if value.node in movable
        )
    )
    if not crossing:
        return None
    names = {value: f"{value.node}/hoisted_{value.index}" for value in crossing}
    ahead = tuple(node for node in function.nodes if node.name in fixed)
    prologue = drop_dead_code(Function(f"{function.name}/prologue", function.parameters, ahead, tuple(crossing)))

    def moved(value: Value) -> Value:
        return Value(names[value]) if value in names else value

    nodes = tuple(
        replace(node, inputs=tuple(map(moved, node.inputs))) for node in function.nodes if node.name not in movable
    )
    parameters = (*function.parameters, *(Parameter(names[value], "unknown") for value in crossing))
    main = Function(function.name, parameters, nodes, tuple(map(moved, function.outputs)))
    return Split(prologue, drop_dead_code(main))
