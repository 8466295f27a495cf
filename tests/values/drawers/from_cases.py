"""Ops that only make sense with inputs that fit each other in ways of their own: their cases, with other values."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
from host.collect import families as host_families
from lowering.case import Case
from lowering.collect import families as lowering_families

from hublayer.graph.ir import Function
from values.drawing import Drawing
from values.elements import TEXTS


@cache
def cases_of(op: str) -> tuple[Case, ...]:
    """The cases of `op` in the tests of lowerings and of the host, those with large arrays left out."""
    found = []
    for families in (lowering_families(), host_families()):
        found += [case for cases in families.values() for case in cases if case.op == op]
    small = [case for case in found if all(array.size <= 200 for array in case.flat_inputs)]
    return tuple(small or found)


def varied_case(d: Drawing) -> Case:
    """A case with its floats drawn anew within their bounds, or with some at the edges."""
    case = d.choose(cases_of(d.op))
    if not d.profile.strings and any(array.dtype.kind in "OSU" for array in case.flat_inputs):
        d.reject()
    if any(isinstance(value, Function) for value in case.attrs.values()):
        return case
    inputs = [[_varied(d, x) for x in item] if isinstance(item, list) else _varied(d, np.asarray(item))
              for item in case.inputs]  # fmt: skip
    return Case(case.op, tuple(inputs), dict(case.attrs), gradient=case.gradient, static=case.static)


def _varied(d: Drawing, array: Any) -> np.ndarray:
    array = np.asarray(array)
    if array.dtype.kind in "OSU" and array.size and not d.plain:
        return d.picked("string", array.shape, [*array.ravel().tolist(), *TEXTS])
    if array.dtype.name not in ("float32", "float64", "float16") or not array.size:
        return array
    kept = d.choose(["kept", "shuffled", "drawn"])
    if kept == "kept":
        return array
    values: list[Any] = sorted(set(array.ravel().tolist()), key=abs)[:20]
    if kept == "drawn" and not d.plain:
        values += [float("nan"), float("inf"), -float("inf"), 0.0, -0.0]
    return d.picked(array.dtype.name, array.shape, values)
