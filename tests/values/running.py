"""TensorFlow's results for a node, and those of the runtime that is tested."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import make_host_goldens
import make_lowering_goldens
import numpy as np
import xla_reference
from host.test_host_ops import run_case
from lowering.backends import BACKEND, gradients, to_numpy, to_tensor
from lowering.case import Case, cotangent
from lowering.test_lowerings import single_op

from hublayer.graph.ir import Function
from hublayer.graph.numpy_ops import NUMPY_OPS
from hublayer.graph.op_schema import op_schema
from hublayer.host.string_tensor import StringTensor
from hublayer.lowering.execute import Executable, Run

FLOATS = ("float32", "float64", "float16", "bfloat16")


@dataclass
class Results:
    """Outputs by position, gradients by the flat position of their input; error: what was raised instead."""

    outputs: list[np.ndarray] = field(default_factory=list)
    gradients: dict[int, np.ndarray | None] = field(default_factory=dict)
    error: Exception | None = None


def expected(case: Case, on_host: bool = False) -> Results:
    """What TensorFlow's kernel gives; gradients only where TensorFlow has them."""
    if any(array.dtype.kind in "OSU" for array in case.flat_inputs) or case.op.startswith("TFText") or on_host:
        try:
            return Results([np.asarray(x) for x in make_host_goldens.reference(case)])
        except Exception as error:  # noqa: BLE001 whatever TensorFlow raises is its answer
            return Results(error=error)
    if case.op.startswith("Xla"):
        xla_reference._COMPILED.clear()  # by the identity of a case, of which ours have none that lasts
        case = replace(case, gradient=False)
    for given in (case, replace(case, gradient=False)):
        try:
            arrays = make_lowering_goldens.reference(given)
        except Exception as error:  # noqa: BLE001
            found = Results(error=error)
            continue
        count = sum(1 for key in arrays if key.startswith("o"))
        outputs = [arrays[f"o{i}"] for i in range(count)]
        return Results(outputs, {int(key[1:]): x for key, x in arrays.items() if key.startswith("g")})
    return found


def on_backend(case: Case, reference: Results) -> Results:
    """What the backend gives, eagerly."""
    try:
        function, arrays = single_op(case)
        executable = Executable(function, BACKEND)
        inner = {x.name: Executable(x, BACKEND) for x in case.attrs.values() if isinstance(x, Function)}
        inputs = [to_tensor(array) for array in arrays]

        def run(given: Sequence[Any]) -> list[Any]:
            return executable(Run({}, inner.__getitem__), given)

        results = Results([to_numpy(x) for x in run(inputs)])
    except Exception as error:  # noqa: BLE001
        return Results(error=error)
    watched = [i for i in _traced(case, function) if i in reference.gradients]
    if not watched or len(results.outputs) != len(reference.outputs):
        return results
    traced = _traced(case, function)
    weights = [cotangent(i, x) if x.dtype.name in FLOATS else None for i, x in enumerate(reference.outputs)]
    try:
        found = gradients(run, inputs, [traced.index(i) for i in watched], weights)
        results.gradients = dict(zip(watched, found, strict=True))
    except Exception as error:  # noqa: BLE001
        results.gradients = dict.fromkeys(watched)
        results.error = error
    return results


def _traced(case: Case, function: Function) -> list[int]:
    """Flat positions of the inputs that are parameters of the function."""
    flat = [f"in_{i}_{j}" for i, item in enumerate(case.inputs)
            for j in range(len(item) if isinstance(item, list) else 1)]  # fmt: skip
    return [flat.index(parameter.name) for parameter in function.parameters]


def on_host(case: Case, reference: Results) -> Results:
    """What the host gives."""
    try:
        return Results([_plain(x) for x in run_case(case)])
    except Exception as error:  # noqa: BLE001
        return Results(error=error)


def _plain(value: Any) -> np.ndarray:
    return value.to_numpy() if isinstance(value, StringTensor) else np.asarray(value)


def by_numpy(case: Case, reference: Results) -> Results:
    """What folding gives: the op on NumPy arrays."""
    schema = op_schema(case.op)
    assert schema is not None
    attrs = dict(case.attrs)
    for argument, given in zip(schema.inputs, case.inputs, strict=True):
        if argument.length is not None and isinstance(given, list):
            attrs.setdefault(argument.length, len(given))
    inputs = [[np.asarray(x) for x in item] if isinstance(item, list) else np.asarray(item) for item in case.inputs]
    try:
        found = NUMPY_OPS[case.op](inputs, attrs)
    except Exception as error:  # noqa: BLE001
        return Results(error=error)
    return Results([np.asarray(x) for x in found] if isinstance(found, list | tuple) else [np.asarray(found)])
