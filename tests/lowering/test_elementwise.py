"""What the cases of the elementwise ops cannot show."""

import numpy as np
import pytest

from hublayer.errors import ExecutionError
from hublayer.graph.ir import Function, Graph, Node, Parameter, Value
from hublayer.lowering.execute import Executable, Run
from hublayer.runtime.device_part import DevicePart
from lowering.backends import BACKEND, gradients, to_numpy, to_tensor


def executable(*nodes: Node) -> Executable:
    """A function of the float32 tensor x that returns its last node's value."""
    return Executable(Function("f", (Parameter("x", "float32"),), nodes, (Value(nodes[-1].name),)), BACKEND)


def test_stop_gradient_stops_the_gradient():
    function = executable(
        Node("stopped", "StopGradient", (Value("x"),)),
        Node("y", "Mul", (Value("stopped"), Value("x"))),
    )
    x = np.float32([2, 3])
    (gradient,) = gradients(lambda given: function(Run({}, lambda _: function), given), [to_tensor(x)], [0], [x])
    np.testing.assert_array_equal(gradient, x * x)


def test_accumulate_adds():  # TensorFlow rewrites the op before it runs, and has no kernel to compare with
    function = executable(Node("y", "AccumulateNV2", (Value("x"), Value("x")), {"N": 2, "shape": (2,)}))
    (y,) = function(Run({}, lambda _: function), [to_tensor(np.float32([2, 3]))])
    assert to_numpy(y).tolist() == [4, 6]


def test_constants_follow_at_every_call_also_after_inference_mode():
    function = executable(
        Node("c", "Const", (), {"value": np.float32([2, 3])}), Node("y", "Mul", (Value("c"), Value("x")))
    )

    def run(given):
        return function(Run({}, lambda _: function), given)

    x = to_tensor(np.float32([5, 7]))
    if BACKEND == "torch":
        import torch

        with torch.inference_mode():
            assert to_numpy(run([x])[0]).tolist() == [10, 21]
    assert [to_numpy(run([x])[0]).tolist() for _ in range(2)] == [[10, 21]] * 2
    (gradient,) = gradients(run, [x], [0], [np.float32([1, 1])])
    assert gradient.tolist() == [2, 3]


@pytest.mark.parametrize("known", [True, False])
def test_whole_numbers_have_no_negative_powers(known):
    exponents = np.array([2, -1], "int32")
    constants = (Node("n", "Const", (), {"value": exponents}),) if known else ()
    parameters = [Parameter(name, "int32") for name in ("x", "n")[: 1 if known else 2]]
    power = Node("y", "Pow", (Value("x"), Value("n")), {"T": "int32"})
    graph = Graph(Function("f", tuple(parameters), (*constants, power), (Value("y"),)), {})
    part = DevicePart(graph, [graph.entry], {}, {}, BACKEND)
    given = [to_tensor(np.array([2, 3], "int32")), *([] if known else [to_tensor(exponents)])]
    # TensorFlow's own kernel finds it out, and its program raises TensorFlow's own error.
    with pytest.raises(ExecutionError if BACKEND != "tensorflow" else Exception, match="negative integer powers"):
        part(given, None)
