"""Give a split's tokens their rows alone where nothing asks for their places in the row.

tf.strings.split returns a sparse tensor, whose indices are pairs. An embedding that is combined by row wants the first
of each pair; the second is computed, moved and checked for nothing.
"""

from __future__ import annotations

from dataclasses import replace

from hublayer.graph.ir import Function, Node, Value
from hublayer.graph.passes.text_idioms import KEEP_ROWS, SPLITS, is_first_column

SPLIT_ROWS = "hublayer>SplitRows"
FILL_EMPTY_ROWS = "hublayer>FillEmptyRows"


def keep_rows_of_splits(function: Function) -> Function:
    """`function` with SplitRows for each split of which only the rows of the tokens are used.

    Rows may be filtered (KeepRows) and empty ones filled (SparseFillEmptyRows) in between.
    """
    nodes = {node.name: node for node in function.nodes}
    users: dict[Value, list[Node]] = {}
    for node in function.nodes:
        for value in set(node.inputs):
            users.setdefault(value, []).append(node)
    returned = set(function.outputs)
    changed: dict[str, Node] = {}
    for node in function.nodes:
        if node.op in SPLITS:
            found = _rows_only(Value(node.name), users, returned, nodes)
            if found is not None:
                attrs = {**node.attrs, "op": node.op}
                changed[node.name] = replace(node, op=SPLIT_ROWS, attrs=attrs)
                changed |= found
    if not changed:
        return function
    return replace(function, nodes=tuple(changed.get(node.name, node) for node in function.nodes))


def _rows_only(
    indices: Value, users: dict[Value, list[Node]], returned: set[Value], nodes: dict[str, Node]
) -> dict[str, Node] | None:
    """The users of `indices`, rewritten for a vector of rows; None if one of them needs the pairs."""
    if indices in returned:
        return None
    changed: dict[str, Node] = {}
    for user in users.get(indices, ()):
        if user.op == "StridedSlice" and is_first_column(user, indices, nodes):
            changed[user.name] = Node(user.name, "Identity", (indices,), {}, user.origin)
            continue
        if user.inputs[0] != indices or indices in user.inputs[1:]:
            return None
        if user.op == "SparseFillEmptyRows":
            changed[user.name] = replace(user, op=FILL_EMPTY_ROWS, attrs={})
        elif user.op != KEEP_ROWS and user.op != "Identity":
            return None
        further = _rows_only(Value(user.name), users, returned, nodes)
        if further is None:
            return None
        changed |= further
    return changed
