"""Every host op against TensorFlow's (and tensorflow_text's) kernel: count, shape, dtype and values."""

from __future__ import annotations

import importlib.util
from functools import cache
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
from lowering.case import Case

from host.collect import families, golden_path, unpacked
from host.program import programs
from hublayer.graph.ir import Function, Node, Parameter, Value
from hublayer.graph.op_schema import op_schema, output_count, redundant_attributes
from hublayer.host.execute import HostExecutable, HostRun, constant
from hublayer.host.registry import find_host_op, host_ops
from hublayer.host.string_tensor import StringTensor

CASES = [pytest.param(family, case, id=case.id) for family, cases in families().items() for case in cases]


@cache
def _goldens(family: str) -> dict[str, list[np.ndarray]]:
    with np.load(golden_path(family)) as arrays:
        return unpacked(arrays)


def golden(family: str, case: Case) -> list[np.ndarray]:
    """TensorFlow's outputs of one case."""
    key = f"{case.id}|{case.digest}"
    assert key in _goldens(family), "the golden is stale: run tools/make_host_goldens.py"
    return _goldens(family)[key]


def run_case(case: Case) -> list[Any]:
    """The outputs of the op on the host."""
    schema = op_schema(case.op)
    assert schema is not None
    parameters, values, arguments = [], [], []
    attrs = dict(case.attrs)
    for i, (argument, given) in enumerate(zip(schema.inputs, case.inputs, strict=True)):
        items = given if isinstance(given, list) else [given]
        if argument.length is not None and schema.attrs[argument.length].kind == "int":
            attrs.setdefault(argument.length, len(items))
        elif argument.length is not None:
            attrs.setdefault(argument.length, [_dtype(np.asarray(item)) for item in items])
        for j, item in enumerate(items):
            parameters.append(Parameter(f"in_{i}_{j}", "unknown"))
            values.append(Value(f"in_{i}_{j}"))
            arguments.append(constant(np.asarray(item)))
    node = Node("op", case.op, tuple(values), attrs, "test")
    outputs = tuple(Value("op", i) for i in range(output_count(case.op, attrs)))
    executable = HostExecutable(Function("test", tuple(parameters), (node,), outputs))
    return executable(HostRun(lambda name: executable, Path()), arguments)


def _dtype(array: np.ndarray) -> str:
    return "string" if array.dtype.kind in "OS" else array.dtype.name


def equal(got: Any, expected: np.ndarray, rtol: float) -> None:
    """Same shape and dtype; floats within rtol, everything else exact."""
    if expected.dtype.kind in "OS":
        assert isinstance(got, StringTensor)
        assert got.shape == expected.shape
        assert got.to_numpy().tolist() == expected.tolist()
        return
    assert type(got) is np.ndarray, f"{type(got)} came, an array was expected"
    assert (got.dtype, got.shape) == (expected.dtype, expected.shape)
    if expected.dtype.kind in "fc":
        np.testing.assert_allclose(got, expected, rtol=rtol, atol=rtol)
    else:
        np.testing.assert_array_equal(got, expected)


@pytest.mark.parametrize(("family", "case"), CASES)
def test_case(family, case):
    outputs, expected = run_case(case), golden(family, case)
    assert len(outputs) == len(expected)
    for output, reference in zip(outputs, expected, strict=True):
        equal(output, reference, case.rtol)


def test_every_host_op_has_a_case():
    from host import elsewhere

    cased = {case.op for cases in families().values() for case in cases} | set(elsewhere.OPS)
    cased |= {step.op for items in programs().values() for program in items for step in program.steps}
    # Those that passes write are tested with them, in tests/graph/test_text_idioms.py.
    cased |= {op for op in host_ops() if op.startswith("hublayer>")}
    assert set(host_ops()) <= cased, f"without a case: {sorted(set(host_ops()) - cased)}"


def test_signatures_name_all_attributes_of_their_ops():
    wrong = {}
    for op, host in host_ops().items():
        schema = op_schema(op)
        if op.startswith("hublayer>"):
            continue
        assert schema is not None
        counted = {argument.length for argument in schema.outputs}
        dtypes = {argument.dtype for argument in schema.outputs}
        missing = set(schema.attrs) - redundant_attributes(schema) - counted - dtypes - set(host.attributes)
        unknown = set(host.attributes) - set(schema.attrs) - {"node_name"}
        if missing or unknown:
            wrong[op] = (sorted(missing), sorted(unknown))
    assert wrong == {}


@pytest.mark.skipif(importlib.util.find_spec("tensorflow_text") is None, reason="goldens are remade by TensorFlow")
@pytest.mark.skipif(keras.config.backend() != "tensorflow", reason="once is enough, on the TensorFlow backend")
@pytest.mark.parametrize("family", sorted(families()))
def test_goldens_are_what_tensorflow_computes(family):
    from make_host_goldens import reference

    for case in families()[family]:
        kept, fresh = golden(family, case), reference(case)
        assert len(kept) == len(fresh), case.id
        for a, b in zip(kept, fresh, strict=True):
            equal(constant(b), a, case.rtol)


def test_nothing_of_the_host_imports_keras_or_tensorflow():
    import subprocess
    import sys

    program = (
        "import sys, hublayer.host.registry as r; r.host_ops();"
        "bad = {'keras', 'tensorflow', 'jax', 'torch'} & set(sys.modules); assert not bad, bad"
    )
    subprocess.run([sys.executable, "-c", program], check=True)


def test_unknown_ops_are_not_host_ops():
    assert find_host_op("Conv2D") is None
