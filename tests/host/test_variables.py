"""Variables on the host: read, gathered from and assigned, of strings and of numbers."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from hublayer.errors import ExecutionError
from hublayer.graph.ir import Function, Node, Parameter, Value
from hublayer.host.execute import HostExecutable, HostExecutables, HostRun
from hublayer.host.string_tensor import StringTensor
from hublayer.host.variables import StringVariable

NAMES = [b"a", b"", b"\xff"]


def numbers() -> StringVariable:
    variable = StringVariable(StringTensor.from_list([]))
    variable.value = np.arange(6, dtype="int64").reshape(3, 2)
    return variable


def call(op: str, variable: StringVariable, *inputs: object, **attrs: object) -> object:
    parameters = tuple(Parameter(f"p{i}", "unknown") for i in range(len(inputs) + 1))
    made = Node("n", op, tuple(Value(p.name) for p in parameters), attrs)
    outputs = () if op.startswith("Assign") else (Value("n"),)
    return HostExecutable(Function("f", parameters, (made,), outputs))(
        HostRun(HostExecutables({}), Path()), [variable, *inputs]
    )


def test_a_variable_is_read_and_gathered_from():
    words = StringVariable(StringTensor.from_list(NAMES))
    assert call("ReadVariableOp", words, dtype="string")[0].to_list() == NAMES
    rows = call("ResourceGather", words, np.array([[2, 0]]), dtype="string", Tindices="int64")[0]
    assert (rows.shape, rows.to_list()) == ((1, 2), [b"\xff", b"a"])
    element = call("ResourceGatherNd", words, np.array([2]), dtype="string", Tindices="int64")[0]
    assert (element.shape, element.item()) == ((), b"\xff")
    rows = call("ResourceGather", numbers(), np.array([1]), dtype="int64", Tindices="int64")[0]
    np.testing.assert_array_equal(rows, [[2, 3]])
    assert call("VariableShape", numbers(), out_type="int64")[0].tolist() == [3, 2]
    assert bool(call("VarIsInitializedOp", words)[0])


def test_a_row_that_is_not_there_is_an_error():
    words = StringVariable(StringTensor.from_list(NAMES))
    with pytest.raises(ExecutionError, match="not all among 3 rows"):
        call("ResourceGather", words, np.array([3]), dtype="string", Tindices="int64")


def test_a_variable_is_assigned():
    words, values = StringVariable(StringTensor.from_list(NAMES)), numbers()
    call("AssignVariableOp", words, StringTensor.from_list([b"new"]), dtype="string")
    assert words.value.to_list() == [b"new"]
    with pytest.raises(ExecutionError, match="cannot take a value of shape"):
        call("AssignVariableOp", words, StringTensor.from_list([]), dtype="string", validate_shape=True)
    call("AssignAddVariableOp", values, np.int64(2), dtype="int64")
    call("AssignSubVariableOp", values, np.int64(1), dtype="int64")
    np.testing.assert_array_equal(values.value, [[1, 2], [3, 4], [5, 6]])


def test_variables_of_old_graphs_have_names():
    made = Node("v", "VarHandleOp", (), {"dtype": "string", "shape": (3,), "shared_name": "names"})
    function = Function("f", (), (made,), (Value("v"),))
    words = StringVariable(StringTensor.from_list(NAMES))
    run = HostRun(HostExecutables({}), Path(), variables={"names": words})
    assert HostExecutable(function)(run, []) == [words]
    with pytest.raises(ExecutionError, match="'names' has no value"):
        HostExecutable(function)(HostRun(HostExecutables({}), Path()), [])
