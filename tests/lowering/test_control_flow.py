"""Whole functions with conditionals, loops and lists, as TensorFlow traced them, against what TensorFlow computes.

tools/make_function_goldens.py makes the goldens.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest

from hublayer.graph.build import build_function
from hublayer.graph.ir import Function, FunctionName, Node, Parameter, Value
from hublayer.graph.passes.dead_code import drop_dead_code
from hublayer.graph.passes.inline import inline_calls
from hublayer.lowering.dtypes import backend_dtype
from hublayer.lowering.execute import Executable, Run, VariableHandle
from hublayer.savedmodel.schema import message
from lowering.backends import BACKEND, compiled, gradients, to_numpy, to_tensor
from lowering.case import cotangent, floats
from lowering.collect import FOLDER
from lowering.test_lowerings import close

NAMES = sorted(path.stem for path in (FOLDER / "goldens" / "functions").glob("*.npz"))
# JAX differentiates a loop backwards only if its number of steps is known when it is traced.
NO_GRADIENT = {
    "jax": {"early_exit", "count_from_input", "loop_in_loop"},
}


class Traced:
    """A golden: its function on the backend at hand, inputs and expected results."""

    def __init__(self, name: str):
        with np.load(FOLDER / "goldens" / "functions" / f"{name}.npz") as arrays:
            self.arrays = dict(arrays)
        library = message("FunctionLibrary").FromString(self.arrays["library"].tobytes())
        plain = {function.signature.name: build_function(function) for function in library.function}
        self.functions = {name: drop_dead_code(inline_calls(function, plain)) for name, function in plain.items()}
        self.entry: Function = self.functions[str(self.arrays["entry"])]
        self._made = {name: Executable(function, BACKEND) for name, function in self.functions.items()}
        self.inputs = self._numbered("i")
        self.variables = self._numbered("v")

    def _numbered(self, letter: str) -> dict[int, np.ndarray]:
        return {int(key[1:]): value for key, value in self.arrays.items() if key[0] == letter and key[1:].isdecimal()}

    @property
    def outputs(self) -> list[np.ndarray]:
        """What TensorFlow returns, and after that the new values of the variables that changed."""
        outputs = self._numbered("o")
        return [outputs[i] for i in range(len(outputs))]

    @property
    def gradients(self) -> dict[int, np.ndarray]:
        """By position of the input or variable."""
        return self._numbered("g")

    def executable(self, name: str) -> Executable:
        """The executable of one of the functions."""
        return self._made[name]

    def run(self, values: Sequence[Any]) -> tuple[list[Any], dict[str, Any]]:
        """Outputs and variables for the values of inputs and then variables."""
        given = dict(zip([*self.inputs, *self.variables], values, strict=True))
        variables = {f"v{i}": given[i] for i in self.variables}
        arguments = [
            VariableHandle(f"v{i}") if i in self.variables else given[i] for i in range(len(self.entry.parameters))
        ]
        run = Run(variables, self.executable)
        outputs = self.executable(self.entry.name)(run, arguments)
        return outputs, run.variables

    def values(self) -> list[Any]:
        """Tensors for the inputs and variables."""
        return [to_tensor(array) for array in [*self.inputs.values(), *self.variables.values()]]


def _check(values: Sequence[Any], expected: Sequence[np.ndarray]) -> None:
    for value, array in zip(values, expected, strict=True):
        got = to_numpy(value)
        if not isinstance(value, np.ndarray):
            assert got.dtype.name == backend_dtype(array.dtype.name)
        close(got, array, 1e-5)


@pytest.mark.parametrize("name", NAMES)
def test_function_eager(name):
    traced = Traced(name)
    outputs, variables = traced.run(traced.values())
    _check(outputs, traced.outputs)
    _check([variables[f"v{i}"] for i in traced.variables], [traced.arrays[f"n{i}"] for i in traced.variables])


@pytest.mark.filterwarnings("ignore:Dynamo detected a call to a `functools.lru_cache`:UserWarning")
@pytest.mark.parametrize("name", NAMES)
def test_function_compiled(name):
    traced = Traced(name)

    def run(values: Sequence[Any]) -> list[Any]:
        outputs, variables = traced.run(values)
        return [*outputs, *(variables[f"v{i}"] for i in traced.variables)]

    expected = [*traced.outputs, *(traced.arrays[f"n{i}"] for i in traced.variables)]
    _check(list(compiled(run)(traced.values())), expected)


@pytest.mark.parametrize("name", NAMES)
def test_function_gradients(name):
    traced = Traced(name)
    positions = [*traced.inputs, *traced.variables]
    watched = [positions.index(i) for i in traced.gradients]
    weights = [cotangent(i, x) if x.dtype.kind == "f" else None for i, x in enumerate(traced.outputs)]

    def found() -> list[Any]:
        return gradients(lambda values: traced.run(values)[0], traced.values(), watched, weights)

    if name in NO_GRADIENT.get(BACKEND, ()):
        with pytest.raises(ValueError, match="Reverse-mode"):
            found()
        return
    for gradient, expected in zip(found(), traced.gradients.values(), strict=True):
        close(np.zeros_like(expected) if gradient is None else gradient, expected, 1e-4)


@pytest.mark.parametrize("op", ["PartitionedCall", "StatefulPartitionedCall"])
def test_call_of_a_function_that_was_not_inlined(op):
    x = floats(3)
    double = Function(
        "double", (Parameter("x", "float32"),), (Node("sum", "AddV2", (Value("x"), Value("x"))),), (Value("sum"),)
    )
    node = Node("call", op, (Value("x"),), {"f": FunctionName("double"), "Tin": ["float32"], "Tout": ["float32"]})
    entry = Executable(Function("entry", (Parameter("x", "float32"),), (node,), (Value("call"),)), BACKEND)
    made = Executable(double, BACKEND)
    (y,) = entry(Run({}, lambda name: made), [to_tensor(x)])
    close(to_numpy(y), x * 2, 1e-6)


def _function(name: str, parameters: str, nodes: Sequence[Node], outputs: str) -> Function:
    return Function(
        name,
        tuple(Parameter(parameter, "float32") for parameter in parameters.split()),
        tuple(nodes),
        tuple(Value(output) for output in outputs.split()),
    )


def _constant(name: str, value: np.ndarray) -> Node:
    return Node(name, "Const", (), {"value": value})


def _run(functions: Sequence[Function], arguments: Sequence[Any], seeds: Any = None) -> list[Any]:
    """The last of `functions`, called."""
    made = {function.name: Executable(function, BACKEND) for function in functions}

    def run(values: Sequence[Any]) -> list[Any]:
        return made[functions[-1].name](Run({}, made.__getitem__, seeds), values)

    return compiled(run)(arguments) if BACKEND != "torch" else run(arguments)


def _node(name: str, op: str, inputs: str, **attrs: Any) -> Node:
    return Node(name, op, tuple(Value(source) for source in inputs.split()), attrs, "test")


@pytest.mark.parametrize(("condition", "expected"), [(True, 2.0), (False, 3.0), (np.float32(0.5), 2.0), (b"", 3.0)])
def test_known_condition_chooses_while_tracing(condition, expected):
    """The other branch is not even looked at: it would fail."""
    right = _function("right", "x", [], "x")
    wrong = _function("wrong", "x", [_node("y", "Reshape", "x x")], "y")
    names = {"then_branch": FunctionName("right"), "else_branch": FunctionName("wrong")}
    if expected == 3.0:
        names = {"then_branch": names["else_branch"], "else_branch": names["then_branch"]}
    nodes = [
        _constant("c", np.asarray(condition, object if isinstance(condition, bytes) else None)),
        _node("if", "StatelessIf", "c x", Tin=["float32"], Tout=["float32"], **names),
    ]
    (y,) = _run([right, wrong, _function("entry", "x", nodes, "if")], [to_tensor(np.float32(expected))])
    assert float(y) == expected


@pytest.mark.parametrize("steps", [3, 40])
def test_loop_draws_new_numbers_at_each_step(steps):
    attrs = {"T": "int32", "dtype": "float32", "seed": 0, "seed2": 0}
    one, limit, shape = np.array(1, "int32"), np.array(steps, "int32"), np.array([4], "int32")
    condition = _function("cond", "i x l", [_constant("n", limit), _node("less", "Less", "i n")], "less")
    item = {"element_dtype": "float32"}
    body = _function(
        "body",
        "i x l",
        [
            _constant("one", one),
            _constant("shape", shape),
            _node("next", "AddV2", "i one"),
            _node("random", "RandomUniform", "shape", **attrs),
            _node("list", "TensorListSetItem", "l i random", **item),
        ],
        "next x list",
    )
    loop = {"cond": FunctionName("cond"), "body": FunctionName("body"), "T": ["int32", "float32", "variant"]}
    nodes = [
        _constant("zero", np.array(0, "int32")),
        _constant("n", limit),
        _constant("shape", shape),
        _node("list", "TensorListReserve", "shape n", element_dtype="float32", shape_type="int32"),
        _node("while", "While", "zero x list", **loop),
        Node("stack", "TensorListStack", (Value("while", 2), Value("shape")), {**item, "num_elements": -1}, "test"),
    ]
    entry = _function("entry", "x", nodes, "stack")
    numbers = iter(range(100, 200))
    (drawn,) = _run([condition, body, entry], [to_tensor(np.float32(0))], lambda: next(numbers))
    assert drawn.shape == (steps, 4)
    assert len(np.unique(to_numpy(drawn))) > 4 * steps - 4
