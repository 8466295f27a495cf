"""Lowerings whose inputs are a mixture of constants and tensors, as in a graph: each in turn, and all."""

from __future__ import annotations

from dataclasses import replace

import pytest

from hublayer.lowering.execute import Executable, Run
from lowering.backends import BACKEND, to_tensor
from lowering.collect import families
from lowering.test_lowerings import check, golden, single_op

FAMILIES = (
    "shape",
    "filling",
    "padding",
    "reordering",
    "diagonals",
    "slicing",
    "gather",
    "segments",
    "sorting",
    "suppression",
)
CASES = [pytest.param(family, case, id=case.id) for family in FAMILIES for case in families()[family]]


def _no_function(name: str) -> Executable:
    raise KeyError(name)


@pytest.mark.parametrize(("family", "case"), CASES)
def test_constants_give_the_same_results(family, case):
    if BACKEND in case.limits:
        pytest.skip(case.limits[BACKEND])
    reference = golden(family, case)
    expected = [reference[f"o{i}"] for i in range(len([key for key in reference if key.startswith("o")]))]
    count = len(case.inputs)
    for static in [*((i,) for i in range(count)), tuple(range(count))]:
        function, arrays = single_op(replace(case, static=(*case.static, *static)))
        executable = Executable(function, BACKEND)
        check(case, executable(Run({}, _no_function), [to_tensor(array) for array in arrays]), expected)


@pytest.mark.parametrize("op", ["Pack", "ConcatV2", "DynamicStitch"])
def test_lists_may_mix_constants_and_tensors(op):
    case = next(case for case in [*families()["shape"], *families()["gather"]] if case.op == op and not case.name)
    family = "gather" if op == "DynamicStitch" else "shape"
    function, _ = single_op(case)
    parameters = tuple(parameter for parameter in function.parameters if parameter.name.endswith("_1"))
    constants = [node for node in single_op(replace(case, static=(0, 1)))[0].nodes if node.op == "Const"]
    kept = [node for node in constants if node.name not in {parameter.name for parameter in parameters}]
    mixed = replace(function, parameters=parameters, nodes=(*kept, function.nodes[-1]))
    values = {node.name: node.attrs["value"] for node in constants}
    arguments = [to_tensor(values[parameter.name]) for parameter in parameters]
    executable = Executable(mixed, BACKEND)
    check(case, executable(Run({}, _no_function), arguments), [golden(family, case)["o0"]])
