"""Every lowering against TensorFlow's kernel: values, counts, shapes, dtypes and gradients, eager and compiled."""

from __future__ import annotations

import importlib.util
from collections.abc import Iterator
from contextlib import nullcontext
from functools import cache
from typing import Any

import ml_dtypes
import numpy as np
import pytest

from hublayer.graph.ir import Function, FunctionName, Node, Parameter, Value
from hublayer.graph.op_schema import op_schema
from hublayer.lowering.dtypes import backend_dtype
from hublayer.lowering.execute import Executable, Run
from hublayer.lowering.platforms import platform_of
from hublayer.lowering.registry import find_lowering, platform_lowerings, registered_ops
from hublayer.runtime.wide import wide_types
from lowering.backends import BACKEND, compiled, gradients, to_numpy, to_tensor
from lowering.case import Case, cotangent
from lowering.collect import families, golden_path

# Where the tests run, and what stands for a platform of which the backend has no lowerings of its own.
HERE, ELSEWHERE = platform_of(BACKEND, [to_tensor(np.zeros(1, "float32"))]), "accelerator"


def _cases() -> Iterator[Any]:
    """Each case here; those of ops that other platforms lower in another way, with those lowerings too."""
    for family, cases in families().items():
        for case in cases:
            yield pytest.param(family, case, HERE, id=case.id)
            own = platform_lowerings(case.op, BACKEND)
            for platform in sorted({*own, ELSEWHERE} - {HERE}) if own and HERE == "cpu" else ():
                yield pytest.param(family, case, platform, id=f"{case.id}-{platform}")


CASES = list(_cases())


@cache
def _goldens(family: str) -> dict[str, np.ndarray]:
    with np.load(golden_path(family)) as arrays:
        return dict(arrays)


def golden(family: str, case: Case) -> dict[str, np.ndarray]:
    """TensorFlow's outputs and gradients of one case."""
    arrays = _goldens(family)
    assert str(arrays[f"{case.id}|digest"]) == case.digest, "the golden is stale: run tools/make_lowering_goldens.py"
    found = {}
    for key, value in arrays.items():
        name, _, slot = key.rpartition("|")
        if name == case.id and slot != "digest":
            dtype = str(arrays[f"{key}|dtype"])
            found[slot] = value.view(ml_dtypes.bfloat16) if dtype == "bfloat16" else value
    return found


def single_op(case: Case) -> tuple[Function, list[np.ndarray]]:
    """The case as a function: inputs that must be static are constants, the others parameters."""
    lowering = find_lowering(case.op, BACKEND)
    assert lowering is not None, f"{case.op} has no lowering"
    schema = op_schema(case.op)
    assert schema is not None
    parameters, constants, values, traced = [], [], [], []
    attrs = {key: FunctionName(x.name) if isinstance(x, Function) else x for key, x in case.attrs.items()}
    static_names = dict(enumerate(lowering.static))
    for i, (argument, given) in enumerate(zip(schema.inputs, case.inputs, strict=True)):
        items = given if isinstance(given, list) else [given]
        if argument.length is not None:
            attrs.setdefault(argument.length, len(items))
        for j, item in enumerate(items):
            name = f"in_{i}_{j}"
            values.append(Value(name))
            array = np.asarray(item)
            if static_names.get(i) or i in case.static or array.dtype.kind in "OSU":
                constants.append(Node(name, "Const", (), {"value": array}))
            else:
                parameters.append(Parameter(name, array.dtype.name))
                traced.append(array)
    node = Node("op", case.op, tuple(values), attrs, "test")
    probe = Executable(Function("test", tuple(parameters), (*constants, node), ()), BACKEND)
    count = len(probe._steps[-1].outputs)
    outputs = tuple(Value("op", i) for i in range(count))
    return Function("test", tuple(parameters), (*constants, node), outputs), traced


def close(got: np.ndarray, expected: np.ndarray, rtol: float) -> None:
    """Same shape, and values within rtol of the expected array's scale; integers exact."""
    assert got.shape == expected.shape
    if expected.dtype.kind in "OSU":
        assert got.tolist() == expected.tolist()
    elif expected.dtype.kind in "iub":
        np.testing.assert_array_equal(got, expected)
    else:
        got, expected = (x.astype("complex128" if x.dtype.kind == "c" else "float64") for x in (got, expected))
        scale = float(np.abs(expected[np.isfinite(expected)]).max(initial=1e-3))
        np.testing.assert_allclose(got, expected, rtol=rtol, atol=rtol * scale)


def tolerance(case: Case, array: np.ndarray) -> float:
    """Half floats keep three digits."""
    return max(case.rtol, 2e-2 if array.dtype.name == "bfloat16" else 3e-3 if array.dtype.name == "float16" else 0)


