"""Control flow on the host: whole functions, strings among the values."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from host.collect import strings, text
from hublayer.errors import ExecutionError
from hublayer.graph.ir import Function, FunctionName, Node, Parameter, Value
from hublayer.host.execute import HostExecutables, HostRun
from hublayer.host.string_tensor import StringTensor

X = Parameter("x", "unknown")


def run(entry: Function, arguments: list, **functions: Function) -> list:
    executables = HostExecutables({**functions, "entry": entry})
    return executables("entry")(HostRun(executables, Path()), arguments)


def constant(name: str, value) -> Node:
    return Node(name, "Const", (), {"value": np.asarray(value)})


def returning(name: str, value: np.ndarray) -> Function:
    return Function(name, (X,), (constant("c", value),), (Value("c"),))


@pytest.mark.parametrize("op", ["If", "StatelessIf"])
@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        (np.array(True), b"yes"),
        (np.array(0.0), b"no"),
        (np.zeros(0), b"no"),
        (np.zeros(2), b"yes"),
        (StringTensor.from_list([b""], ()), b"no"),
        (StringTensor.from_list([b"a"], ()), b"yes"),
    ],
)
def test_if_takes_what_tensorflow_takes_for_true(op, condition, expected):
    attrs = {"then_branch": FunctionName("a"), "else_branch": FunctionName("b"), "Tin": ["string"], "Tout": ["string"]}
    entry = Function("entry", (Parameter("c", "bool"), X), (Node("if", op, (Value("c"), Value("x")), attrs),), ())
    entry = Function(entry.name, entry.parameters, entry.nodes, (Value("if"),))
    result = run(entry, [condition, np.zeros(())], a=returning("a", text("yes")), b=returning("b", text("no")))
    assert result[0].item() == expected


@pytest.mark.parametrize("op", ["Case", "StatelessCase"])
@pytest.mark.parametrize(("index", "expected"), [(0, b"a"), (1, b"b"), (-1, b"b"), (7, b"b")])
def test_case_takes_the_last_branch_for_unknown_numbers(op, index, expected):
    attrs = {"branches": [FunctionName("a"), FunctionName("b")], "Tin": ["string"], "Tout": ["string"]}
    nodes = (Node("case", op, (Value("i"), Value("x")), attrs),)
    entry = Function("entry", (Parameter("i", "int32"), X), nodes, (Value("case"),))
    result = run(entry, [np.array(index), np.zeros(())], a=returning("a", text("a")), b=returning("b", text("b")))
    assert result[0].item() == expected


@pytest.mark.parametrize("op", ["While", "StatelessWhile"])
def test_while_carries_strings(op):
    n, s = Parameter("n", "int32"), Parameter("s", "string")
    less = Function(
        "less", (n, s), (constant("limit", np.int32(3)), Node("y", "Less", (Value("n"), Value("limit")))), (Value("y"),)
    )
    body = Function(
        "body", (n, s),
        (constant("one", np.int32(1)), constant("axis", np.int32(0)),
         Node("next", "AddV2", (Value("n"), Value("one"))),
         Node("twice", "ConcatV2", (Value("s"), Value("s"), Value("axis")), {"N": 2})),
        (Value("next"), Value("twice")),
    )  # fmt: skip
    attrs = {"cond": FunctionName("less"), "body": FunctionName("body"), "T": ["int32", "string"]}
    node = Node("loop", op, (Value("n"), Value("s")), attrs)
    entry = Function("entry", (n, s), (node,), (Value("loop", 0), Value("loop", 1)))
    count, values = run(entry, [np.int32(0), StringTensor.from_numpy(strings("a"))], less=less, body=body)
    assert int(count) == 3
    assert values.to_list() == [b"a"] * 8


@pytest.mark.parametrize("op", ["PartitionedCall", "StatefulPartitionedCall"])
def test_calls(op):
    node = Node("call", op, (Value("x"),), {"f": FunctionName("a"), "Tin": ["string"], "Tout": ["string"]})
    result = run(Function("entry", (X,), (node,), (Value("call"),)), [np.zeros(())], a=returning("a", text("in")))
    assert result[0].item() == b"in"


def test_a_failed_assertion_names_the_node_and_the_data():
    node = Node("check", "Assert", (Value("c"), Value("x")), {"T": ["string"]}, "f")
    entry = Function("entry", (Parameter("c", "bool"), X), (node,), ())
    assert run(entry, [np.array(True), StringTensor.from_numpy(strings("a"))]) == []
    with pytest.raises(ExecutionError, match=r"node check \(Assert\).*bad input"):
        run(entry, [np.array(False), StringTensor.from_numpy(strings("bad input"))])


def test_optionals_hold_strings():
    held = Node("held", "OptionalFromValue", (Value("x"),), {"Toutput_types": ["string"]})
    got = Node("got", "OptionalGetValue", (Value("held"),), {"output_types": ["string"], "output_shapes": [()]}, "f")
    has = Node("has", "OptionalHasValue", (Value("held"),))
    found = run(
        Function("e", (X,), (held, has, got), (Value("has"), Value("got"))), [StringTensor.from_list([b"d"], ())]
    )
    assert found[0] and found[1].item() == b"d"
    none = Node("held", "OptionalNone")
    assert not run(Function("e", (X,), (none, has), (Value("has"),)), [np.zeros(())])[0]
    with pytest.raises(ExecutionError, match="no value"):
        run(Function("e", (X,), (none, got), (Value("got"),)), [np.zeros(())])


def test_placeholders():
    node = Node("p", "PlaceholderWithDefault", (Value("x"),), {"dtype": "string", "shape": ()})
    assert run(Function("e", (X,), (node,), (Value("p"),)), [StringTensor.from_list([b"d"], ())])[0].item() == b"d"
    fed = Node("p", "Placeholder", (), {"dtype": "string", "shape": ()})
    with pytest.raises(ExecutionError, match="no value"):
        run(Function("e", (), (fed,), (Value("p"),)), [])
