"""Cases of hublayer.lowering.passthrough."""

import numpy as np

from lowering.case import Case, i32
from lowering.cases.elementwise import EDGES, X, Y

ONE = ("Identity", "StopGradient", "OnesLike", "ZerosLike")
MESSAGE = {"message": "as it was"}

CASES = [
    *(Case(op, (X,)) for op in ONE),
    *(Case(op, (i32(3),), name="int32-scalar") for op in ONE),
    *(Case(op, (np.array([True, False]),), name="bool") for op in ONE),
    *(Case(op, (X[:0],), name="empty") for op in ONE),
    *(Case(op, (X.astype("e"),), name="float16") for op in ONE),
    *(Case(op, (X.astype("d"),), name="float64") for op in ONE),
    Case("Snapshot", (X,), gradient=False),  # TensorFlow has none
    Case("DeepCopy", (X,), gradient=False),  # TensorFlow has none
    Case("GuaranteeConst", (X,), gradient=False),
    Case("IdentityN", ([X, i32(1), Y],)),
    Case("IdentityN", ([X],), name="one"),
    Case("PreventGradient", (X,), MESSAGE, gradient=False),  # TensorFlow raises
    Case("CheckNumerics", (X,), MESSAGE),
    Case("CheckNumericsV2", (X,), MESSAGE),
    Case("Assert", (np.array(True), [EDGES, i32(1)]), gradient=False),
    Case("Assert", (np.array(True), [X]), {"summarize": 1}, name="summarize", gradient=False),
    Case("NoOp", ()),
    Case("Print", (X, [Y, X]), {"message": "x", "first_n": 0, "summarize": 1}),
    Case("PrintV2", (np.array(b"", object),), {"end": ""}),
    Case("PrintV2", (np.array(b"", object),), {"output_stream": "stdout", "end": ""}, name="stdout"),
]
