"""Axes, sizes and paddings that a model computes: read where tensors have values, refused where a program is traced."""

from __future__ import annotations

import numpy as np
import pytest

from hublayer.errors import ExecutionError
from hublayer.graph.ir import Function, FunctionName, Node, Parameter, Value
from hublayer.lowering.execute import Executable, Run
from hublayer.lowering.registry import find_lowering, registered_ops
from lowering.backends import BACKEND, compiled, to_numpy, to_tensor
from lowering.collect import families
from lowering.test_lowerings import check, golden, single_op

STATIC = {op for op, lowering in registered_ops(BACKEND).items() if any(lowering.static)}


def _cases():
    """All cases on PyTorch; elsewhere, where each op is compiled by itself, the first of each op."""
    seen = set()
    for family, cases in families().items():
        for case in cases:
            if case.op in STATIC and BACKEND not in case.limits and (BACKEND == "torch" or case.op not in seen):
                seen.add(case.op)
                yield pytest.param(family, case, id=case.id)


@pytest.mark.parametrize(("family", "case"), list(_cases()))
def test_what_must_be_known_may_come_as_a_tensor(family, case):
    function, arrays = single_op(case)
    lowering = find_lowering(case.op, BACKEND)
    assert lowering is not None
    given = {parameter.name: to_tensor(array) for parameter, array in zip(function.parameters, arrays, strict=True)}
    constants = [node for node in function.nodes if node.op == "Const"]
    for node in constants:
        index = int(node.name.split("_")[1])
        if lowering.static[index] and node.attrs["value"].dtype.kind not in "OSU":
            given[node.name] = to_tensor(node.attrs["value"])
    parameters = tuple(Parameter(name, "unknown") for name in given)
    nodes = tuple(node for node in function.nodes if node.name not in given)
    executable = Executable(Function("test", parameters, nodes, function.outputs), BACKEND)
    inner = {name: Executable(value, BACKEND) for name, value in _functions(case).items()}
    run = Run({}, inner.__getitem__, by_op=BACKEND != "torch")
    reference = golden(family, case)
    expected = [reference[f"o{i}"] for i in range(len([key for key in reference if key.startswith("o")]))]
    outputs = executable(run, list(given.values()))
    check(
        case,
        [to_tensor(x) if isinstance(x, np.ndarray) and x.dtype.kind not in "OSU" else x for x in outputs],
        expected,
    )


def _functions(case) -> dict[str, Function]:
    return {x.name: x for x in case.attrs.values() if isinstance(x, Function)}


def _filled(*nodes: Node, parameters: tuple[Parameter, ...] = ()) -> Executable:
    """Ones of the size that the node ``size`` gives."""
    one = Node("one", "Const", (), {"value": np.ones((), "float32")})
    fill = Node("fill", "Fill", (Value("size"), Value("one")), {"T": "float32", "index_type": "int32"}, "the test")
    return Executable(Function("test", parameters, (one, *nodes, fill), (Value("fill"),)), BACKEND)


def _product_of(array: list[float]) -> tuple[Node, ...]:
    """``size``: the cumulative product of `array`, which NumPy does not compute when a graph is loaded."""
    return (
        Node("factors", "Const", (), {"value": np.asarray(array, "float32")}),
        Node("axis", "Const", (), {"value": np.zeros((), "int32")}),
        Node("products", "Cumprod", (Value("factors"), Value("axis")), {"T": "float32", "Tidx": "int32"}),
        Node("size", "Cast", (Value("products"),), {"SrcT": "float32", "DstT": "int32"}),
    )


def test_a_size_that_constants_determine_is_known_in_a_program():
    executable = _filled(*_product_of([1.0, 3.0]), parameters=(Parameter("x", "float32"),))

    def run(inputs):
        return executable(Run({}, lambda name: executable), inputs)

    (found,) = compiled(run)([to_tensor(np.zeros(2, "float32"))])
    np.testing.assert_array_equal(to_numpy(found), np.ones((1, 3)))


def test_a_size_inside_a_branch_that_constants_outside_determine():
    """The branch takes the size as its argument; only the condition is traced."""
    shape = Parameter("size", "int32")
    branch = _filled(parameters=(shape,)).function
    call = Node(
        "if",
        "If",
        (Value("x"), Value("size")),
        {
            "then_branch": FunctionName("test"),
            "else_branch": FunctionName("test"),
            "Tin": ["int32"],
            "Tout": ["float32"],
        },
    )
    outer = Function("outer", (Parameter("x", "bool"),), (*_product_of([2.0, 2.0]), call), (Value("if"),))
    executables = {"test": Executable(branch, BACKEND)}
    executable = Executable(outer, BACKEND)

    def run(inputs):
        return executable(Run({}, executables.__getitem__), inputs)

    (found,) = compiled(run)([to_tensor(np.ones((), bool))])
    np.testing.assert_array_equal(to_numpy(found), np.ones((2, 4)))


@pytest.mark.skipif(BACKEND != "jax", reason="PyTorch reads the size, and TensorFlow's programs have such shapes")
def test_a_size_that_a_program_computes_is_refused_and_the_message_says_where_it_comes_from():
    executable = _filled(Node("size", "Identity", (Value("x"),), {"T": "int32"}), parameters=(Parameter("x", "int32"),))
    with pytest.raises(
        ExecutionError, match=r"the test, node fill \(Fill\): the input 'dims' must be known .* but size:0"
    ):
        compiled(lambda inputs: executable(Run({}, lambda name: executable), inputs))(
            [to_tensor(np.array([2], "int32"))]
        )
