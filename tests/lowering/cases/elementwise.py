"""Cases of hublayer.lowering.elementwise."""

import numpy as np

from lowering.case import Case, floats, i32, integers

X, Y = floats(2, 3), floats(2, 3, seed=1)
NAN, INF = np.nan, np.inf
EDGES = np.array([NAN, INF, -INF, 0.0, -0.0, 1.0, -1.0], np.float32)
PAIRS = [np.array(v, np.float32) for v in zip(*[(a, b) for a in EDGES for b in EDGES], strict=True)]
HALVES = np.array([0.5, 1.5, 2.5, -0.5, -1.5, -2.5, 2.4999, 0.0], np.float32)
POSITIVE = floats(2, 3, seed=2, low=0.2, high=3.0)
UNIT = floats(2, 3, seed=3, low=-0.9, high=0.9)
COMPLEX = (X + 1j * Y).astype(np.complex64)

# Inputs where each function of one float is defined; whether infinities, NaN and negative numbers are compared too.
UNARY = {
    "Abs": (X, True),
    "Acos": (UNIT, True),
    "Acosh": (POSITIVE + 1, False),
    "Asin": (UNIT, True),
    "Asinh": (X, False),
    "Atan": (X, True),
    "Atanh": (UNIT, True),
    "Ceil": (X, True),
    "Cos": (X, True),
    "Cosh": (X, True),
    "Erf": (X, True),
    "Erfc": (X, True),
    "Erfinv": (UNIT, False),
    "Exp": (X, True),
    "Expm1": (X, True),
    "Floor": (X, True),
    "Inv": (POSITIVE, True),
    "Log": (POSITIVE, True),
    "Log1p": (POSITIVE, True),
    "Neg": (X, True),
    "Reciprocal": (POSITIVE, True),
    "Rint": (X, True),
    "Round": (X, True),
    "Rsqrt": (POSITIVE, True),
    "Sign": (X, True),
    "Sin": (X, True),
    "Sinh": (X, True),
    "Sqrt": (POSITIVE, True),
    "Square": (X, True),
    "Tan": (UNIT, True),
    "Tanh": (X, True),
}
HALF = ("Abs", "Erf", "Exp", "Log", "Neg", "Round", "Rsqrt", "Sign", "Sqrt", "Square", "Tanh")
INTEGER = ("Abs", "Neg", "Sign", "Square")  # TensorFlow's Round gives 0 for integers

BINARY = {
    "Add": Y,
    "AddV2": Y,
    "Atan2": Y,
    "Div": POSITIVE,
    "DivNoNan": POSITIVE,
    "FloorDiv": POSITIVE,
    "FloorMod": POSITIVE,
    "Maximum": Y,
    "Minimum": Y,
    "Mod": POSITIVE,
    "Mul": Y,
    "MulNoNan": Y,
    "NextAfter": Y,
    "RealDiv": POSITIVE,
    "SquaredDifference": Y,
    "Sub": Y,
    "TruncateDiv": POSITIVE,
    "TruncateMod": POSITIVE,
    "Xdivy": POSITIVE,
    "Xlog1py": POSITIVE,
    "Xlogy": POSITIVE,
}
NO_GRADIENT = ("Mod", "NextAfter", "TruncateMod")  # TensorFlow has none
BINARY_EDGES = ("AddV2", "DivNoNan", "Maximum", "Minimum", "Mul", "MulNoNan", "RealDiv", "Sub", "Xdivy")
BINARY_HALF = ("AddV2", "Maximum", "Mul", "RealDiv", "Sub", "SquaredDifference")
BINARY_INTEGER = (
    "AddV2",
    "Div",
    "FloorDiv",
    "FloorMod",
    "Maximum",
    "Minimum",
    "Mod",
    "Mul",
    "SquaredDifference",
    "Sub",
    "TruncateDiv",
    "TruncateMod",
)
UNSIGNED = ("AddV2", "Div", "FloorDiv", "Maximum", "Mul", "TruncateDiv", "Sub")
WHOLE, OTHER = i32([7, 7, -7, -7, 6, -6, 0, 5]), i32([2, -2, 2, -2, 3, 3, 4, -7])
U, V = np.array([7, 200, 0, 255], np.uint8), np.array([2, 99, 5, 255], np.uint8)
NARROW = {"jax": "JAX has no 64-bit types: its 32 bits do not hold these numbers"}

