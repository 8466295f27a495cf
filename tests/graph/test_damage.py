"""Graphs that make no sense are refused by name, and absurd sizes before memory is taken."""

from __future__ import annotations

import numpy as np
import pytest

from hublayer.errors import CorruptSavedModelError, ExecutionError
from hublayer.graph.build import build_subgraph
from hublayer.graph.ir import Function, Node, Value
from hublayer.graph.node_check import check_node, check_value
from hublayer.graph.output_sizes import output_elements, refuse_too_large, refuse_too_large_array
from hublayer.graph.passes.fold import fold_constants
from hublayer.host.execute import HostExecutable
from hublayer.savedmodel.schema import message
from hublayer.savedmodel.tensors import tensor_array

HUGE = 10**12
A, B, C, D, E = (Value(name) for name in "abcde")
DAMAGED = {
    "lacks the attribute 'value'": Node("n", "Const", (), {"dtype": "float32"}),
    "'N' should be a int, but is 'x'": Node("n", "AddN", (A,), {"N": "x", "T": "float32"}),
    "'transpose_a' should be a bool, but is 1": Node("n", "MatMul", (A, B), {"T": "float32", "transpose_a": 1}),
    "'Tout' should be a list": Node("n", "StatelessIf", (A,), {"Tcond": "bool", "Tin": [], "Tout": "float32"}),
    "has 1 inputs, but its op takes 2": Node("n", "MatMul", (A,), {"T": "float32"}),
    "has 3 inputs, but its op takes 2": Node("n", "MatMul", (A, B, C), {"T": "float32"}),
    "it has -1 outputs": Node("n", "Split", (A, B), {"T": "float32", "num_split": -1}),
    f"it has {HUGE} outputs": Node("n", "Split", (A, B), {"T": "float32", "num_split": HUGE}),
}


@pytest.mark.parametrize("said", DAMAGED)
def test_damaged_nodes(said):
    with pytest.raises(CorruptSavedModelError, match=f"node n .*{said}"):
        check_node(DAMAGED[said])


def test_an_output_that_is_not_there():
    node = Node("n", "Unpack", (A,), {"T": "float32", "num": 2})
    check_value(Value("n", 1), node)
    with pytest.raises(CorruptSavedModelError, match="output 2 is used, but it has 2"):
        check_value(Value("n", 2), node)


def test_a_graph_is_checked_when_it_is_built():
    graph = message("Graph")()
    graph.node.add(name="x", op="Placeholder").attr["dtype"].type = 1
    graph.node.add(name="y", op="Neg", input=["x", "x"]).attr["T"].type = 1
    with pytest.raises(CorruptSavedModelError, match=r"the main graph, node y .*has 2 inputs"):
        build_subgraph(graph.node, [("x:0", "float32")], ["y:0"])


def ints(*values: int) -> np.ndarray:
    return np.array(values, np.int64)


