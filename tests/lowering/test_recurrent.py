"""Gradients of recurrent cells, and sequences that are shorter than their tensors."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from hublayer.lowering.execute import Executable, Run
from lowering.backends import BACKEND, compiled, gradients, to_numpy, to_tensor
from lowering.case import Case, cotangent, i64
from lowering.cases.recurrent import CELL, CELLS, GRU, SEQUENCE, TIME
from lowering.test_lowerings import single_op

ATTRS: dict[str, Any] = {"cell_clip": 0.7, "use_peephole": True}


def outputs_and_gradients(case: Case) -> tuple[list[np.ndarray], list[np.ndarray | None]]:
    """Outputs of the op compiled, and its gradients for all traced inputs, through all outputs."""
    function, arrays = single_op(case)
    executable = Executable(function, BACKEND)
    inputs = [to_tensor(array) for array in arrays]

    def run(given: Any) -> list[Any]:
        return executable(Run({}, {}.__getitem__), given)

    found = [to_numpy(x) for x in compiled(run)(inputs)]
    watched = [i for i, array in enumerate(arrays) if array.dtype.kind == "f"]
    weights = [cotangent(i, array.reshape(-1, array.shape[-1])).reshape(array.shape) for i, array in enumerate(found)]
    return found, gradients(run, inputs, watched, weights)


def compare(got: tuple[list[Any], list[Any]], expected: tuple[list[Any], list[Any]]) -> None:
    for some, others in zip(got, expected, strict=True):
        for one, other in zip(some, others, strict=True):
            assert (one is None) == (other is None) or not np.any(other if one is None else one)
            if one is not None and other is not None:
                np.testing.assert_allclose(one, other, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("attrs", [{}, ATTRS, {"forget_bias": 0.0, "cell_clip": -1.0}])
def test_a_cell_is_a_sequence_of_one_step(attrs):
    sequence = (i64(1), CELL[0][None], *CELL[1:])
    outputs, found = outputs_and_gradients(Case("BlockLSTM", sequence, attrs, static=(0,)))
    first = None if found[0] is None else found[0][0]
    compare(outputs_and_gradients(Case("LSTMBlockCell", CELL, attrs)), ([x[0] for x in outputs], [first, *found[1:]]))


def reordered(x: np.ndarray) -> np.ndarray:
    """Gates i, ci, f, o as i, f, ci, o, and the other way round."""
    i, ci, f, o = np.split(x, 4, axis=-1)
    return np.concatenate([i, f, ci, o], axis=-1)


@pytest.mark.parametrize("attrs", [{"cell_clip": 0.0}, ATTRS])
def test_the_second_version_has_its_gates_in_another_order_and_the_gradients_too(attrs):
    inputs = list(SEQUENCE)
    inputs[4], inputs[8] = reordered(inputs[4]), reordered(inputs[8])
    outputs, found = outputs_and_gradients(
        Case("BlockLSTM", SEQUENCE, {**attrs, "forget_bias": 0.0, "cell_clip": attrs["cell_clip"] or -1.0}, static=(0,))
    )
    found[3], found[7] = reordered(found[3]), reordered(found[7])
    compare(outputs_and_gradients(Case("BlockLSTMV2", tuple(inputs), attrs, static=(0,))), (outputs, found))


@pytest.mark.parametrize("op", ["BlockLSTM", "BlockLSTMV2"])
@pytest.mark.parametrize("steps", [0, 3])
@pytest.mark.parametrize("static", [(), (0,)])
def test_steps_beyond_the_longest_sequence_are_zero_and_have_no_gradient(op, steps, static):
    used = (i64(steps), SEQUENCE[1][:steps], *SEQUENCE[2:])
    short = (i64(steps), *SEQUENCE[1:])
    outputs, found = outputs_and_gradients(Case(op, short, ATTRS, static=static))
    for array in outputs:
        assert array.shape[0] == TIME and not array[steps:].any()
    assert found[0] is None or not found[0][steps:].any()
    if steps:
        expected, wanted = outputs_and_gradients(Case(op, used, ATTRS, static=(0,)))
        # The weights of the sum differ with the length only where they are zero steps.
        compare(([x[:steps] for x in outputs], [found[0][:steps], *found[1:]]), (expected, wanted))


def test_a_sequence_of_no_steps():
    empty = (i64(0), SEQUENCE[1][:0], *SEQUENCE[2:])
    function, arrays = single_op(Case("BlockLSTM", empty, static=(0,)))
    found = Executable(function, BACKEND)(Run({}, {}.__getitem__), [to_tensor(array) for array in arrays])
    assert [tuple(x.shape) for x in found] == [(0, *CELL[1].shape)] * 7


def gru(inputs: list[np.ndarray]) -> list[np.ndarray]:
    """TensorFlow's documentation of GRUBlockCell, in NumPy."""
    x, h, w_ru, w_c, b_ru, b_c = inputs
    gates = 1 / (1 + np.exp(-(np.concatenate([x, h], 1) @ w_ru + b_ru)))
    r, u = gates[:, :CELLS], gates[:, CELLS:]
    c = np.tanh(np.concatenate([x, h * r], 1) @ w_c + b_c)
    return [r, u, c, (1 - u) * c + u * h]


def test_the_gradients_of_a_gru_cell_are_its_slopes():
    outputs, found = outputs_and_gradients(Case("GRUBlockCell", GRU))
    inputs = [x.astype(np.float64) for x in GRU]
    weights = [cotangent(i, x) for i, x in enumerate(outputs)]
    for place, gradient in enumerate(found):
        direction = cotangent(7, inputs[place])

        def loss(step: float, place: int = place, direction: np.ndarray = direction) -> float:
            moved = [x + step * direction if i == place else x for i, x in enumerate(inputs)]
            return sum(float((x * weight).sum()) for x, weight in zip(gru(moved), weights, strict=True))

        slope = (loss(1e-5) - loss(-1e-5)) / 2e-5
        np.testing.assert_allclose((gradient * direction).sum(), slope, rtol=1e-4, atol=1e-4)
