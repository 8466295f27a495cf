"""Put the bodies of called functions in place of the calls."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from hublayer.errors import CorruptSavedModelError
from hublayer.graph.ir import Function, FunctionName, Node, Value

_CALLS = frozenset({"PartitionedCall", "StatefulPartitionedCall"})
_MAX_DEPTH = 200


def called_function(node: Node, functions: Mapping[str, Function]) -> Function | None:
    """The function that `node` calls outright, by attribute or by its op's name; None if it calls none."""
    if node.op in _CALLS:
        name = node.attrs.get("f")
        if not isinstance(name, FunctionName) or name not in functions:
            raise CorruptSavedModelError(f"{node.origin}, node {node.name}: calls {name!r}, which is not there.")
        return functions[name]
    return functions.get(node.op)


def inline_calls(function: Function, functions: Mapping[str, Function], keep: frozenset[str] = frozenset()) -> Function:
    """`function` without calls, but for those of the functions in `keep`.

    A body's nodes stand where the call stood, so the order of effects stays. Raises CorruptSavedModelError for
    functions that call themselves.
    """
    nodes: list[Node] = []
    outputs = _inline(function, functions, keep, "", {}, nodes, ())
    return replace(function, nodes=tuple(nodes), outputs=outputs)


def _inline(
    function: Function,
    functions: Mapping[str, Function],
    keep: frozenset[str],
    prefix: str,
    values: dict[Value, Value],
    nodes: list[Node],
    callers: tuple[str, ...],
) -> tuple[Value, ...]:
    """Append the body's nodes, named under `prefix`; `values` maps its values to those of the outermost function."""
    if function.name in callers or len(callers) > _MAX_DEPTH:
        raise CorruptSavedModelError(f"The function {function.name!r} calls itself: {' → '.join(callers)}.")
    callers = (*callers, function.name)

    def resolve(value: Value) -> Value:
        return values.get(value) or Value(prefix + value.node, value.index)

    for node in function.nodes:
        inputs = tuple(resolve(value) for value in node.inputs)
        callee = called_function(node, functions)
        if callee is None or callee.name in keep:
            nodes.append(replace(node, name=prefix + node.name, inputs=inputs))
            continue
        if len(inputs) != len(callee.parameters):
            raise CorruptSavedModelError(
                f"{node.origin}, node {node.name}: passes {len(inputs)} values to {callee.name!r}, which takes "
                f"{len(callee.parameters)}."
            )
        inner = {Value(p.name): value for p, value in zip(callee.parameters, inputs, strict=True)}
        results = _inline(callee, functions, keep, f"{prefix}{node.name}/", inner, nodes, callers)
        for index, result in enumerate(results):
            values[Value(node.name, index)] = result
    return tuple(resolve(value) for value in function.outputs)
