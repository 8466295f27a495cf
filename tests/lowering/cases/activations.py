"""Cases of hublayer.lowering.activations."""

import numpy as np

from lowering.case import Case, floats, i32
from lowering.cases.elementwise import EDGES, X, Y

FUNCTIONS = ("Elu", "LeakyRelu", "Relu", "Relu6", "Selu", "Softplus", "Softsign")
WIDE = floats(3, 4, low=-10, high=10)
KINKS = np.float32([0, 6, -0.0, 3])
GRADIENTS = (
    "EluGrad", "LeakyReluGrad", "Relu6Grad", "ReluGrad", "SeluGrad", "SigmoidGrad", "SoftplusGrad",
)  # fmt: skip
EDGE_FREE = {"Softsign": EDGES[3:]}  # TensorFlow's kernel gives NaN at infinity

CASES = [
    *(Case(op, (WIDE,)) for op in FUNCTIONS),
    *(Case(op, (np.float32(-0.7),), name="scalar") for op in FUNCTIONS),
    *(Case(op, (floats(0, 3),), name="empty") for op in FUNCTIONS),
    *(Case(op, (WIDE.astype("d"),), name="float64") for op in FUNCTIONS),
    *(Case(op, (X.astype("e"),), name="float16") for op in FUNCTIONS),
    *(Case(op, (EDGE_FREE.get(op, EDGES),), name="edges", gradient=False) for op in FUNCTIONS),
    *(Case(op, (KINKS,), name="kinks") for op in ("Relu", "Relu6", "LeakyRelu", "Elu")),
    Case("Relu", (i32(-1, 0, 2),), name="int32"),
    Case("Relu6", (i32(-1, 0, 9),), name="int32"),
    Case("LeakyRelu", (X,), {"alpha": 0.5}, name="alpha"),
    Case("LeakyRelu", (X,), {"alpha": 0.0}, name="zero"),
    Case("LeakyRelu", (X,), {"alpha": 1.5}, name="steep"),
    Case("Softplus", (np.float32([-100, 100, 30, -30]),), name="large"),
    Case("Sigmoid", (WIDE,)),
    Case("Sigmoid", (np.float32(0.3),), name="scalar"),
    Case("Sigmoid", (WIDE.astype("d"),), name="float64"),
    Case("Sigmoid", (X.astype("e"),), name="float16"),
    Case("Sigmoid", (EDGES,), name="edges", gradient=False),
    Case("Sigmoid", (floats(0, 3),), name="empty"),
    *(Case(op, (X, Y)) for op in GRADIENTS),
    *(Case(op, (X.astype("d"), Y.astype("d")), name="float64") for op in GRADIENTS),
    Case("SoftsignGrad", (X, Y), gradient=False),  # TensorFlow has none
    *(Case(op, (X[0], np.float32([0, 6, -0.0])), name="kinks", gradient=False) for op in GRADIENTS),
    Case("LeakyReluGrad", (X, Y), {"alpha": 0.5}, name="alpha"),
]
