"""Which values of a function must be known while it is traced, because a shape or an axis is computed from them."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator

from hublayer.graph.ir import Function, FunctionName, Node, Value
from hublayer.graph.numpy_ops import NUMPY_OPS
from hublayer.graph.op_schema import input_groups
from hublayer.lowering.registry import Lowering, find_lowering
from hublayer.ops.traits import Trait, facts

Functions = Callable[[str], Function]


def static_inputs(function: Function, parameters: Collection[str], backend: str) -> set[str]:
    """Those of `parameters` that some node of `function` needs as an array."""
    values = _upstream(function, _asked(function, backend), lambda node: node.op in NUMPY_OPS)
    return {value.node for value in values if value.node in parameters}


def steers_shapes(function: Function, backend: str, functions: Functions) -> frozenset[str]:
    """Names of the nodes and parameters that a shape or an axis is computed from, by whatever ops.

    functions: finds those that control flow in `function` calls: what they need as an array counts as well.
    """
    return _steering(function, backend, functions, frozenset())


def _steering(function: Function, backend: str, functions: Functions, callers: frozenset[str]) -> frozenset[str]:
    callers |= {function.name}
    asked = [*_asked(function, backend)]
    for node in function.nodes:
        for callee in _callees(node, functions):
            if callee.name not in callers:  # a function that calls itself has been asked already
                wanted = _steering(callee, backend, functions, callers)
                # A conditional's first input chooses the branch; the others are the branches' arguments.
                arguments = node.inputs[len(node.inputs) - len(callee.parameters) :]
                pairs = zip(callee.parameters, arguments, strict=False)
                asked += [value for parameter, value in pairs if parameter.name in wanted]
    return frozenset(value.node for value in _upstream(function, asked, lambda node: True))


def reads_values(function: Function, backend: str, known: Collection[str] = ()) -> bool:
    """Whether a shape or an axis in `function` follows from the values of tensors, so that they have to be read.

    known: parameters that are arrays whenever the function is traced.
    """
    nodes = {node.name: node for node in function.nodes}

    def folds(node: Node) -> bool:
        return node.op in NUMPY_OPS

    for value in _upstream(function, _asked(function, backend), folds):
        node = nodes.get(value.node)
        if node is None:
            if value.node not in known:
                return True
        elif node.op != "Const" and not _of_shapes(node) and not folds(node):
            return True
    return False


def _upstream(function: Function, values: Iterable[Value], through: Callable[[Node], bool]) -> set[Value]:
    """`values`, and all that they are computed from by nodes that `through` holds for."""
    producers = {node.name: node for node in function.nodes}
    found: set[Value] = set()
    pending = list(values)
    while pending:
        value = pending.pop()
        if value in found:
            continue
        found.add(value)
        node = producers.get(value.node)
        if node is not None and not _of_shapes(node) and through(node):
            pending += node.inputs
    return found


def _of_shapes(node: Node) -> bool:
    return Trait.OF_SHAPES in facts(node.op).traits


def _asked(function: Function, backend: str) -> Iterator[Value]:
    """The values that nodes of `function` take as arrays."""
    for node in function.nodes:
        # What is static in general is a size, even where a backend of its own would take it as a tensor.
        for name in (backend, ""):
            yield from _declared(node, find_lowering(node.op, name))


def _callees(node: Node, functions: Functions) -> Iterator[Function]:
    for attr in node.attrs.values():
        for name in attr if isinstance(attr, list) else [attr]:
            if isinstance(name, FunctionName):
                yield functions(name)


def _declared(node: Node, lowering: Lowering | None) -> list[Value]:
    if lowering is None:
        return []
    groups = None if lowering.variadic else input_groups(node.op, node.attrs)
    values: list[Value] = []
    for index, name in enumerate(lowering.static):
        if name is None:
            continue
        if groups is None:
            values += node.inputs[index : index + 1]
        else:
            group = groups[index] if index < len(groups) else None
            if isinstance(group, tuple):
                values += node.inputs[group[0] : group[1]]
            elif group is not None:
                values.append(node.inputs[group])
    return values
