"""Random ops: their distributions, dtypes and seeds. No backend draws TensorFlow's very numbers."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from hublayer.graph.ir import Function, Node, Parameter, Value
from hublayer.lowering.dtypes import backend_dtype
from hublayer.lowering.execute import Executable, Run, VariableHandle
from lowering.backends import BACKEND, compiled, gradients, to_numpy, to_tensor

SHAPE = (64, 50)
FLOATS = ["float32", "float64", "float16", "bfloat16"]
SEED = np.array([7, 8], np.int32)


def constant(name: str, value: Any) -> Node:
    return Node(name, "Const", (), {"value": np.asarray(value)})


def draw(op: str, constants: dict[str, Any], attrs: dict[str, Any] | None = None, run: Run | None = None) -> list[Any]:
    """The outputs of one op whose inputs are constants."""
    nodes = [constant(name, value) for name, value in constants.items()]
    node = Node("op", op, tuple(Value(name) for name in constants), attrs or {}, "test")
    executable = Executable(Function("test", (), (*nodes, node), ()), BACKEND)
    outputs = tuple(Value("op", i) for i in range(len(executable._steps[-1].outputs)))
    executable = Executable(Function("test", (), (*nodes, node), outputs), BACKEND)
    return executable(run or new_run(), [])


def no_function(name: str) -> Executable:
    raise KeyError(name)


def new_run() -> Run:
    drawn = [0]

    def seeds() -> int:
        drawn[0] += 1
        return drawn[0]

    return Run({}, no_function, seeds)


def values(outputs: list[Any]) -> np.ndarray:
    """The first output, in single precision or wider if it is of half precision."""
    array = to_numpy(outputs[0])
    return array.astype("float32") if array.dtype.name in ("float16", "bfloat16") else array


def dtype(outputs: list[Any]) -> str:
    return to_numpy(outputs[0]).dtype.name


def normal_inputs(shape: tuple[int, ...] = SHAPE) -> dict[str, Any]:
    return {"shape": np.array(shape, np.int32)}


KEYED = {"key": np.array([5], np.uint64), "counter": np.array([1, 0], np.uint64), "alg": np.int32(1)}
UNIFORM = [("RandomUniform", {}), ("StatelessRandomUniform", {"seed": SEED}), ("StatelessRandomUniformV2", KEYED)]
NORMAL = [("RandomStandardNormal", {}), ("StatelessRandomNormal", {"seed": SEED}), ("StatelessRandomNormalV2", KEYED)]
TRUNCATED = [
    ("TruncatedNormal", {}),
    ("StatelessTruncatedNormal", {"seed": SEED}),
    ("StatelessTruncatedNormalV2", KEYED),
]
BOUNDS = {"minval": np.int32(-3), "maxval": np.int32(4)}
INTEGER = [
    ("RandomUniformInt", {}),
    ("StatelessRandomUniformInt", {"seed": SEED}),
    ("StatelessRandomUniformIntV2", KEYED),
]


@pytest.mark.parametrize("name", FLOATS)
@pytest.mark.parametrize(("op", "inputs"), UNIFORM)
def test_uniform_numbers_fill_zero_to_one(op, inputs, name):
    got = draw(op, {**normal_inputs(), **inputs}, {"dtype": name})
    array = values(got)
    assert array.shape == SHAPE and dtype(got) == backend_dtype(name)
    assert array.min() >= 0 and array.max() < 1
    assert abs(array.mean() - 0.5) < 0.03 and abs(array.std() - 12**-0.5) < 0.02


@pytest.mark.parametrize("name", FLOATS)
@pytest.mark.parametrize(("op", "inputs"), NORMAL)
def test_normal_numbers_have_mean_zero_and_deviation_one(op, inputs, name):
    got = draw(op, {**normal_inputs(), **inputs}, {"dtype": name})
    array = values(got)
    assert array.shape == SHAPE and dtype(got) == backend_dtype(name)
    assert abs(array.mean()) < 0.08 and abs(array.std() - 1) < 0.06 and np.abs(array).max() > 2.5


@pytest.mark.parametrize("name", FLOATS)
@pytest.mark.parametrize(("op", "inputs"), TRUNCATED)
def test_truncated_normal_numbers_stay_within_two(op, inputs, name):
    got = draw(op, {**normal_inputs(), **inputs}, {"dtype": name})
    array = values(got)
    assert array.shape == SHAPE and dtype(got) == backend_dtype(name)
    assert np.abs(array).max() <= 2 and abs(array.mean()) < 0.08 and abs(array.std() - 0.88) < 0.05


@pytest.mark.parametrize("name", ["int32", "int64"])
@pytest.mark.parametrize(("op", "inputs"), INTEGER)
def test_integers_take_every_value_between_their_bounds(op, inputs, name):
    bounds = {key: value.astype(name) for key, value in BOUNDS.items()}
    attrs = {"Tout" if op == "RandomUniformInt" else "dtype": name}
    got = draw(op, {**normal_inputs(), **inputs, **bounds}, attrs)
    assert dtype(got) == backend_dtype(name) and values(got).shape == SHAPE
    found, counts = np.unique(values(got), return_counts=True)
    assert found.tolist() == list(range(-3, 4)) and counts.min() > 350


def test_integers_up_to_bounds_that_the_model_computes():
    node = Node("op", "RandomUniformInt", (Value("s"), Value("low"), Value("high")), {"Tout": "int32"}, "test")
    parameters = (Parameter("low", "int32"), Parameter("high", "int32"))
    function = Function("test", parameters, (constant("s", np.array([999], np.int32)), node), (Value("op"),))
    bounds = [to_tensor(np.int32(-2)), to_tensor(np.int32(3))]
    assert np.unique(to_numpy(Executable(function, BACKEND)(new_run(), bounds)[0])).tolist() == [-2, -1, 0, 1, 2]


def test_integers_as_large_as_their_dtype():
    inputs = {**normal_inputs(), "minval": np.int64(0), "maxval": np.int64(2**63 - 1)}
    array = values(draw("RandomUniformInt", inputs, {"Tout": "int64"}))
    assert array.min() >= 0 and len(np.unique(array)) > 3000


@pytest.mark.parametrize(
    ("op", "constants"),
    [
        ("Multinomial", {}),
        ("StatelessMultinomial", {"seed": SEED}),
    ],
)
@pytest.mark.parametrize("name", ["int32", "int64"])
def test_multinomial_draws_classes_by_their_probability(op, constants, name):
    logits = np.log(np.float32([[0.1, 0.2, 0.7], [0.5, 0.5, 1e-30]]))
    got = draw(op, {"logits": logits, "n": np.int32(2000), **constants}, {"output_dtype": name})
    array = values(got)
    assert array.shape == (2, 2000) and dtype(got) == backend_dtype(name)
    share = np.stack([np.bincount(row, minlength=3) / 2000 for row in array])
    np.testing.assert_allclose(share, [[0.1, 0.2, 0.7], [0.5, 0.5, 0]], atol=0.04)


@pytest.mark.parametrize(("op", "inputs"), [("RandomShuffle", {}), ("StatelessShuffle", KEYED)])
def test_shuffling_keeps_rows_whole(op, inputs):
    rows = np.arange(60, dtype=np.int32).reshape(20, 3)
    array = values(draw(op, {"value": rows, **inputs}))
    assert array.tolist() != rows.tolist()
    assert sorted(array.tolist()) == rows.tolist()


@pytest.mark.parametrize(
    ("op", "shape", "inputs"),
    [
        ("RandomGamma", (2000,), {}),
        ("StatelessRandomGammaV2", (2000, 2), {"seed": SEED}),
        ("StatelessRandomGammaV3", (2000, 2), KEYED),
    ],
)
def test_gamma_numbers_have_the_mean_and_variance_alpha(op, shape, inputs):
    array = values(draw(op, {**normal_inputs(shape), **inputs, "alpha": np.float32([0.5, 3])}))
    assert array.shape == (2000, 2) and array.min() >= 0
    np.testing.assert_allclose(array.mean(0), [0.5, 3], rtol=0.15)
    np.testing.assert_allclose(array.var(0), [0.5, 3], rtol=0.3)


def test_normal_numbers_within_bounds_of_each_row():
    inputs = {
        **normal_inputs((2, 3000)),
        "means": np.float32([0, 10]),
        "stdevs": np.float32([1, 2]),
        "minvals": np.float32([0, -np.inf]),
        "maxvals": np.float32([1, np.inf]),
    }
    array = values(draw("ParameterizedTruncatedNormal", inputs, {"dtype": "float32"}))
    assert array.shape == (2, 3000) and array[0].min() >= 0 and array[0].max() <= 1
    assert abs(array[0].mean() - 0.46) < 0.02  # (φ(0) - φ(1)) / (Φ(1) - Φ(0))
    assert abs(array[1].mean() - 10) < 0.15 and abs(array[1].std() - 2) < 0.12


@pytest.mark.parametrize(
    ("op", "attrs"), [("RandomUniform", {"dtype": "float32"}), ("TruncatedNormal", {"dtype": "float32"})]
)
def test_a_scalar_and_no_numbers(op, attrs):
    assert values(draw(op, normal_inputs(()), attrs)).shape == ()
    assert values(draw(op, normal_inputs((0, 3)), attrs)).shape == (0, 3)


def test_two_ops_of_one_run_never_draw_the_same_numbers():
    attrs = {"dtype": "float32", "seed": 1, "seed2": 2}
    for run in (new_run(), Run({}, no_function)):
        first, second = (values(draw("RandomUniform", normal_inputs(), attrs, run)) for _ in range(2))
        assert not (first == second).any()


def test_a_run_without_seeds_repeats_itself():
    first, second = (
        values(draw("RandomUniform", normal_inputs(), {"dtype": "float32"}, Run({}, lambda name: None)))  # type: ignore
        for _ in range(2)
    )
    assert (first == second).all()


def test_stateless_numbers_follow_from_their_seed_alone():
    def drawn(*seed: int) -> np.ndarray:
        return values(draw("StatelessRandomNormal", {**normal_inputs(), "seed": np.array(seed, np.int64)}))

    assert (drawn(1, 2) == drawn(1, 2)).all()
    assert not (drawn(1, 2) == drawn(2, 1)).any()
    assert not (drawn(1, 2) == drawn(1, 3)).any()
    assert not (drawn(-1, 2**40) == drawn(1, 2)).any()


def test_stateless_numbers_from_a_seed_that_the_model_computes():
    node = Node("op", "StatelessRandomUniform", (Value("s"), Value("seed")), {"dtype": "float32"}, "test")
    nodes = (constant("s", np.array([5], np.int32)), node)
    executable = Executable(Function("test", (Parameter("seed", "int32"),), nodes, (Value("op"),)), BACKEND)

    def run(given: Any) -> list[Any]:
        return executable(new_run(), given)

    known = values(draw("StatelessRandomUniform", {**normal_inputs((5,)), "seed": SEED}, {"dtype": "float32"}))
    np.testing.assert_array_equal(to_numpy(run([to_tensor(SEED)])[0]), known)
    np.testing.assert_array_equal(to_numpy(compiled(run)([to_tensor(SEED)])[0]), known)


@pytest.mark.parametrize("op", ["StatelessRandomGetKeyCounter", "StatelessRandomGetKeyCounterAlg"])
def test_keys_and_counters_stand_for_a_seed(op):
    def drawn(*seed: int) -> np.ndarray:
        key, counter, *_ = (to_numpy(x) for x in draw(op, {"seed": np.array(seed, np.int64)}))
        assert key.shape == (1,) and counter.shape == (2,)
        inputs = {
            **normal_inputs(),
            "key": key.astype("uint64"),
            "counter": counter.astype("uint64"),
            "alg": np.int32(1),
        }
        return values(draw("StatelessRandomUniformV2", inputs, {"dtype": "float32"}))

    assert (drawn(1, 2) == drawn(1, 2)).all()
    assert (drawn(1, 2) == drawn(2, 1)).mean() < 0.01


def test_the_algorithm_has_a_number():
    assert to_numpy(draw("StatelessRandomGetAlg", {})[0]) in (1, 2, 3)


def test_a_generators_state_moves_on():
    state = to_tensor(np.array([0, 0, 99], np.int64))
    run = Run({"g": state}, no_function)
    nodes = [constant("alg", np.int32(1)), constant("delta", np.uint64(3))]
    node = Node("op", "RngReadAndSkip", (Value("g"), Value("alg"), Value("delta")), {}, "test")
    function = Function("test", (Parameter("g", "resource"),), (*nodes, node), (Value("op"),))
    before = Executable(function, BACKEND)(run, [VariableHandle("g")])
    assert to_numpy(before[0]).tolist() == [0, 0, 99]
    assert to_numpy(run.variables["g"]).tolist() == [768, 0, 99] and run.assigned == {"g"}


def dropout() -> Executable:
    """Dropout as Keras 2 writes it: features / keep, kept where a uniform number is at least the rate."""
    nodes = (
        constant("scale", np.float32(2)),
        Node("scaled", "Mul", (Value("x"), Value("scale"))),
        Node("shape", "Shape", (Value("x"),), {"out_type": "int32"}),
        Node("noise", "RandomUniform", (Value("shape"),), {"dtype": "float32", "seed": 0, "seed2": 0}),
        constant("rate", np.float32(0.5)),
        Node("kept", "GreaterEqual", (Value("noise"), Value("rate"))),
        constant("zero", np.float32(0)),
        Node("out", "SelectV2", (Value("kept"), Value("scaled"), Value("zero"))),
        Node("mask", "Cast", (Value("kept"),), {"DstT": "float32"}),
        Node("other", "Mul", (Value("scaled"), Value("mask"))),
    )
    return Executable(Function("d", (Parameter("x", "float32"),), nodes, (Value("out"), Value("other"))), BACKEND)


def test_dropout_graphs_run_eagerly_and_compiled_and_pass_gradients():
    executable = dropout()
    x = to_tensor(np.full(SHAPE, 3, np.float32))

    def run(given: Any) -> list[Any]:
        return executable(new_run(), given)

    for outputs in (run([x]), compiled(run)([x])):
        select, multiply = (to_numpy(output) for output in outputs)
        assert set(np.unique(select)) == {0.0, 6.0} and abs((select == 0).mean() - 0.5) < 0.05
        np.testing.assert_array_equal(select, multiply)
    kept = to_numpy(run([x])[0])
    (gradient,) = gradients(run, [x], [0], [np.ones(SHAPE, np.float32), None])
    np.testing.assert_array_equal(gradient, kept / 3)
