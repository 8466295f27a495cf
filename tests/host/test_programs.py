"""Programs of several host ops against TensorFlow: tables, lists and other objects that ops share."""

from __future__ import annotations

import importlib.util
from functools import cache
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest

from host.collect import unpacked
from host.program import File, Program, program_golden_path, programs
from host.test_host_ops import equal
from hublayer.errors import ExecutionError
from hublayer.graph.ir import Function, Node, Parameter, Value
from hublayer.graph.op_schema import op_schema, output_count
from hublayer.host.execute import HostExecutable, HostRun, constant
from hublayer.host.string_tensor import StringTensor

ALL = [pytest.param(family, p, id=f"{family}-{p.name}") for family, items in programs().items() for p in items]


@cache
def _goldens(family: str) -> dict[str, list[np.ndarray]]:
    with np.load(program_golden_path(family)) as arrays:
        return unpacked(arrays)


def golden(family: str, program: Program) -> list[np.ndarray]:
    """TensorFlow's outputs of one program; one string if it raised."""
    key = f"{program.name}|{program.digest}"
    assert key in _goldens(family), "the golden is stale: run tools/make_host_program_goldens.py"
    return _goldens(family)[key]


def run_program(program: Program, folder: Path) -> list[Any]:
    """The outputs on the host."""
    parameters: list[Parameter] = []
    arguments: list[Any] = []
    nodes: list[Node] = []

    def value(item: Any) -> Value:
        if isinstance(item, str):
            name, _, output = item.partition(":")
            return Value(name, int(output or 0))
        parameters.append(Parameter(f"constant_{len(parameters)}", "unknown"))
        is_file = isinstance(item, File)
        arguments.append(StringTensor.from_list([item.name.encode()], ()) if is_file else constant(np.asarray(item)))
        return Value(parameters[-1].name)

    for step in program.steps:
        schema = op_schema(step.op)
        assert schema is not None
        attrs = dict(step.attrs)
        flat: list[Value] = []
        for argument, item in zip(schema.inputs, step.inputs, strict=True):
            items = item if isinstance(item, list) else [item]
            if argument.length is not None:
                attrs.setdefault(argument.length, len(items))
            flat += [value(each) for each in items]
        nodes.append(Node(step.name, step.op, tuple(flat), attrs, "test"))
    counts = {node.name: output_count(node.op, node.attrs) for node in nodes}
    assert all(counts[name.partition(":")[0]] for name in program.outputs)
    outputs = tuple(value(name) for name in program.outputs)
    executable = HostExecutable(Function("test", tuple(parameters), tuple(nodes), outputs))
    return executable(HostRun(lambda name: executable, folder), arguments)


def rows(arrays: list[Any]) -> list[Any]:
    """The rows of arrays of the same length, sorted."""
    values = [array.to_numpy() if isinstance(array, StringTensor) else np.asarray(array) for array in arrays]
    return sorted(([np.asarray(array[i]).tolist() for array in values] for i in range(len(values[0]))), key=repr)


@pytest.mark.parametrize(("family", "program"), ALL)
def test_program(family, program, tmp_path):
    for name, content in program.files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(content)
    expected = golden(family, program)
    if program.raises:
        assert [item.tolist() for item in expected] == [b"raised"]
        with pytest.raises(ExecutionError, match=program.raises):
            run_program(program, tmp_path)
        return
    outputs = run_program(program, tmp_path)
    assert len(outputs) == len(expected)
    if program.rows:
        assert rows(outputs) == rows(expected)
        return
    for output, reference in zip(outputs, expected, strict=True):
        equal(output, reference, program.rtol)


@pytest.mark.skipif(importlib.util.find_spec("tensorflow") is None, reason="goldens are remade by TensorFlow")
@pytest.mark.skipif(keras.config.backend() != "tensorflow", reason="once is enough, on the TensorFlow backend")
@pytest.mark.parametrize(("family", "program"), ALL)
def test_goldens_are_what_tensorflow_computes(family, program):
    from make_host_program_goldens import RAISED, reference

    kept, fresh = golden(family, program), reference(program)
    if fresh == RAISED:
        assert [item.tolist() for item in kept] == [b"raised"]
        return
    assert len(kept) == len(fresh)
    if program.rows:
        assert rows(kept) == rows(list(fresh))
        return
    for a, b in zip(kept, fresh, strict=True):
        assert not isinstance(b, str)
        equal(constant(a), b, program.rtol)
