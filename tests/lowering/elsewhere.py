"""Ops that a case cannot show, and the test file that shows them: random results, variables, functions."""

OPS = {
    "VarHandleOp": "test_variables.py",
    "ReadVariableOp": "test_variables.py",
    "DisableCopyOnRead": "test_variables.py",
    "VarIsInitializedOp": "test_variables.py",
    "AssignVariableOp": "test_variables.py",
    "AssignAddVariableOp": "test_variables.py",
    "AssignSubVariableOp": "test_variables.py",
    "ResourceGather": "test_variables.py",
    "Svd": "test_decompositions.py",
    "SelfAdjointEigV2": "test_decompositions.py",
}
