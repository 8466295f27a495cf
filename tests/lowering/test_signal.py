"""Gradients through a complex spectrum, against the matrix of the linear map."""

from __future__ import annotations

import numpy as np

from hublayer.graph.ir import Function, Node, Parameter, Value
from hublayer.lowering.execute import Executable, Run
from lowering.backends import BACKEND, gradients, to_tensor
from lowering.case import cotangent, floats


def test_gradient_of_a_filter():
    """Frequencies weighted by complex numbers."""
    x, weights = floats(2, 8), np.array([1, 0.5 - 1j, 2j, -0.3, 0.7], "complex64")
    nodes = (
        Node("eight", "Const", (), {"value": np.array([8], "int32")}),
        Node("weights", "Const", (), {"value": weights}),
        Node("rfft", "RFFT", (Value("x"), Value("eight"))),
        Node("mul", "Mul", (Value("rfft"), Value("weights"))),
        Node("irfft", "IRFFT", (Value("mul"), Value("eight"))),
    )
    executable = Executable(Function("f", (Parameter("x", "float32"),), nodes, (Value("irfft"),)), BACKEND)
    matrix = np.fft.irfft(np.fft.rfft(np.eye(8)) * weights, 8)
    weight = cotangent(0, floats(2, 8))
    (gradient,) = gradients(
        lambda given: executable(Run({}, lambda name: executable), given), [to_tensor(x)], [0], [weight]
    )
    np.testing.assert_allclose(gradient, weight @ matrix.T, atol=1e-5)
