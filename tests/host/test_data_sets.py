"""Datasets in graphs: what a walk over them gives, beside what tf.data gives."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from host.collect import strings
from hublayer.errors import ExecutionError
from hublayer.graph.ir import Function, FunctionName, Node, Parameter, Value
from hublayer.host.execute import HostExecutables, HostRun
from hublayer.host.string_tensor import StringTensor

with_tensorflow = pytest.mark.skipif(
    importlib.util.find_spec("tensorflow") is None, reason="the expected elements are tf.data's own there"
)
INT, BOOL, FLOAT = "int64", "bool", "float32"


def node(name: str, op: str, *inputs: str, **attrs: Any) -> Node:
    values = [Value(each.split(":")[0], int(each.partition(":")[2] or 0)) for each in inputs]
    return Node(name, op, tuple(values), attrs, "f")


def const(name: str, value: Any) -> Node:
    return node(name, "Const", value=np.asarray(value))


def function(name: str, parameters: str, nodes: list[Node], *outputs: str) -> Function:
    return Function(
        name, tuple(Parameter(p, "unknown") for p in parameters.split()), tuple(nodes), tuple(map(Value, outputs))
    )


FUNCTIONS = [
    function("triple", "x", [const("three", np.int64(3)), node("y", "Mul", "x", "three", T=INT)], "y"),
    function("odd", "x", [const("two", np.int64(2)), node("rest", "FloorMod", "x", "two", T=INT),
                          node("y", "Cast", "rest", SrcT=INT, DstT=BOOL)], "y"),
    function("below", "x limit", [node("y", "Less", "x", "limit", T=INT)], "y"),
    function("numbers", "x", [const("zero", np.int64(0)), const("one", np.int64(1)),
                              node("y", "RangeDataset", "zero", "x", "one", output_types=[INT], output_shapes=[()])],
             "y"),
    function("sums", "total x", [node("y", "AddV2", "total", "x", T=INT)], "y", "y"),
    function("digits", "number x", [const("ten", np.int64(10)), node("tens", "Mul", "number", "ten", T=INT),
                                    node("y", "AddV2", "tens", "x", T=INT)], "y"),
]  # fmt: skip


def run(nodes: list[Node], *outputs: str) -> list[Any]:
    entry = function("entry", "", nodes, *outputs)
    executables = HostExecutables({each.name: each for each in (entry, *FUNCTIONS)})
    return executables("entry")(HostRun(executables, Path()), [])


def elements(*steps: Node, start: tuple[Node, ...] | None = None) -> list[list[Any]]:
    """The elements of the dataset that `steps` make of 0 … 6, each with its tensors as lists."""
    numbers = [const(f"n{i}", np.int64(i)) for i in (-1, 0, 1, 2, 3, 4, 7)] + [const("no", False), const("yes", True)]
    numbers.append(const("name", strings("replicate_on_split")))
    begin = start or (node("d", "RangeDataset", "n0", "n7", "n1", output_types=[INT], output_shapes=[()]),)
    (found,) = run([*numbers, *begin, *steps], (steps or begin)[-1].name)
    return [
        [each.to_list() if isinstance(each, StringTensor) else each.tolist() for each in element]
        for element in found.elements()
    ]


def changed(op: str, *inputs: str, **attrs: Any) -> Node:
    return node("e", op, "d", *inputs, output_types=[INT], output_shapes=[()], **attrs)


TRIPLE = {"f": FunctionName("triple"), "Targuments": []}
CHAINS = {
    "map": (changed("MapDataset", **TRIPLE), lambda d: d.map(lambda x: x * 3)),
    "parallel_map": (
        changed("ParallelMapDatasetV2", "n2", **TRIPLE),
        lambda d: d.map(lambda x: x * 3, num_parallel_calls=2),
    ),
    "parallel_map_of_old": (
        changed("ParallelMapDataset", "n2", **TRIPLE),
        lambda d: d.map(lambda x: x * 3, num_parallel_calls=2),
    ),
    "options": (changed("OptionsDataset", serialized_options=""), lambda d: d.with_options(d.options())),
    "rewritten": (changed("RewriteDataset", "name"), lambda d: d),
    "filter": (
        changed("FilterDataset", predicate=FunctionName("odd"), Targuments=[]),
        lambda d: d.filter(lambda x: x % 2 == 1),
    ),
    "take_while": (
        changed("TakeWhileDataset", "n3", predicate=FunctionName("below"), Targuments=[INT]),
        lambda d: d.take_while(lambda x: x < 3),
    ),
    "scan": (
        changed("ScanDataset", "n4", f=FunctionName("sums"), Tstate=[INT], Targuments=[]),
        lambda d: d.scan(np.int64(4), lambda total, x: (total + x, total + x)),
    ),
    "flat_map": (
        changed("FlatMapDataset", f=FunctionName("numbers"), Targuments=[]),
        lambda d: d.flat_map(lambda x: type(d).range(x)),
    ),
    "batch": (changed("BatchDatasetV2", "n3", "no"), lambda d: d.batch(3)),
    "whole_batches": (
        changed("ParallelBatchDataset", "n3", "n2", "yes"),
        lambda d: d.batch(3, drop_remainder=True, num_parallel_calls=2),
    ),
    "take": (changed("TakeDataset", "n2"), lambda d: d.take(2)),
    "take_all": (changed("TakeDataset", "n-1"), lambda d: d.take(-1)),
    "skip": (changed("SkipDataset", "n4"), lambda d: d.skip(4)),
    "skip_all": (changed("SkipDataset", "n-1"), lambda d: d.skip(-1)),
    "repeat": (changed("RepeatDataset", "n2"), lambda d: d.repeat(2)),
    "prefetch": (changed("PrefetchDataset", "n2"), lambda d: d.prefetch(2)),
}
EXPECTED = {
    "map": [0, 3, 6, 9, 12, 15, 18],
    "parallel_map": [0, 3, 6, 9, 12, 15, 18],
    "parallel_map_of_old": [0, 3, 6, 9, 12, 15, 18],
    "options": [0, 1, 2, 3, 4, 5, 6],
    "rewritten": [0, 1, 2, 3, 4, 5, 6],
    "filter": [1, 3, 5],
    "take_while": [0, 1, 2],
    "scan": [4, 5, 7, 10, 14, 19, 25],
    "flat_map": [0, 0, 1, 0, 1, 2, 0, 1, 2, 3, 0, 1, 2, 3, 4, 0, 1, 2, 3, 4, 5],
    "batch": [[0, 1, 2], [3, 4, 5], [6]],
    "whole_batches": [[0, 1, 2], [3, 4, 5]],
    "take": [0, 1],
    "take_all": [0, 1, 2, 3, 4, 5, 6],
    "skip": [4, 5, 6],
    "skip_all": [],
    "repeat": [0, 1, 2, 3, 4, 5, 6] * 2,
    "prefetch": [0, 1, 2, 3, 4, 5, 6],
}


@pytest.mark.parametrize("name", CHAINS)
def test_elements(name):
    assert elements(CHAINS[name][0]) == [[value] for value in EXPECTED[name]]


@with_tensorflow
@pytest.mark.parametrize("name", CHAINS)
def test_expected_elements_are_those_of_tf_data(name):
    import tensorflow as tf

    assert [each.numpy().tolist() for each in CHAINS[name][1](tf.data.Dataset.range(7))] == EXPECTED[name]


def slices(name: str, *components: Any) -> tuple[Node, ...]:
    constants = [const(f"{name}{i}", component) for i, component in enumerate(components)]
    types = ["string" if node.attrs["value"].dtype == object else node.attrs["value"].dtype.name for node in constants]
    inputs = [node.name for node in constants]
    return *constants, node(name, "TensorSliceDataset", *inputs, Toutput_types=types, output_shapes=[()] * len(types))


WORDS = slices("d", strings(["a", "b"], ["c", "d"], ["e", "f"]), np.float32([1, 2, 3]))


def test_rows_of_strings_and_numbers_side_by_side():
    typed = {"output_types": ["string", FLOAT], "output_shapes": [(), ()]}
    batch = node("e", "BatchDataset", "d", "n2", **typed)
    assert elements(batch, start=WORDS) == [
        [[b"a", b"b", b"c", b"d"], [1.0, 2.0]],
        [[b"e", b"f"], [3.0]],
    ]
    back = node("f", "UnbatchDataset", "e", **typed)
    assert elements(batch, back, start=WORDS) == elements(start=WORDS)


def test_a_dataset_of_one_element():
    start = (const("c", np.int64([7, 8])), node("d", "TensorDataset", "c", Toutput_types=[INT], output_shapes=[(2,)]))
    assert elements(start=start) == [[[7, 8]]]


def test_datasets_beside_and_after_each_other():
    other = slices("o", np.int64([7, 8]))
    beside = node("z", "ZipDataset", "d", "o", N=2, output_types=["string", FLOAT, INT], output_shapes=[()] * 3)
    assert elements(beside, start=(*WORDS, *other)) == [[[b"a", b"b"], 1.0, 7], [[b"c", b"d"], 2.0, 8]]
    after = node("c", "ConcatenateDataset", "o", "o", output_types=[INT], output_shapes=[()])
    assert elements(after, start=other) == [[7], [8], [7], [8]]


REDUCED = node("r", "ReduceDataset", "d", "n0", f=FunctionName("digits"), Tstate=[INT], Targuments=[],
               output_types=[INT], output_shapes=[()])  # fmt: skip


@pytest.mark.parametrize(("count", "expected"), [(4, 123), (0, 0)])
def test_the_last_state_is_what_is_left(count, expected):
    constants = [const("n0", np.int64(0)), const("n1", np.int64(1)), const("size", np.int64(count))]
    data = node("d", "RangeDataset", "n0", "size", "n1", output_types=[INT], output_shapes=[()])
    assert [int(each) for each in run([*constants, data, REDUCED], "r")] == [expected]


@pytest.mark.parametrize("rows", [0, 2])
def test_one_element_is_one(rows):
    single = node("s", "DatasetToSingleElement", "d", output_types=[FLOAT], output_shapes=[()])
    assert [float(each) for each in run([*slices("d", np.float32([5])), single], "s")] == [5]
    with pytest.raises(ExecutionError, match="one element was expected, but it has"):
        run([*slices("d", np.zeros(rows, "float32")), single], "s")


def test_what_has_no_rows_is_an_error():
    with pytest.raises(ExecutionError, match="have not as many rows"):
        run([*slices("d", np.zeros(3), np.zeros(2))], "d")
