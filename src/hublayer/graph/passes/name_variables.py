"""Variables of TF1 under the names of the weights that they are or are parts of."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from hublayer.graph.ir import Function, Node
from hublayer.savedmodel.restoring import Stored


def name_variables(function: Function, stored: Mapping[str, Stored]) -> Function:
    """`function`, each VarHandleOp's shared_name that of its weight; what is a slice of one says so as `_part`.

    `_part` has (start, length) per dimension. stored: by the names of the variables' nodes.
    """
    return replace(function, nodes=tuple(_named(node, stored) for node in function.nodes))


def _named(node: Node, stored: Mapping[str, Stored]) -> Node:
    if node.op != "VarHandleOp":
        return node
    shared = node.attrs.get("shared_name") or node.name
    # A resource variable's node has the variable's name; shared_name may lack the scope that it was imported under.
    # The handle of what was a reference variable has its node's name as shared_name.
    own = shared if node.name == f"{shared}/handle" else node.name
    place = stored.get(own) or stored.get(shared)
    if place is None:
        return replace(node, attrs={**node.attrs, "shared_name": own})
    attrs = {**node.attrs, "shared_name": place.name}
    if (
        place.part is not None
        and place.shape is not None
        and any((start, length) != (0, size) for (start, length), size in zip(place.part, place.shape, strict=True))
    ):
        attrs["_part"] = place.part
    return replace(node, attrs=attrs)
