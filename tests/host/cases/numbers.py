"""Numeric ops on the host: the cases of their lowerings, and some that only the host has to get right."""

from dataclasses import replace

import numpy as np
from lowering.case import Case, floats, i32, i64, integers
from lowering.collect import families

from host.collect import strings
from hublayer.host.registry import host_ops

MODULES = ("elementwise", "numbers", "diagonals")
OPS = {op for op, host in host_ops().items() if host.function.__module__ in {f"hublayer.host.{m}" for m in MODULES}}
OPS |= {"MirrorPad", "ReverseSequence"}
COMPLEX = np.array([[-1.7 + 3j, 1 + 1j, 0.5], [2 - 1j, 0.3j, -4 - 5j]], np.complex128)
ROWS_WITH_NAN = np.array([[np.nan, 1, -np.inf], [1, 2, np.inf]], np.float32)
UPDATES_WITH_NAN = np.array([[1, np.nan, 3], [0, 5, np.nan], [np.nan, 1, 2]], np.float32)
EDGES = np.array([0, -0.0, 1, -1, 1e-30, 1e30, np.inf, -np.inf, np.nan], np.float32)
UNARY = ("Cos", "Elu", "Erf", "Erfc", "Expm1", "Lgamma", "Log", "Log1p", "Relu", "Relu6", "Rint", "Selu", "Sigmoid",
         "Sin", "Softplus", "Softsign", "Tanh", "IsNan", "IsInf", "IsFinite", "Reciprocal")  # fmt: skip
WORDS = strings(["a", "é", "c", ""], ["p", b"\xff", "r", "s"])
NO_FLOATS = floats(0, 3)

OWN = [
    *[Case(op, (x,), name=name) for op in UNARY
      for name, x in (("host edges", EDGES if op not in ("Sin", "Cos", "Lgamma") else EDGES[:5]),
                      ("host nothing", NO_FLOATS), ("host scalar", np.float64(0.3)))],
    *[Case(op, (EDGES, EDGES[::-1].copy()), name="host edges") for op in ("DivNoNan", "MulNoNan", "Xdivy", "Xlogy")],
    *[Case(op, (np.array([7, -7, 1, -1], dtype), np.array([3, 3, 100, -5], dtype)), name=f"host {dtype}")
      for op in ("LeftShift", "RightShift") for dtype in ("int8", "int32", "int64")],
    Case("Mod", (i64(7, -7, 7, -7), i64(3, 3, -3, -3)), name="host signs"),
    Case("TopKV2", (i32([3, 1, 3, 2], [0, 0, 0, 0]), i32(3)), {"index_type": "int32"}, name="host ties"),
    Case("TopKV2", (floats(2, 5), i32(0)), {"index_type": "int32"}, name="host none"),
    *[Case(op, (ROWS_WITH_NAN, i32([1], [0], [1]), UPDATES_WITH_NAN), name="host NaN")
      for op in ("TensorScatterMax", "TensorScatterMin")],
    Case("ClipByValue", (COMPLEX, np.complex128(0), np.complex128(0.9 + 1j)), name="host complex"),
    Case("ClipByValue", (EDGES, np.float32(np.nan), np.float32(2)), name="host NaN below"),
    Case("ClipByValue", (EDGES, np.float32(-1), np.float32(np.nan)), name="host NaN above"),
    *[Case("MatrixDiagV3", (i32([1], [2]), i32(*k), i32(rows), i32(columns), i32(9)), {"align": "RIGHT_LEFT"},
           name=f"host outside, {k} of {rows} x {columns}")
      for k, rows, columns in (((1, 2), -1, -1), ((-2, -1), -1, -1), ((1, 2), 3, 2), ((-2, -1), 2, 1))],
    *[Case(op, (np.array([3 + 4j, -4 + 0j, 1 + np.inf * 1j, 0.25j, 1e30 + 1e30j], np.complex64),), name="host complex")
      for op in ("Sign", "Rsqrt")],
    Case("Sign", (np.array([1.7e308 + 1.7e308j, 0j], np.complex128),), name="host overflow"),
    Case("Mean", (np.zeros((0, 4), np.complex64), i32([0])), name="host nothing"),
    Case("AddN", ([integers(2, 3), integers(2, 3, seed=1), integers(2, 3, seed=2)],), name="host three"),
    Case("MatMul", (integers(2, 3, dtype="int64"), integers(3, 2, dtype="int64")), name="host int64"),
    Case("MatMul", (floats(0, 3), floats(3, 2)), name="host nothing"),
    Case("MirrorPad", (WORDS, i32([1, 0], [2, 3])), {"mode": "REFLECT"}, name="host strings"),
    Case("MirrorPad", (WORDS, i32([1, 2], [0, 4])), {"mode": "SYMMETRIC"}, name="host strings, symmetric"),
    Case("ReverseSequence", (WORDS, i64(3, 0)), {"seq_dim": 1, "batch_dim": 0}, name="host strings"),
    Case("ReverseSequence", (WORDS, i64(2, 1, 0, 2)), {"seq_dim": 0, "batch_dim": 1}, name="host strings, columns"),
]  # fmt: skip


def as_exact(case: Case) -> Case:
    """The case with the tolerance of its dtype: a few units in the last place of float32, or of float16."""
    half = any(array.dtype.itemsize == 2 and array.dtype.kind == "f" for array in case.flat_inputs)
    return replace(case, rtol=1e-3 if half else min(case.rtol, 2e-6))


CASES = [
    replace(as_exact(case), name=f"{case.name} of {family}")  # families have cases of the same name
    for family, cases in families().items()
    for case in cases
    if case.op in OPS
] + OWN
