"""Drop nodes that neither an output nor an effect needs."""

from __future__ import annotations

from dataclasses import replace

from hublayer.graph.effects import has_effect
from hublayer.graph.ir import Function


def drop_dead_code(function: Function) -> Function:
    """`function` without nodes that nothing needs; those with an effect are always needed."""
    needed = {value.node for value in function.outputs}
    kept = []
    for node in reversed(function.nodes):
        if node.name in needed or has_effect(node):
            needed.update(value.node for value in node.inputs)
            kept.append(node)
    return replace(function, nodes=tuple(reversed(kept)))
