"""Set rows to zero by a mask of rows: how tf.nn.safe_embedding_lookup_sparse ends.

It tiles the mask to the shape of the rows and selects; a select that broadcasts needs no tile, and rows of which none
is masked need nothing.
"""

from __future__ import annotations

from dataclasses import replace

from hublayer.graph.ir import Function, Node, Value
from hublayer.graph.passes.dead_code import drop_dead_code

ZERO_ROWS = "hublayer>ZeroRows"


def zero_rows_by_mask(function: Function) -> Function:
    """`function` with ZeroRows(x, mask) for select(tile(mask, [1, shape(x)[1]]), zeros_like(x), x)."""
    nodes = {node.name: node for node in function.nodes}
    changed: dict[str, Node] = {}
    for node in function.nodes:
        mask = _mask(node, nodes)
        if mask is not None:
            changed[node.name] = Node(node.name, ZERO_ROWS, (node.inputs[2], mask), {}, node.origin)
    if not changed:
        return function
    return drop_dead_code(replace(function, nodes=tuple(changed.get(node.name, node) for node in function.nodes)))


def _mask(node: Node, nodes: dict[str, Node]) -> Value | None:
    """The mask (rows, 1) of a select that sets rows to zero."""
    if node.op not in ("Select", "SelectV2"):
        return None
    tile, zeros = nodes.get(node.inputs[0].node), nodes.get(node.inputs[1].node)
    rows = node.inputs[2]
    if tile is None or zeros is None or tile.op != "Tile" or zeros.op != "ZerosLike" or zeros.inputs[0] != rows:
        return None
    times = nodes.get(tile.inputs[1].node)
    if times is None or times.op != "Pack" or len(times.inputs) != 2:
        return None
    one, width = (nodes.get(value.node) for value in times.inputs)
    if one is None or width is None or one.op != "Const" or int(one.attrs["value"]) != 1 or width.op != "StridedSlice":
        return None
    shape, begin = nodes.get(width.inputs[0].node), nodes.get(width.inputs[1].node)
    is_second = begin is not None and begin.op == "Const" and begin.attrs["value"].tolist() == [1]
    if shape is None or shape.op != "Shape" or shape.inputs[0] != rows or not is_second:
        return None
    # One element, so a stride changes nothing and the end is the next one; tiled by it, the mask has one column.
    return tile.inputs[0] if width.attrs.get("shrink_axis_mask") == 1 else None