CASES = [
    *(Case(op, (x,)) for op, (x, _) in UNARY.items()),
    *(Case(op, (np.float32(0.75 if op != "Acosh" else 1.75),), name="scalar") for op in UNARY),
    *(Case(op, (floats(0, 3),), name="empty") for op in UNARY),
    *(Case(op, (x.astype(np.float64),), name="float64") for op, (x, _) in UNARY.items()),
    *(Case(op, (UNARY[op][0].astype(np.float16),), name="float16") for op in HALF),
    *(Case(op, (EDGES,), name="edges", gradient=False) for op, (_, edges) in UNARY.items() if edges),
    *(Case(op, (WHOLE,), name="int32") for op in INTEGER),
    *(Case(op, (WHOLE.astype(np.int64),), name="int64") for op in INTEGER),
    Case("Rint", (HALVES,), name="halves"),
    Case("Round", (HALVES,), name="halves"),
    Case("Neg", (COMPLEX,), name="complex"),
    Case("Square", (COMPLEX,), name="complex"),
    Case("Exp", (COMPLEX,), name="complex"),
    *(Case(op, (X, y), gradient=op not in NO_GRADIENT) for op, y in BINARY.items()),
    *(Case(op, (X, np.float32(1.3)), name="with-scalar", gradient=op not in NO_GRADIENT) for op in BINARY
      if op != "NextAfter"),
    *(Case(op, (X, y[:, :1]), name="broadcast-right", gradient=op not in NO_GRADIENT) for op, y in BINARY.items()),
    *(Case(op, (X[0], y), name="broadcast-left", gradient=op not in NO_GRADIENT) for op, y in BINARY.items()),
    *(Case(op, (floats(0, 3), floats(1, 3)), name="empty", gradient=op not in NO_GRADIENT) for op in BINARY),
    *(Case(op, (X.astype("d"), y.astype("d")), name="float64", gradient=op not in NO_GRADIENT)
      for op, y in BINARY.items() if op != "NextAfter"),
    *(Case(op, (X.astype("e"), BINARY[op].astype("e")), name="float16") for op in BINARY_HALF),
    *(Case(op, tuple(PAIRS), name="edges", gradient=False) for op in BINARY_EDGES),
    *(Case(op, (WHOLE, OTHER), name="int32") for op in BINARY_INTEGER),
    *(Case(op, (WHOLE.astype("q"), OTHER.astype("q")), name="int64") for op in BINARY_INTEGER),
    *(Case(op, (U, V), name="uint8") for op in UNSIGNED),
    *(Case(op, (COMPLEX, COMPLEX[:1]), name="complex") for op in ("AddV2", "Sub", "Mul", "RealDiv")),
    # At a zero divisor, and at x = 0: the values and gradients that these ops promise.
    *(Case(op, (np.float32([0, 0, 1, -2]), np.float32([0, 2, 0, 3])), name="zero")
      for op in ("DivNoNan", "MulNoNan", "Xdivy")),
    *(Case(op, (np.float32([0, 0, 1]), np.float32([0, -2, 3])), name="zero") for op in ("Xlogy", "Xlog1py")),
    Case("MulNoNan", (np.float32([INF, -INF, NAN, INF, 2]), np.float32([0, 0, 0, 3, INF])), name="infinite"),
    Case("MulNoNan", (np.float32([[INF], [2]]), np.float32([0, 3])), name="infinite-broadcast"),
    Case("NextAfter", (np.float64([1, 1, 0]), np.float64([2, 0, 1])), name="float64", gradient=False, rtol=0,
         limits=NARROW),
    Case("Pow", (POSITIVE, Y)),
    Case("Pow", (POSITIVE, np.float32(2)), name="with-scalar"),
    Case("Pow", (POSITIVE.astype("d"), Y[:, :1].astype("d")), name="float64"),
    Case("Pow", (floats(0, 3), floats(3)), name="empty"),
    # The gradient by the exponent takes 0 for the logarithm of what is not positive.
    Case("Pow", (X, np.float32([2, 3, 1])), name="negative-base"),
    Case("Pow", (X, np.float32([2, -3, 0])), name="negative-base-and-exponent"),
    Case("Pow", (np.float32([0, 0, 0, -0.0, 2]), np.float32([0.5, 1, 2, 3, 0])), name="zero-base"),
    Case("Pow", (X, np.float32([2, 3, 1])), name="known-exponent", static=(1,)),
    Case("Pow", (i32([2, -2, 3, 0, 7]), i32([3, 3, 0, 0, 5])), name="int32"),
    Case("AddN", ([X, Y, X],)),
    Case("AddN", ([X],), name="one"),
    Case("AddN", ([i32(1), i32(2)],), name="int32"),
    Case("BiasAdd", (X, Y[0])),
    Case("BiasAdd", (floats(2, 3, 2, 2), Y[0]), {"data_format": "NCHW"}, name="NCHW"),
    Case("BiasAdd", (floats(2, 2, 2, 3), Y[0]), {"data_format": "NHWC"}, name="NHWC"),
    Case("BiasAdd", (WHOLE[:6].reshape(2, 3), OTHER[:3]), name="int32"),
    Case("BiasAddV1", (X, Y[0])),
    Case("BiasAddGrad", (X,)),
    Case("BiasAddGrad", (floats(2, 3, 2, 2),), {"data_format": "NCHW"}, name="NCHW"),
    Case("ClipByValue", (X, np.float32(-1), np.float32(1))),
    Case("ClipByValue", (X, X - 0.1, X + floats(2, 3, seed=5)), name="tensors", gradient=False),  # a kink
    Case("ClipByValue", (COMPLEX, np.complex64(-0.5 + 1j), np.complex64(0.5)), name="complex64"),
    Case("ClipByValue", (WHOLE, np.int32(-2), np.int32(6)), name="int32"),
    *(Case("Cast", (np.float32([-2.7, -0.2, 0, 0.9, 3.6]),), {"DstT": dtype}, name=f"float32-{dtype}")
      for dtype in ("int32", "int64", "int8", "bool", "float16", "float64", "float32", "complex64")),
    Case("Cast", (X,), {"DstT": "bfloat16"}, name="float32-bfloat16", gradient=False),
    Case("Cast", (np.float32([0.2, 3.6, 255]),), {"DstT": "uint8"}, name="float32-uint8"),
    *(Case("Cast", (i32([-3, 0, 1, 300]),), {"DstT": dtype}, name=f"int32-{dtype}")
      for dtype in ("float32", "int64", "uint8", "bool")),
    Case("Cast", (np.array([True, False]),), {"DstT": "float32"}, name="bool-float32"),
    Case("Cast", (np.array([True, False]),), {"DstT": "int64"}, name="bool-int64"),
    Case("Cast", (U,), {"DstT": "float32", "Truncate": False}, name="uint8-float32"),
    Case("Cast", (COMPLEX,), {"DstT": "float32"}, name="complex64-float32"),
    Case("Cast", (np.float64(2.5),), {"DstT": "float32"}, name="scalar"),
    Case("Cast", (floats(0, 2),), {"DstT": "int32"}, name="empty"),
    Case("Cast", (EDGES,), {"DstT": "bool"}, name="edges-bool"),
    Case("Bitcast", (X,), {"type": "int32"}),
    Case("Bitcast", (X,), {"type": "uint8"}, name="split"),
    Case("Bitcast", (np.float32(1.5),), {"type": "uint8"}, name="scalar"),
    Case("Bitcast", (np.arange(24, dtype=np.uint8).reshape(2, 3, 4),), {"type": "float32"}, name="join"),
    Case("Bitcast", (np.arange(4, dtype=np.uint8),), {"type": "int32"}, name="join-scalar"),
    Case("Bitcast", (integers(3, dtype="int64"),), {"type": "int32"}, name="int64", limits=NARROW),
    *(Case("PopulationCount", (np.array([0, 1, -1, 77, np.iinfo(dtype).max, np.iinfo(dtype).min]).astype(dtype),),
           name=dtype) for dtype in ("int8", "int16", "int32")),
    *(Case("PopulationCount", (np.array([[0, 1, 77, np.iinfo(dtype).max]], dtype),), {"T": dtype}, name=dtype)
      for dtype in ("uint8", "uint16")),
    Case("PopulationCount", (np.int64([0, 1, 77, 2**31 - 1]),), name="int64"),
    Case("Complex", (X, Y)),
    Case("Complex", (EDGES, np.float32(INF)), name="edges", gradient=False),
    Case("Complex", (X.astype("d"), Y[0].astype("d")), {"Tout": "complex128"}, name="complex128"),
    Case("ComplexAbs", (COMPLEX,)),
    Case("Real", (COMPLEX,)),
    Case("Imag", (COMPLEX,)),
    Case("Angle", (COMPLEX,)),
    Case("Conj", (COMPLEX,)),
    Case("Real", (COMPLEX.astype("D"),), {"Tout": "float64"}, name="complex128"),
    *(Case(op, (POSITIVE, X)) for op in ("InvGrad", "ReciprocalGrad", "RsqrtGrad", "SqrtGrad", "TanhGrad")),
]  # fmt: skip
