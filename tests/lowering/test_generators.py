"""Generators with a state of their own, integers of all bits and random counts: distributions, dtypes and seeds."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from hublayer.graph.ir import Function, Node, Parameter, Value
from hublayer.lowering.dtypes import backend_dtype
from hublayer.lowering.execute import Executable, Run, VariableHandle
from lowering.backends import BACKEND, to_numpy, to_tensor
from lowering.test_random import KEYED, SEED, SHAPE, constant, draw, dtype, new_run, no_function, normal_inputs

WIDE = SHAPE[0] * SHAPE[1]


def generator(op: str, attrs: dict[str, Any], **inputs: Any) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Two draws from one generator, and its state afterwards."""
    run = Run({"g": to_tensor(np.array([5, 0, 99], np.int64))}, no_function)
    given = {"algorithm": np.int64(1), "shape": np.array(SHAPE, np.int64), **inputs}
    nodes = [constant(name, value) for name, value in given.items()]
    node = Node("op", op, (Value("g"), *(Value(name) for name in given)), attrs, "test")
    function = Function("test", (Parameter("g", "resource"),), (*nodes, node), (Value("op"),))
    executable = Executable(function, BACKEND)
    first, second = (to_numpy(executable(run, [VariableHandle("g")])[0]) for _ in range(2))
    assert run.assigned == {"g"}
    return first, second, to_numpy(run.variables["g"])


@pytest.mark.parametrize(
    ("op", "mean", "deviation"),
    [
        ("StatefulUniform", 0.5, 12**-0.5),
        ("StatefulStandardNormalV2", 0, 1),
        ("StatefulTruncatedNormal", 0, 0.88),
    ],
)
@pytest.mark.parametrize("name", ["float32", "float64"])
def test_a_generator_draws_other_numbers_each_time(op, mean, deviation, name):
    first, second, state = generator(op, {"dtype": name})
    assert first.shape == SHAPE and first.dtype.name == backend_dtype(name)
    assert abs(first.mean() - mean) < 0.06 and abs(first.std() - deviation) < 0.05
    assert (first == second).mean() < 0.01 and state.tolist() == [5 + 2 * 256 * WIDE, 0, 99]


def test_a_generators_integers():
    bounds = {"minval": np.int32(-3), "maxval": np.int32(4)}
    first, second, _ = generator("StatefulUniformInt", {"dtype": "int32"}, **bounds)
    for drawn in (first, second):
        assert np.unique(drawn).tolist() == list(range(-3, 4))
    assert (first == second).mean() < 0.3


def test_a_generators_counts():
    inputs = {"counts": np.float32(10), "probs": np.float32(0.3)}
    first, second, _ = generator("StatefulRandomBinomial", {"dtype": "int32"}, **inputs)
    assert abs(first.mean() - 3) < 0.1 and abs(first.std() - 2.1**0.5) < 0.1 and (first == second).mean() < 0.4


def test_a_generator_as_tensorflow_writes_it_today():
    """The state is read and moved on; its words, as unsigned bits, are the key and the counter of a stateless op."""
    slices = {"begin": np.int32([0]), "middle": np.int32([2]), "end": np.int32([3]), "one": np.int32([1])}
    nodes = [constant(name, value) for name, value in slices.items()]
    nodes += [constant("algorithm", np.int32(1)), constant("delta", np.uint64(WIDE))]
    nodes += [constant("shape", np.array(SHAPE, np.int32))]

    def node(name: str, op: str, *inputs: str, **attrs: Any) -> None:
        nodes.append(Node(name, op, tuple(map(Value, inputs)), attrs, "test"))

    node("state", "RngReadAndSkip", "g", "algorithm", "delta")
    for name, first, last in (("counter", "begin", "middle"), ("key", "middle", "end")):
        node(f"{name}_words", "StridedSlice", "state", first, last, "one", T="int64", Index="int32")
        node(name, "Bitcast", f"{name}_words", T="int64", type="uint64")
    node("drawn", "StatelessRandomNormalV2", "shape", "key", "counter", "algorithm", dtype="float32")
    function = Function("test", (Parameter("g", "resource"),), tuple(nodes), (Value("drawn"),))
    run = Run({"g": to_tensor(np.array([5, 0, 99], np.int64))}, no_function)
    executable = Executable(function, BACKEND)
    first, second = (to_numpy(executable(run, [VariableHandle("g")])[0]) for _ in range(2))
    assert abs(first.mean()) < 0.06 and abs(first.std() - 1) < 0.05 and (first == second).mean() < 0.01
    assert to_numpy(run.variables["g"]).tolist() == [5 + 2 * 256 * WIDE, 0, 99]


