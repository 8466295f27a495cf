"""Ops that change a variable or a table, and so may not be dropped."""

from __future__ import annotations

from hublayer.graph.ir import FunctionName, Node

ASSIGNMENTS = frozenset(
    {
        "Assign",
        "AssignAdd",
        "AssignAddVariableOp",
        "AssignSub",
        "AssignSubVariableOp",
        "AssignVariableOp",
        "ResourceScatterAdd",
        "ResourceScatterDiv",
        "ResourceScatterMax",
        "ResourceScatterMin",
        "ResourceScatterMul",
        "ResourceScatterNdAdd",
        "ResourceScatterNdMax",
        "ResourceScatterNdMin",
        "ResourceScatterNdSub",
        "ResourceScatterNdUpdate",
        "ResourceScatterSub",
        "ResourceScatterUpdate",
        "ResourceStridedSliceAssign",
        "RngReadAndSkip",
        "RngSkip",
        "ScatterAdd",
        "ScatterDiv",
        "ScatterMax",
        "ScatterMin",
        "ScatterMul",
        "ScatterNdAdd",
        "ScatterNdSub",
        "ScatterNdUpdate",
        "ScatterSub",
        "ScatterUpdate",
        "StackPop",
        "StackPopV2",
        "StackPush",
        "StackPushV2",
    }
)
TABLES_FILLED = frozenset(
    {
        "InitializeTable",
        "InitializeTableFromTextFile",
        "InitializeTableFromTextFileV2",
        "InitializeTableV2",
        "LookupTableImport",
        "LookupTableImportV2",
        "LookupTableInsert",
        "LookupTableInsertV2",
        "LookupTableRemoveV2",
    }
)
_MAY_HOLD_EFFECTS = frozenset({"If", "While", "Case", "StatefulPartitionedCall"})


def has_effect(node: Node) -> bool:
    """Whether `node` changes a variable or a table, or calls stateful functions that may."""
    if node.op in ASSIGNMENTS or node.op in TABLES_FILLED:
        return True
    return node.op in _MAY_HOLD_EFFECTS and any(isinstance(attr, FunctionName | list) for attr in node.attrs.values())