def check(case: Case, outputs: list[Any], expected: list[np.ndarray]) -> None:
    assert len(outputs) == len(expected)
    for output, reference in zip(outputs[: case.outputs], expected[: case.outputs], strict=True):
        array = to_numpy(output)
        if not isinstance(output, np.ndarray):
            assert array.dtype.name == backend_dtype(reference.dtype.name)
        close(array, reference, tolerance(case, reference))


def compare(family: str, case: Case, platform: str = HERE) -> None:
    with wide_types() if case.wide and BACKEND == "jax" else nullcontext():
        _compare(family, case, platform)


def _compare(family: str, case: Case, platform: str) -> None:
    function, arrays = single_op(case)
    executable = Executable(function, BACKEND)
    inner = {x.name: Executable(x, BACKEND) for x in case.attrs.values() if isinstance(x, Function)}
    reference = golden(family, case)
    expected = [reference[f"o{i}"] for i in range(len([key for key in reference if key.startswith("o")]))]
    inputs = [to_tensor(array) for array in arrays]

    def run(given: Any) -> list[Any]:
        return executable(Run({}, inner.__getitem__, platform=platform), given)

    check(case, run(inputs), expected)
    check(case, list(compiled(run)(inputs)), expected)
    if not case.gradient:
        return
    positions = [i for i, array in enumerate(case.flat_inputs) if array.dtype.name in ("float32", "float64", "float16")]
    traced = {id_: k for k, id_ in enumerate(_traced_positions(case))}
    watched = [i for i in positions if i in traced]
    if not watched or not any(_is_float(x) for x in expected):
        return
    weights = [cotangent(i, x) if _is_float(x) else None for i, x in enumerate(expected)]
    found = gradients(run, inputs, [traced[i] for i in watched], weights)
    for position, gradient in zip(watched, found, strict=True):
        if f"g{position}" in reference:  # what TensorFlow does not differentiate must not raise, no more
            array = reference[f"g{position}"]
            close(np.zeros_like(array) if gradient is None else gradient, array, 10 * tolerance(case, array))


def _is_float(array: np.ndarray) -> bool:
    return array.dtype.kind == "f" or array.dtype.name == "bfloat16"


def _traced_positions(case: Case) -> list[int]:
    """Flat positions of the inputs that are traced, in the order of the function's parameters."""
    function, _ = single_op(case)
    names = [parameter.name for parameter in function.parameters]
    flat = [
        f"in_{i}_{j}" for i, item in enumerate(case.inputs) for j in range(len(item) if isinstance(item, list) else 1)
    ]
    return [flat.index(name) for name in names]


@pytest.mark.parametrize(("family", "case", "platform"), CASES)
def test_case(family, case, platform):
    if BACKEND in case.limits:
        with pytest.raises(Exception):  # noqa: B017 a known limit fails in its own way; what counts is that it fails
            compare(family, case, platform)
        return
    compare(family, case, platform)


def test_every_registered_op_has_a_case_and_every_case_names_an_op():
    from lowering import elsewhere

    cased = {case.op for cases in families().values() for case in cases}
    registered = set(registered_ops(BACKEND))
    shown = {**elsewhere.OPS, **elsewhere.ON.get(BACKEND, {})}
    assert cased <= registered, f"cases of unknown ops: {sorted(cased - registered)}"
    assert set(shown) <= registered, f"unknown: {sorted(set(shown) - registered)}"
    assert registered <= cased | set(shown), f"without a case: {sorted(registered - cased - set(shown))}"


def test_signatures_name_all_attributes_of_their_ops():
    from hublayer.graph.op_schema import redundant_attributes

    wrong = {}
    for op, lowering in registered_ops(BACKEND).items():
        if op.startswith("hublayer>"):
            continue
        schema = op_schema(op)
        assert schema is not None, f"{op} is no op of TensorFlow's"
        needed = set(schema.attrs) - redundant_attributes(schema)
        outputs = {name for output in schema.outputs for name in (output.length,) if name}
        missing = needed - set(lowering.attributes) - outputs
        unknown = {name for name in lowering.attributes if not name.startswith("_")} - set(schema.attrs)
        if missing or unknown:
            wrong[op] = (sorted(missing), sorted(unknown))
    assert wrong == {}


@pytest.mark.skipif(importlib.util.find_spec("tensorflow") is None, reason="goldens are remade by TensorFlow")
@pytest.mark.skipif(BACKEND != "tensorflow", reason="once is enough, on the TensorFlow backend")
@pytest.mark.parametrize("family", sorted(families()))
def test_goldens_are_what_tensorflow_computes(family):
    from make_lowering_goldens import reference

    for case in families()[family]:
        kept = golden(family, case)
        fresh = reference(case)
        assert kept.keys() == fresh.keys(), case.id
        for key, array in fresh.items():
            if not key.startswith("o") or case.outputs is None or int(key[1:]) < case.outputs:
                # Processors that compute in half floats round more often.
                close(kept[key], array, 1e-2 if array.dtype.name in ("float16", "bfloat16") else 1e-4)
