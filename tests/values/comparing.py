"""How results differ from TensorFlow's, and whether a difference is more than the inputs' own uncertainty."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import ml_dtypes
import numpy as np
from lowering.case import Case

from values.running import FLOATS, Results

# What a result may be off by, relative to itself: float32 kernels differ in the order of their sums.
_RELATIVE = {"float32": 2e-5, "float64": 1e-9, "float16": 4e-3, "bfloat16": 3e-2}
_NARROW = {"int64": "int32", "uint64": "uint32", "float64": "float32", "complex128": "complex64"}

# TensorFlow has no CPU kernel for this; that says nothing about values.
_NO_KERNEL = ("NotFoundError", "UnimplementedError")
# So PyTorch says of the unsigned dtypes of 16 bits and more.
_NO_UNSIGNED = "not implemented for 'UInt"


@dataclass(frozen=True)
class Difference:
    """One difference.

    kind: raises, unsigned (PyTorch has no kernel for the dtype), accepts (TensorFlow refuses), count, dtype, shape,
    values (integers, booleans, strings), floats, special (NaN and infinities), and the last two of gradients.
    place: which output ("o0") or gradient ("g1").
    """

    kind: str
    place: str
    detail: str


def differences(
    case: Case, reference: Results, got: Results, wide: bool, again: Callable[[Case], Results] | None
) -> list[Difference]:
    """All differences of `got` from `reference`. again: computes the reference of a case whose floats moved a little;
    what moves with them may differ as much."""
    if reference.error is not None:
        if type(reference.error).__name__ in _NO_KERNEL:
            return []
        return [] if got.error is not None else [Difference("accepts", "", f"TensorFlow: {_text(reference.error)}")]
    if got.error is not None and not got.outputs:
        text = _text(got.error)
        return [Difference("unsigned" if _NO_UNSIGNED in text else "raises", "", text)]
    if len(got.outputs) != len(reference.outputs):
        return [Difference("count", "", f"{len(got.outputs)} outputs, not {len(reference.outputs)}")]
    spread = _Spread(case, again)
    found = []
    for i, (output, right) in enumerate(zip(got.outputs, reference.outputs, strict=True)):
        if difference := _output(f"o{i}", output, right, wide, spread):
            found.append(difference)
    if found:
        return found
    if got.error is not None:
        return [Difference("gradient raises", "", _text(got.error))]
    for i, right in reference.gradients.items():
        if i not in got.gradients or right is None:
            continue
        output = got.gradients[i]
        array = np.zeros_like(right) if output is None else output
        if array.shape != right.shape:
            found.append(Difference("gradient shape", f"g{i}", f"{array.shape}, not {right.shape}"))
        elif difference := _floats(f"g{i}", array, right, spread, 10):
            found.append(replace(difference, kind=f"gradient {difference.kind}"))
    return found


def _text(error: Exception) -> str:
    lines = str(error).splitlines() or [""]
    return f"{type(error).__name__}: {lines[0][:200]}"


def _output(place: str, got: np.ndarray, right: np.ndarray, wide: bool, spread: _Spread) -> Difference | None:
    text = right.dtype.kind in "OSU"
    name = right.dtype.name if wide else _NARROW.get(right.dtype.name, right.dtype.name)
    if not text and got.dtype.name not in (name, right.dtype.name):
        return Difference("dtype", place, f"{got.dtype.name}, not {right.dtype.name}")
    if got.shape != right.shape:
        return Difference("shape", place, f"{got.shape}, not {right.shape}")
    if text or right.dtype.kind in "iub":
        if not wide and right.dtype.itemsize == 8 and right.dtype.kind in "iu" and right.size:
            bounds = np.iinfo(name)
            if right.max() > bounds.max or right.min() < bounds.min:
                return None
        same = np.array_equal(got, right) if not text else got.tolist() == right.tolist()
        return None if same else Difference("values", place, f"{_shown(got)}, not {_shown(right)}")
    return _floats(place, got, right, spread, 1)


def _shown(array: np.ndarray) -> str:
    return " ".join(str(array.tolist()).split())[:160]


def _parts(array: np.ndarray) -> np.ndarray:
    """Floats as float64. A complex number with an infinity or a NaN is NaN: libraries differ in which part has it."""
    if array.dtype.kind == "c":
        return np.where(np.isfinite(array), array, np.nan).astype("complex128")
    return array.astype("float64")


def _floats(place: str, got: np.ndarray, right: np.ndarray, spread: _Spread, factor: float) -> Difference | None:
    base = {"complex64": "float32", "complex128": "float64"}.get(right.dtype.name, right.dtype.name)
    if got.dtype.itemsize < right.dtype.itemsize:
        base = "float32"
    a, b = _parts(got), _parts(right)
    limits = ml_dtypes.finfo(np.dtype(ml_dtypes.bfloat16) if base == "bfloat16" else base)
    with np.errstate(all="ignore"):
        if got.dtype.itemsize < right.dtype.itemsize and b.dtype.kind == "f":  # so is the reference, in fewer bits
            b = np.where(np.abs(b) > float(limits.max), np.sign(b) * np.inf, b)
        allowed = factor * _RELATIVE[base] * np.abs(b) + 2 * float(limits.tiny)
        finite = np.isfinite(a) & np.isfinite(b)
        special = np.where(finite, False, ~((np.isnan(a) & np.isnan(b)) | (a == b)))
        off = finite & (np.abs(a - b) > allowed)
    if not special.any() and not off.any():
        return None
    moved, unsure = spread.of(place, right)
    if moved is not None:
        off &= ~(np.abs(np.where(finite, a - b, 0)) <= 8 * moved + allowed)
        special &= ~unsure
    if special.any():
        return Difference("special", place, f"{_shown(got)}, not {_shown(right)}")
    if off.any():
        return Difference("floats", place, f"{_shown(got)}, not {_shown(right)}")
    return None


class _Spread:
    """How far the reference moves, element by element, when the floats among the inputs move by a few units in the
    last place. Equal numbers move alike, so that ties stay ties."""

    def __init__(self, case: Case, again: Callable[[Case], Results] | None):
        self._case, self._again = case, again
        self._found: list[Results] | None = None

    def _results(self) -> list[Results]:
        if self._found is None:
            self._found = []
            for salt in range(4) if self._again else ():
                result = self._again(_moved(self._case, salt))  # type: ignore[misc]
                if result.error is None:
                    self._found.append(result)
        return self._found

    def of(self, place: str, right: np.ndarray) -> tuple[Any, Any]:
        """The spread of one output or gradient, and where NaN and infinities come and go."""
        arrays = []
        for result in self._results():
            array = result.outputs[int(place[1:])] if place[0] == "o" else result.gradients.get(int(place[1:]))
            if array is not None and array.shape == right.shape:
                arrays.append(_parts(array))
        if not arrays:
            return None, None
        base = _parts(right)
        with np.errstate(all="ignore"):
            moves = [np.abs(x - base) for x in arrays]
        spread = np.max([np.where(np.isfinite(m), m, 0) for m in moves], axis=0)
        unsure = np.any([np.isfinite(x) != np.isfinite(base) for x in arrays], axis=0)
        return spread, unsure


def _moved(case: Case, salt: int) -> Case:
    def move(array: Any) -> np.ndarray:
        array = np.asarray(array)
        if array.dtype.name not in FLOATS and array.dtype.kind != "c":
            return array
        small = 4 * float(ml_dtypes.finfo(np.dtype(array.real.dtype)).eps)
        with np.errstate(all="ignore"):
            key = np.abs(array.astype("complex128")) if array.dtype.kind == "c" else np.abs(array.astype("float64"))
            turns = np.sin(np.where(np.isfinite(key), np.log1p(key) * 1e3, 0) + 2.4 * salt)
            return (array * (1 + small * turns)).astype(array.dtype)

    inputs = [[move(x) for x in item] if isinstance(item, list) else move(item) for item in case.inputs]
    return replace(case, inputs=tuple(inputs))
