"""An op of TensorFlow Transform's that TensorFlow itself does not have: it does what Bucketize does."""

from __future__ import annotations

import numpy as np
import pytest
from lowering.case import Case

from host.cases.sets import CASES
from host.test_host_ops import run_case
from hublayer.errors import ExecutionError

BUCKETIZE = [case for case in CASES if case.op == "Bucketize"]


@pytest.mark.parametrize("case", BUCKETIZE, ids=lambda case: case.id)
def test_boundaries_may_be_an_input(case):
    boundaries = np.array(case.attrs["boundaries"], np.float32)
    for shaped in (boundaries, boundaries[None]):
        got = run_case(Case("BucketizeWithInputBoundaries", (*case.inputs, shaped)))[0]
        assert (got.dtype, got.shape) == (np.int32, case.inputs[0].shape)
        assert got.tolist() == run_case(case)[0].tolist()


def test_a_number_that_is_a_boundary_belongs_above_it():
    inputs = (np.array([0.9, 1, 1.1]), np.array([1], np.float32))
    assert run_case(Case("BucketizeWithInputBoundaries", inputs))[0].tolist() == [0, 1, 1]


def test_boundaries_must_ascend():
    with pytest.raises(ExecutionError, match="must ascend"):
        run_case(Case("BucketizeWithInputBoundaries", (np.array([0.9]), np.array([1, 0], np.float32))))
