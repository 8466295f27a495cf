"""What is computed in NumPy while a graph is traced, against TensorFlow's kernels: the cases of the lowerings."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from lowering.case import Case
from lowering.collect import families
from lowering.test_lowerings import close, golden, tolerance

from hublayer.graph.numpy_ops import NUMPY_OPS
from hublayer.graph.op_schema import op_schema

CASES = [
    pytest.param(family, case, id=case.id)
    for family, cases in families().items()
    for case in cases
    if case.op in NUMPY_OPS
]


def attributes(case: Case) -> dict[str, Any]:
    """The case's attributes, with those that a node has from its inputs."""
    schema = op_schema(case.op)
    assert schema is not None
    attrs = {name: attribute.default for name, attribute in schema.attrs.items() if attribute.has_default}
    for argument, value in zip(schema.inputs, case.inputs, strict=True):
        if argument.dtype is not None and not isinstance(value, list):
            attrs[argument.dtype] = np.asarray(value).dtype.name
    return {**attrs, **case.attrs}


@pytest.mark.parametrize(("family", "case"), CASES)
def test_numpy_computes_what_tensorflow_does(family, case):
    inputs = [[np.asarray(x) for x in item] if isinstance(item, list) else np.asarray(item) for item in case.inputs]
    result = NUMPY_OPS[case.op](inputs, attributes(case))
    outputs = list(result) if isinstance(result, list | tuple) else [result]
    reference = golden(family, case)
    expected = [reference[f"o{i}"] for i in range(len([key for key in reference if key.startswith("o")]))]
    assert len(outputs) == len(expected)
    for output, array in zip(outputs, expected, strict=True):
        assert type(output) is np.ndarray
        assert output.dtype == array.dtype
        close(output, array, tolerance(case, array))


def test_every_entry_has_a_case():
    assert {case.op for cases in families().values() for case in cases} >= set(NUMPY_OPS)


def test_strings_keep_their_dtype():
    words = np.array([b"a", b"b"], object)
    picked = NUMPY_OPS["StridedSlice"]([words, np.array([1]), np.array([2]), np.array([1])], {"shrink_axis_mask": 1})
    assert picked.dtype == object
    assert picked.item() == b"b"
    assert NUMPY_OPS["GatherV2"]([words, np.array(0), np.array(0)], {}).dtype == object
    assert [x.dtype for x in NUMPY_OPS["Unpack"]([words], {})] == [object, object]
    assert NUMPY_OPS["ZerosLike"]([words], {}).tolist() == [b"", b""]
