"""Many nodes of one op: what was tried, what differs, the simplest example of each kind of difference."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

import keras
import numpy as np
from hypothesis import HealthCheck, Phase, given, seed, settings
from lowering.case import Case

from hublayer.graph.ir import Function
from hublayer.graph.numpy_ops import NUMPY_OPS
from hublayer.host.registry import host_ops
from hublayer.lowering.dtypes import backend_dtype
from hublayer.lowering.registry import registered_ops
from values.comparing import Difference, differences
from values.drawing import FEW_SHAPES, Profile
from values.elements import numpy_dtype, without_denormals
from values.nodes import nodes, not_compared
from values.running import Results, by_numpy, expected, on_backend, on_host

BACKEND = keras.config.backend()


@dataclass
class Failure:
    """One kind of difference of one op: its simplest example, and how many examples showed it."""

    op: str
    on: str
    kind: str
    place: str
    detail: str
    case: Case
    count: int = 1

    def as_json(self) -> dict[str, Any]:
        """The failure as plain data."""
        return {
            "op": self.op,
            "on": self.on,
            "kind": self.kind,
            "place": self.place,
            "detail": self.detail,
            "count": self.count,
            "attrs": {k: _attribute(v) for k, v in self.case.attrs.items()},
            "inputs": [[_array(x) for x in i] if isinstance(i, list) else _array(i) for i in self.case.inputs],
        }


def _attribute(value: Any) -> Any:
    if isinstance(value, bytes):
        return {"bytes": value.hex()}
    if isinstance(value, Function):
        return {"function": value.name}
    return [_attribute(x) for x in value] if isinstance(value, list | tuple) else value


def _array(value: Any) -> dict[str, Any]:
    array = np.asarray(value)
    if array.dtype.kind in "OSU":
        items: list[Any] = [bytes(x).hex() for x in array.ravel().tolist()]
        return {"dtype": "string", "shape": list(array.shape), "values": items}
    if array.dtype.kind == "c":
        items = [[x.real, x.imag] for x in array.ravel().tolist()]
    else:
        items = (array if array.dtype.kind in "iub" else array.astype("float64")).ravel().tolist()
    return {"dtype": array.dtype.name, "shape": list(array.shape), "values": items}


def _from_array(data: dict[str, Any]) -> np.ndarray:
    if data["dtype"] == "string":
        array = np.empty(len(data["values"]), object)
        array[:] = [bytes.fromhex(x) for x in data["values"]]
        return array.reshape(data["shape"])
    values = data["values"]
    if data["dtype"].startswith("complex"):
        values = [complex(*x) for x in values]
    with np.errstate(all="ignore"):
        return np.array(values, numpy_dtype(data["dtype"])).reshape(data["shape"])


def case_from_json(data: dict[str, Any]) -> Case:
    """The node of a failure that was written."""
    attrs = {k: tuple(v) if k == "shape" and v is not None else v for k, v in data["attrs"].items()}
    attrs = {k: bytes.fromhex(v["bytes"]) if isinstance(v, dict) and "bytes" in v else v for k, v in attrs.items()}
    inputs = [[_from_array(x) for x in i] if isinstance(i, list) else _from_array(i) for i in data["inputs"]]
    return Case(data["op"], tuple(inputs), attrs)


_SIZES = (2, 3, 1, 4, 5)


@cache
def profile(on: str) -> Profile:
    """What is drawn there."""
    wide = on != "backend" or backend_dtype("int64") == "int64"
    few = on == "backend" and BACKEND == "jax"
    return Profile(wide, strings=on == "host", shapes=FEW_SHAPES if few else (), sizes=(2, 3, 1) if few else _SIZES)


_RUNS: dict[str, Callable[[Case, Results], Results]] = {"backend": on_backend, "host": on_host, "numpy": by_numpy}


def ops_on(on: str) -> list[str]:
    """The ops that run there and whose results are compared."""
    found = {"numpy": {*NUMPY_OPS}, "host": {*host_ops(), *NUMPY_OPS}}.get(on) or {*registered_ops(BACKEND)}
    return sorted(op for op in found if not_compared(op) is None)


def compare(case: Case, on: str) -> tuple[bool, list[Difference]]:
    """Whether TensorFlow refuses the node, and how the results differ."""
    host = on != "backend"
    reference = expected(case, host)
    got = _RUNS[on](case, reference)
    found = differences(case, reference, got, profile(on).wide, lambda moved: expected(moved, host))
    flushed = without_denormals(case)
    if found and flushed is not case and not compare(flushed, on)[1]:
        found = [replace(x, kind="denormals") for x in found]
    return reference.error is not None, found


def fuzz(op: str, on: str, examples: int, number: int) -> tuple[int, int, list[Failure]]:
    """How many nodes were tried, how many TensorFlow refused, and what differs, by kind and dtypes."""
    failures: dict[tuple[str, str], Failure] = {}
    counts = [0, 0]

    @seed(number)
    @settings(max_examples=examples, phases=[Phase.generate], database=None, deadline=None,
              suppress_health_check=list(HealthCheck))  # fmt: skip
    @given(nodes(op, profile(on)))
    def run(case: Case) -> None:
        refused, found = compare(case, on)
        counts[0] += 1
        counts[1] += refused
        for difference in found[:1]:
            key = (difference.kind, ",".join(array.dtype.name for array in case.flat_inputs[:1]))
            failure = Failure(op, on, difference.kind, difference.place, difference.detail, case)
            kept = failures.get(key)
            if kept is None:
                failures[key] = failure
                continue
            kept.count += 1
            if _size(case) < _size(kept.case):
                failure.count = kept.count
                failures[key] = failure

    run()
    return counts[0], counts[1], list(failures.values())


def _size(case: Case) -> tuple[int, int]:
    return sum(array.size + array.ndim for array in case.flat_inputs), len(repr(case.inputs))


def replay(path: Path) -> list[Failure]:
    """What still differs of the failures in a file."""
    found = []
    for line in path.read_text("utf-8").splitlines():
        data = json.loads(line)
        case = case_from_json(data)
        _, differing = compare(case, data["on"])
        found += [Failure(case.op, data["on"], x.kind, x.place, x.detail, case) for x in differing]
    return found
