"""Cases of hublayer.lowering.elementwise."""

from lowering.case import Case, floats, integers

X, Y = floats(2, 3), floats(2, 3, seed=1)

CASES = [
    Case("Add", (X, Y)),
    Case("AddV2", (X, Y)),
    Case("AddV2", (X, floats(3, seed=2)), name="broadcast"),
    Case("AddV2", (integers(2, 3), integers(1, 3, seed=1)), name="int32"),
    Case("AddV2", (floats(0, 3), floats(1, 3)), name="empty"),
    Case("Mul", (X, Y)),
    Case("Relu", (X,)),
    Case("LeakyRelu", (X,)),
    Case("LeakyRelu", (X,), {"alpha": 0.5}, name="alpha"),
]
