"""Graphs with TF1's control flow against what a session of TF1 computes. tools/make_v1_goldens.py makes the goldens."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from lowering.backends import BACKEND, compiled, gradients, to_numpy, to_tensor
from lowering.case import cotangent
from lowering.test_lowerings import close

from hublayer.errors import CorruptSavedModelError
from hublayer.graph.build import build_subgraph
from hublayer.graph.control_flow import CONTROL_FLOW_OPS
from hublayer.graph.ir import Function
from hublayer.graph.passes.dead_code import drop_dead_code
from hublayer.graph.passes.fold import fold_constants
from hublayer.graph.passes.name_variables import name_variables
from hublayer.graph.passes.partitioned_lookups import join_partitioned_lookups
from hublayer.graph.passes.ref_variables import resolve_references
from hublayer.lowering.dtypes import backend_dtype
from hublayer.lowering.execute import Executable, Run
from hublayer.savedmodel.restoring import Stored
from hublayer.savedmodel.schema import message

FOLDER = Path(__file__).parent / "goldens"
NAMES = sorted(path.stem for path in FOLDER.glob("*.npz"))
# JAX differentiates a loop backwards only if there is a bound on its steps that is known when it is traced.
NO_GRADIENT = {"jax": {"iterations_0", "iterations_3", "while_of_references"}}


class Session:
    """A golden: its graph as a function on the backend at hand, feeds, variables and expected results."""

    def __init__(self, name: str):
        with np.load(FOLDER / f"{name}.npz") as arrays:
            self.arrays = dict(arrays)
        graph = message("Graph").FromString(self.arrays["graph"].tobytes())
        self.feeds = [str(feed) for feed in self.arrays["feeds"]]
        self.inputs = [self.arrays[f"i{i}"] for i in range(len(self.feeds))]
        parts: dict[str, Function] = {}
        main = build_subgraph(
            graph.node,
            [(feed, array.dtype.name) for feed, array in zip(self.feeds, self.inputs, strict=True)],
            [str(fetch) for fetch in self.arrays["fetches"]],
            [str(effect) for effect in self.arrays["effects"]],
            parts=parts,
        )
        self.main = main = resolve_references(main, parts)
        self.functions = {f.name: drop_dead_code(fold_constants(f)) for f in [*parts.values(), main]}
        self._made = {name: Executable(function, BACKEND) for name, function in self.functions.items()}
        self.variables = self._named("v")

    def _named(self, letter: str) -> dict[str, np.ndarray]:
        return {key[2:]: value for key, value in self.arrays.items() if key.startswith(f"{letter}:")}

    @property
    def outputs(self) -> list[np.ndarray]:
        """What the session returned."""
        return [self.arrays[f"o{i}"] for i in range(len(self.arrays["fetches"]))]

    @property
    def gradients(self) -> dict[str, np.ndarray]:
        """By the name of the feed or variable."""
        return self._named("g")

    def values(self) -> list[Any]:
        """Tensors for the inputs and then the variables."""
        return [to_tensor(array) for array in [*self.inputs, *self.variables.values()]]

    def run(self, values: Sequence[Any]) -> list[Any]:
        """Outputs, and after them the variables."""
        variables = dict(zip(self.variables, values[len(self.inputs) :], strict=True))
        run = Run(variables, self._made.__getitem__)
        outputs = self._made["main"](run, values[: len(self.inputs)])
        return [*outputs, *(run.variables[name] for name in self.variables)]

    def check(self, values: Sequence[Any]) -> None:
        """Compare what `run` returned."""
        for value, array in zip(values, [*self.outputs, *self._named("n").values()], strict=True):
            if not isinstance(value, np.ndarray):
                assert to_numpy(value).dtype.name == backend_dtype(array.dtype.name)
            close(to_numpy(value), array, 1e-5)


@pytest.mark.parametrize("name", NAMES)
def test_eager(name):
    session = Session(name)
    assert not {node.op for f in session.functions.values() for node in f.nodes} & CONTROL_FLOW_OPS
    session.check(session.run(session.values()))


@pytest.mark.filterwarnings("ignore:Dynamo detected a call to a `functools.lru_cache`:UserWarning")
@pytest.mark.parametrize("name", NAMES)
def test_compiled(name):
    session = Session(name)
    session.check(compiled(session.run)(session.values()))


@pytest.mark.parametrize("name", [name for name in NAMES if Session(name).gradients])
def test_gradients(name):
    session = Session(name)
    names = [*session.feeds, *session.variables]
    weights = [cotangent(i, x) if x.dtype.kind == "f" else None for i, x in enumerate(session.outputs)]

    def found() -> list[Any]:
        watched = [names.index(name) for name in session.gradients]
        return gradients(lambda v: session.run(v)[: len(weights)], session.values(), watched, weights)

    if name in NO_GRADIENT.get(BACKEND, ()):
        with pytest.raises(ValueError, match="Reverse-mode"):
            found()
        return
    for gradient, expected in zip(found(), session.gradients.values(), strict=True):
        close(np.zeros_like(expected) if gradient is None else gradient, expected, 1e-4)


def test_known_predicate_leaves_one_branch():
    session = Session("known_predicate")
    ops = {node.op for node in session.functions["main"].nodes}
    assert not {"If", "StatelessIf"} & ops and "RandomUniform" not in ops


def test_branches_of_one_conditional_are_one_if():
    session = Session("conds_in_a_row_yes")
    assert [node.op for node in session.functions["main"].nodes].count("StatelessIf") == 3


def test_merge_of_what_is_no_alternative_is_an_error():
    graph = message("Graph")()
    for name, op, inputs in (("a", "Placeholder", []), ("b", "Placeholder", []), ("m", "Merge", ["a", "b"])):
        graph.node.add(name=name, op=op, input=inputs)
    graph.node[-1].attr["N"].i = 2
    with pytest.raises(CorruptSavedModelError, match=r"node m: .* not alternatives"):
        build_subgraph(graph.node, [("a:0", "float32"), ("b:0", "float32")], ["m:0"])


@pytest.mark.parametrize(("name", "op"), [("cond_yes", "StatelessIf"), ("assign_in_cond_yes", "If")])
def test_only_what_changes_variables_is_stateful(name, op):
    ops = {node.op for node in Session(name).functions["main"].nodes}
    assert ops & {"If", "StatelessIf"} == {op}


@pytest.mark.parametrize("name", sorted(path.stem for path in (FOLDER / "partitioned").glob("*.npz")))
def test_partitioned_lookup(name):
    """A lookup in the parts of a weight becomes one in the weight, and gives the same."""
    session = Session(f"partitioned/{name}")
    plain = session.main
    values = [session.variables[key] for key in sorted(session.variables)]
    weight = np.concatenate(values)
    stored, start = {}, 0
    for key, value in zip(sorted(session.variables), values, strict=True):
        stored[key] = Stored("table", "table", ((start, len(value)), (0, weight.shape[1])), weight.shape)
        start += len(value)
    named = name_variables(plain, stored)
    joined = drop_dead_code(join_partitioned_lookups(named))
    stitches = {"DynamicStitch", "ParallelDynamicStitch"}
    assert stitches & {node.op for node in named.nodes}
    assert not (stitches | {"DynamicPartition"}) & {node.op for node in joined.nodes}
    if name == "div":
        assert {node.op for node in joined.nodes} <= {"Const", "VarHandleOp", "ReadVariableOp", "GatherV2", "Identity"}

    def run(arguments: Sequence[Any]) -> list[Any]:
        return Executable(joined, BACKEND)(Run({"table": arguments[-1]}, session._made.__getitem__), arguments[:-1])

    arguments = [to_tensor(array) for array in [*session.inputs, weight]]
    for value, expected in zip(run(arguments), session.outputs, strict=True):
        close(to_numpy(value), expected, 1e-6)
    weights = [cotangent(0, session.outputs[0])]
    (gradient,) = gradients(run, arguments, [len(arguments) - 1], weights)
    assert gradient is not None
    close(gradient, np.concatenate([session.gradients[key] for key in sorted(session.gradients)]), 1e-5)


def test_a_placeholder_that_is_fed_is_not_waited_for():
    """x + c, where c waits for x as what TensorFlow folds does, directly and through a node that does nothing."""
    for controls in (["^x"], ["^group"]):
        graph = message("Graph")()
        for name, op, inputs in (("x", "Placeholder", []), ("group", "NoOp", ["^x"]), ("c", "Const", controls)):
            node = graph.node.add(name=name, op=op, input=inputs)
            if op != "NoOp":
                node.attr["dtype"].type = 1
        tensor = graph.node[2].attr["value"].tensor
        tensor.dtype = 1
        tensor.float_val.append(2.0)
        total = graph.node.add(name="y", op="AddV2", input=["x", "c"])
        total.attr["T"].type = 1
        function = build_subgraph(graph.node, [("x:0", "float32")], ["y:0"])
        assert "Placeholder" not in {node.op for node in function.nodes}
        (found,) = Executable(function, BACKEND)(Run({}, {}.__getitem__), [np.ones(1, "float32")])
        np.testing.assert_array_equal(to_numpy(found), [3.0])