X = np.zeros((2, 3), np.float32)
IMAGE = np.zeros((2, 4, 4, 3), np.float32)
ONE = np.zeros((), np.float32)
# Inputs that ask for too much, and how many elements that are.
ABSURD = {
    "Fill": ((ints(HUGE, 2), ONE), 2 * HUGE),
    "BroadcastTo": ((ONE, ints(HUGE)), HUGE),
    "Tile": ((X, ints(HUGE, 1)), 6 * HUGE),
    "Range": ((ints(0)[0], ints(HUGE)[0], ints(1)[0]), HUGE),
    "LinSpace": ((ONE, ONE, ints(HUGE)[0]), HUGE),
    "OneHot": ((np.zeros(5, np.int32), ints(HUGE)[0], ONE, ONE), 5 * HUGE),
    "Pad": ((X, ints(0, 0, HUGE, 0).reshape(2, 2)), 2 * (HUGE + 3)),
    "PadV2": ((X, ints(0, HUGE, 0, 0).reshape(2, 2), ONE), 3 * (HUGE + 2)),
    "XlaPad": ((X, ONE, ints(0, 0), ints(0, 0), ints(HUGE, 0)), 3 * (HUGE + 2)),
    "RandomUniform": ((ints(HUGE),), HUGE),
    "RandomGamma": ((ints(HUGE), np.ones(2, np.float32)), 2 * HUGE),
    "Multinomial": ((X, ints(HUGE)[0]), 2 * HUGE),
    "StatelessRandomUniformV2": ((ints(HUGE), ints(1), ints(1, 2), ints(1)[0]), HUGE),
    "ScatterNd": ((ints(0).reshape(1, 1), ints(0), ints(HUGE)), HUGE),
    "SparseToDense": ((ints(0), ints(HUGE), ONE, ONE), HUGE),
    "UnsortedSegmentSum": ((X, ints(0, 1), ints(HUGE)[0]), 3 * HUGE),
    "ResizeBilinear": ((IMAGE, ints(10**6, 10**6)), 6 * HUGE),
    "CropAndResize": ((IMAGE, X[:, :1], ints(0, 1), ints(10**6, 10**6)), 6 * HUGE),
    "RFFT": ((X, ints(HUGE)), 2 * HUGE),
    "MatrixDiagV3": ((X, ints(0), ints(10**6)[0], ints(10**6)[0], ONE), 2 * HUGE),
    "MatrixDiag": ((np.broadcast_to(ONE, 10**6),), HUGE),
    "Bincount": ((ints(1), ints(HUGE)[0], ints()), HUGE),
    "DynamicStitch": ((ints(HUGE - 1), X[:1, :1]), HUGE),
    "TensorListReserve": ((ints(2), ints(HUGE)[0]), 2 * HUGE),
    "Conv2DBackpropInput": ((ints(1, 10**6, 10**6, 1), IMAGE, IMAGE), HUGE),
    "Add": ((np.broadcast_to(ONE, (10**6, 1)), np.broadcast_to(ONE, 10**6)), HUGE),
}


@pytest.mark.parametrize("op", ABSURD)
def test_absurd_sizes_are_refused(op):
    inputs, elements = ABSURD[op]
    assert output_elements(op, inputs, {}) == pytest.approx(elements)
    with pytest.raises(ExecutionError, match=rf"node n \({op}\) asks for .* of memory, but .* are left"):
        refuse_too_large(Node("n", op), inputs)
    parts = tuple(Node(f"i{i}", "Const", (), {"value": np.asarray(value)}) for i, value in enumerate(inputs))
    node = Node("n", op, tuple(Value(part.name) for part in parts), {"N": 1, "Tidx": "int64"})
    folded = fold_constants(Function("f", (), (*parts, node), (Value("n"),)))
    assert [node.op for node in folded.nodes][-1] == op


def test_what_is_small_or_not_known_passes():
    for op, inputs in {"Fill": (ints(3, 3), ONE), "Tile": (X, ints(2, 2)), "Range": (ONE, ONE, ONE)}.items():
        refuse_too_large(Node("n", op), inputs)
    assert output_elements("Fill", (object(), ONE), {}) == 0  # a traced shape
    assert output_elements("Relu", (X,), {}) == 0


def test_a_constant_of_one_value_and_an_absurd_shape():
    tensor = message("Tensor")(dtype=1)
    tensor.float_val.append(1)
    tensor.tensor_shape.dim.add().size = HUGE
    value = tensor_array(tensor, "here")
    assert value.shape == (HUGE,)
    node = Node("n", "Const", (), {"value": value})
    with pytest.raises(ExecutionError, match=r"node n .* has the shape"):
        refuse_too_large_array(node, value)
    with pytest.raises(ExecutionError, match=r"node n .* has the shape"):
        HostExecutable(Function("f", (), (node,), (Value("n"),)))
    tensor.tensor_shape.dim.add().size = HUGE
    with pytest.raises(CorruptSavedModelError, match="which no array can have"):
        tensor_array(tensor, "here")