def test_skipping_moves_the_state():
    run = Run({"g": to_tensor(np.array([5, 0, 99], np.int64))}, no_function)
    nodes = (constant("algorithm", np.int64(1)), constant("delta", np.int64(2)))
    node = Node("op", "RngSkip", (Value("g"), Value("algorithm"), Value("delta")), {}, "test")
    Executable(Function("test", (Parameter("g", "resource"),), (*nodes, node), ()), BACKEND)(run, [VariableHandle("g")])
    assert to_numpy(run.variables["g"]).tolist() == [517, 0, 99]


@pytest.mark.parametrize("name", ["int32", "uint32", "int64", "uint64"])
@pytest.mark.parametrize(
    ("op", "inputs"),
    [
        ("StatelessRandomUniformFullInt", {"seed": SEED}),
        ("StatelessRandomUniformFullIntV2", KEYED),
        ("StatefulUniformFullInt", None),
    ],
)
def test_integers_of_all_bits(op, inputs, name):
    if inputs is None:
        array = generator(op, {"dtype": name})[0]
    else:
        got = draw(op, {**normal_inputs(), **inputs}, {"dtype": name})
        array = to_numpy(got[0])
    assert array.shape == SHAPE
    info = np.iinfo(backend_dtype(name))
    assert array.dtype.name == backend_dtype(name)
    part = (array.astype(np.float64) - info.min) / (float(info.max) - info.min)
    assert part.min() < 0.01 and part.max() > 0.99 and abs(part.mean() - 0.5) < 0.03
    bits = (array.astype(np.int64)[..., None] >> np.arange(info.bits)) & 1
    assert np.abs(bits.mean((0, 1)) - 0.5).max() < 0.05  # every bit is set half of the time


COUNTS = [("RandomPoissonV2", {}), ("RandomPoisson", {}), ("StatelessRandomPoisson", {"seed": SEED})]


@pytest.mark.parametrize(("op", "inputs"), COUNTS)
@pytest.mark.parametrize("name", ["float32", "int32"])
def test_poisson_counts_have_the_mean_and_variance_of_their_rates(op, inputs, name):
    rates = np.float32([0.5, 4, 30])
    stateless = op == "StatelessRandomPoisson"
    shape = {"shape": np.array([4000, 3] if stateless else [4000], np.int32)}
    got = draw(op, {**shape, **inputs, "lam" if stateless else "rate": rates}, {"dtype": name})
    array = to_numpy(got[0]).astype(np.float64)
    assert array.shape == (4000, 3) and dtype(got) == ("float32" if op == "RandomPoisson" else name)
    np.testing.assert_array_equal(array, np.floor(array))
    np.testing.assert_allclose(array.mean(0), rates, rtol=0.1)
    np.testing.assert_allclose(array.var(0), rates, rtol=0.2)


def test_stateful_counts_differ_from_draw_to_draw_and_stateless_ones_by_their_seed():
    run, shape = new_run(), {"shape": np.array([500], np.int32)}
    first, second = (
        to_numpy(draw("RandomPoissonV2", {**shape, "rate": np.float32(9)}, {"dtype": "int32"}, run)[0])
        for _ in range(2)
    )
    assert (first == second).mean() < 0.3

    def seeded(*seed: int) -> np.ndarray:
        inputs = {**shape, "seed": np.array(seed, np.int32), "lam": np.float32(9)}
        return to_numpy(draw("StatelessRandomPoisson", inputs, {"dtype": "int32"})[0])

    assert (seeded(1, 2) == seeded(1, 2)).all() and (seeded(1, 2) == seeded(2, 1)).mean() < 0.3


def test_binomial_counts():
    inputs = {
        "shape": np.array([4000, 2], np.int32),
        "seed": SEED,
        "counts": np.float32([10, 40]),
        "probs": np.float32([0.3, 0.9]),
    }
    array = to_numpy(draw("StatelessRandomBinomial", inputs, {"dtype": "int32"})[0])
    assert array.shape == (4000, 2) and array.max() <= 40
    np.testing.assert_allclose(array.mean(0), [3, 36], rtol=0.05)
    np.testing.assert_allclose(array.var(0), [2.1, 3.6], rtol=0.15)
